#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| sip488_fuzz::run("redact", bytes));
