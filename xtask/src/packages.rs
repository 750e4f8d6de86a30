//! The packages outside the workspace: each has a lockfile of its own, so workspace commands miss them.

pub(crate) struct Detached {
    pub(crate) name: &'static str,
    pub(crate) manifest: &'static str,
}

pub(crate) const NO_STD: Detached = Detached { name: "no-std", manifest: "tests/no-std/Cargo.toml" };
pub(crate) const FUZZ: Detached = Detached { name: "fuzz", manifest: "fuzz/Cargo.toml" };
pub(crate) const BENCH: Detached = Detached { name: "bench", manifest: "bench/Cargo.toml" };

pub(crate) const DETACHED: [&Detached; 3] = [&NO_STD, &FUZZ, &BENCH];

/// The manifest of every lockfile.
pub(crate) fn manifests() -> impl Iterator<Item = &'static str> {
    std::iter::once("Cargo.toml").chain(DETACHED.map(|package| package.manifest))
}

impl Detached {
    /// Builds land below the ordinary target directory, so that `cargo clean` removes them too.
    pub(crate) fn target_dir(&self) -> std::path::PathBuf {
        crate::process::target_dir().join(self.name)
    }
}
