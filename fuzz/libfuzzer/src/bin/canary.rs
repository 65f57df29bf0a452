//! A target that must fail: the pack `kv` with a planted bug. A libFuzzer that runs it and finds nothing sees nothing.
//! It is no target of the registry, and `build.sh` hands it to nobody.
#![no_main]

use targets::steered::Pack;

thread_local! {
    static PACK: Pack = Pack::new(targets::scenarios::kv()).with_quirk("ack-before-sync");
}

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| PACK.with(|pack| pack.fuzz_one(bytes)));
