//! A whole handshake for a program that has no Rust standard library. A dependency that used std would bring a second
//! panic handler, and this would not link.
#![no_std]

extern crate alloc;

mod handshake;

use core::panic::PanicInfo;

#[global_allocator]
static ALLOCATOR: dlmalloc::GlobalDlmalloc = dlmalloc::GlobalDlmalloc;

#[panic_handler]
fn stop(_: &PanicInfo<'_>) -> ! {
    unsafe extern "C" {
        safe fn abort() -> !;
    }
    abort()
}

/// Runs the handshake: 0 when both sides hold the same keys, 1 when they do not, 2 when a step failed.
#[unsafe(no_mangle)]
pub extern "C" fn didshake_no_std_handshake() -> i32 {
    match handshake::agrees() {
        Ok(true) => 0,
        Ok(false) => 1,
        Err(_) => 2,
    }
}
