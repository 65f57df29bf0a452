#!/usr/bin/env bash
# Installs what the checks need and a fresh toolchain may lack: rustfmt and clippy.
set -euo pipefail
for tool in rustfmt clippy; do
  if ! cargo "${tool/rustfmt/fmt}" --version >/dev/null 2>&1; then
    rustup component add "$tool"
  fi
done
