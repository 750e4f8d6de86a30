//! The packages outside the workspace: each has a lockfile of its own, so workspace commands miss them.

/// A lockfile, and the rules for the crates in it.
pub(crate) struct Package {
    pub(crate) manifest: &'static str,
    pub(crate) deny: &'static str,
}

const RULES: &str = "deny.toml";

const WORKSPACE: Package = Package { manifest: "Cargo.toml", deny: RULES };
pub(crate) const NO_STD: Package = Package { manifest: "tests/no-std/Cargo.toml", deny: RULES };
pub(crate) const FUZZ: Package = Package { manifest: "fuzz/Cargo.toml", deny: RULES };
pub(crate) const BENCH: Package = Package { manifest: "bench/Cargo.toml", deny: "bench/deny.toml" };
pub(crate) const BENCH_MESSAGES: Package = Package { manifest: "bench/messages/Cargo.toml", deny: "bench/deny.toml" };
pub(crate) const WEBVH: Package = Package { manifest: "tests/webvh/Cargo.toml", deny: RULES };
pub(crate) const SSI: Package =
    Package { manifest: "crates/didshake-ssi/Cargo.toml", deny: "crates/didshake-ssi/deny.toml" };

/// Outside the workspace.
pub(crate) const DETACHED: [&Package; 6] = [&NO_STD, &FUZZ, &BENCH, &BENCH_MESSAGES, &WEBVH, &SSI];

/// All there are.
pub(crate) const ALL: [&Package; 7] = [&WORKSPACE, &NO_STD, &FUZZ, &BENCH, &BENCH_MESSAGES, &WEBVH, &SSI];

/// Where those outside the workspace are built: below the ordinary target directory, so that `cargo clean` removes them
/// too.
pub(crate) fn target_dir() -> std::path::PathBuf {
    crate::process::target_dir().join("detached")
}
