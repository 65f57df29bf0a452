//! The target `case_file` as a libFuzzer binary.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| targets::targets::case_file::fuzz_one(bytes));
