//! The target `disk_crash` as a libFuzzer binary.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| targets::targets::disk_crash::fuzz_one(bytes));
