//! The target `event_queue` as a libFuzzer binary.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| targets::targets::event_queue::fuzz_one(bytes));
