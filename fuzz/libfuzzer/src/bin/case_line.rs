//! The target `case_line` as a libFuzzer binary.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| targets::targets::case_line::fuzz_one(bytes));
