//! The Rust crates as a shim of the conformance runner (`spec/conformance.md`).

use std::io;

fn main() -> io::Result<()> {
    didshake_vectors::shim(io::stdin().lock(), io::stdout().lock())
}
