#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| didshake_fuzz::run("webvh_log", input));
