#!/usr/bin/env bash
# Builds every fuzz target as a libFuzzer binary into $OUT, each beside its seed corpus. ClusterFuzzLite runs it in the
# image of the Dockerfile beside it, `ci/fuzz` on the host; both set SRC (sources are in $SRC/tourbillon) and OUT.
set -euo pipefail
: "${SRC:?the folder that holds the folder tourbillon}" "${OUT:?the folder for what is built}"
cd "$SRC/tourbillon/fuzz"

# Coverage as libFuzzer reads it. A stable compiler has these flags: they are those of `cargo bolero`.
flags="--cfg fuzzing -Cpasses=sancov-module"
for flag in level=4 inline-8bit-counters pc-table trace-compares stack-depth; do
  flags+=" -Cllvm-args=-sanitizer-coverage-$flag"
done
# The house has no unsafe code, so a sanitizer of memory guards its dependencies alone; ClusterFuzzLite wants one. It
# is an unstable flag, and building by the compiler of the house matters more than the name of a toolchain.
if [ "${SANITIZER:-none}" = address ]; then
  export RUSTC_BOOTSTRAP=1
  flags+=" -Zsanitizer=address"
fi

host="$(rustc -vV | sed -n 's/^host: //p')"
target="${CARGO_TARGET_DIR:-target}/libfuzzer"
# With a target named, build scripts and macros are built without these flags.
RUSTFLAGS="$flags" cargo build --package tourbillon-fuzz-libfuzzer --profile fuzz --locked \
  --target "$host" --target-dir "$target" --bins

mkdir -p "$OUT"
for source in libfuzzer/src/bin/*.rs; do
  name="$(basename "$source" .rs)"
  # The canary must fail; it is for ci/fuzz alone.
  [ "$name" = canary ] && continue
  cp "$target/$host/fuzz/$name" "$OUT/$name"
  if [ -d "corpus/$name" ]; then
    # Stored without folders, as ClusterFuzzLite unpacks it.
    (cd "corpus/$name" && zip --quiet --recurse-paths --junk-paths - .) >"$OUT/${name}_seed_corpus.zip"
  fi
done
