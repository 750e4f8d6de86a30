//! Installs what the tests need beyond Rust and a C compiler.

use std::process::Command;

use anyhow::{Result, bail};

use crate::process::{self, cargo, command, probe};

/// A program of the operating system.
struct Program {
    name: &'static str,
    version_flag: &'static str,
    debian_package: &'static str,
    why: &'static str,
}

const PROGRAMS: [Program; 12] = [
    Program {
        name: "cc",
        version_flag: "--version",
        debian_package: "gcc",
        why: "a C compiler links every Rust program and the C program of `cargo xtask no-std`",
    },
    Program {
        name: "c++",
        version_flag: "--version",
        debian_package: "g++",
        why: "a C++ compiler builds libFuzzer for `cargo xtask fuzz`",
    },
    Program {
        name: "openssl",
        version_flag: "version",
        debian_package: "openssl",
        why: "a test reads our key files with the openssl command",
    },
    Program {
        name: "ip",
        version_flag: "-Version",
        debian_package: "iproute2",
        why: "tests make hosts of their own, in network namespaces",
    },
    Program {
        name: "nginx",
        version_flag: "-v",
        debian_package: "nginx-light",
        why: "tests log in through a real reverse proxy",
    },
    Program {
        name: "caddy",
        version_flag: "version",
        debian_package: "caddy",
        why: "tests log in to applications behind it",
    },
    POSTGRES,
    Program {
        name: "npm",
        version_flag: "--version",
        debian_package: "npm",
        why: "builds and tests the TypeScript peer, with Node 20.19 or newer",
    },
    Program {
        name: "chromium",
        version_flag: "--version",
        debian_package: "chromium",
        why: "runs the TypeScript peer's tests in a real browser",
    },
    Program {
        name: "python3",
        // Debian's python3 comes without `ensurepip`, which makes environments; `tomllib` is there since 3.11.
        version_flag: "-cimport ensurepip, tomllib",
        debian_package: "python3-venv",
        why: "tests the Python peer, in an environment of its own, with Python 3.11 or newer",
    },
    Program {
        name: "eprover",
        version_flag: "--version",
        debian_package: "eprover",
        why: "a theorem prover for `cargo xtask formal`",
    },
    Program {
        name: "SPASS",
        version_flag: "-Help",
        debian_package: "spass",
        why: "another theorem prover for `cargo xtask formal`",
    },
];

const POSTGRES: Program = Program {
    // The server itself is apart from the path.
    name: "pg_lsclusters",
    version_flag: "--no-header",
    debian_package: "postgresql",
    why: "tests and benchmarks keep what they keep in PostgreSQL too, on a server of their own",
};

/// For a chore that is run on demand.
const NATS: Program = Program {
    name: "nats-server",
    version_flag: "--version",
    debian_package: "nats-server",
    why: "carries messages beside the relay, for `cargo xtask bench relay`",
};

/// A program from crates.io, in the one version that everybody uses.
struct Tool {
    /// The package; `cargo-x` is a subcommand of cargo.
    package: &'static str,
    version: &'static str,
    install: &'static [&'static str],
    why: &'static str,
}

const TOOLS: [Tool; 3] = [
    Tool {
        package: "cargo-deny",
        version: "0.20.2",
        // The default features serve the advisory database, which is not used; a debug build is there sooner.
        install: &["--no-default-features", "--debug"],
        why: "checks bans, licences and sources of every crate",
    },
    Tool { package: "cargo-fuzz", version: "0.13.2", install: &["--debug"], why: "builds and runs the fuzz targets" },
    Tool {
        package: "verifpal",
        version: "1.6.7",
        // It asks for a newer Rust than it needs. Optimised further, it takes longer to build than the search then saves.
        install: &[
            "--ignore-rust-version",
            "--config",
            "profile.release.lto=\"off\"",
            "--config",
            "profile.release.codegen-units=16",
            "--config",
            "profile.release.opt-level=1",
        ],
        why: "a bounded search for attacks, for `cargo xtask formal`",
    },
];

/// For a chore that is run on demand.
const MUTANTS: Tool = Tool {
    package: "cargo-mutants",
    version: "27.1.0",
    install: &["--debug"],
    why: "changes the protocol's code and sees whether a test fails, for `cargo xtask mutants`",
};

const COMPONENTS: [(&str, &str); 2] = [("fmt", "rustfmt"), ("clippy", "clippy")];

pub(crate) fn run() -> Result<()> {
    install_programs(&PROGRAMS)?;
    install_components()?;
    install_tools()
}

/// nats-server, for whoever asks it.
pub(crate) fn nats() -> Result<()> {
    install_programs(&[NATS])
}

/// PostgreSQL, for whoever asks it.
pub(crate) fn postgres() -> Result<()> {
    install_programs(&[POSTGRES])
}

fn install_programs(programs: &[Program]) -> Result<()> {
    let missing: Vec<&Program> = programs.iter().filter(|program| !program.is_there()).collect();
    if missing.is_empty() {
        return Ok(());
    }
    for program in &missing {
        eprintln!("    missing: {} ({})", program.name, program.why);
    }
    let packages: Vec<&str> = missing.iter().map(|program| program.debian_package).collect();
    if !may_use_apt() {
        bail!("install these with your package manager (Debian's names): {}", packages.join(" "));
    }
    process::run(apt_get().arg("update"))?;
    process::run(apt_get().args(["install", "--yes", "--no-install-recommends"]).args(&packages))
}

impl Program {
    fn is_there(&self) -> bool {
        let asked = command(self.name).arg(self.version_flag).output();
        // SPASS, of an old school, calls its own help an error.
        asked.is_ok_and(|output| output.status.success() || self.name == "SPASS")
    }
}

fn may_use_apt() -> bool {
    let root = probe(command("id").arg("-u")).is_some_and(|id| id == "0");
    root && probe(command("apt-get").arg("--version")).is_some()
}

fn apt_get() -> Command {
    let mut apt = command("apt-get");
    apt.env("DEBIAN_FRONTEND", "noninteractive");
    apt
}

fn install_components() -> Result<()> {
    for (subcommand, component) in COMPONENTS {
        if probe(cargo().args([subcommand, "--version"])).is_none() {
            eprintln!("    missing: cargo {subcommand}");
            process::run(command("rustup").args(["component", "add", component]))?;
        }
    }
    Ok(())
}

fn install_tools() -> Result<()> {
    TOOLS.iter().try_for_each(Tool::install)
}

/// cargo-mutants, for whoever asks it.
pub(crate) fn mutants() -> Result<()> {
    MUTANTS.install()
}

impl Tool {
    fn install(&self) -> Result<()> {
        let found = probe(self.command().arg("--version"));
        if found.as_deref().is_some_and(|text| is_version(text, self.version)) {
            return Ok(());
        }
        eprintln!("    missing: {} {} ({})", self.package, self.version, self.why);
        let pinned = format!("{}@{}", self.package, self.version);
        process::run(cargo().args(["install", "--locked", &pinned]).args(self.install))
    }

    fn command(&self) -> Command {
        match self.package.strip_prefix("cargo-") {
            Some(subcommand) => {
                let mut command = cargo();
                command.arg(subcommand);
                command
            }
            None => command(self.package),
        }
    }
}

/// Whether a tool's line about itself (`cargo-deny 0.20.2`) names this version.
fn is_version(text: &str, version: &str) -> bool {
    text.split_whitespace().nth(1) == Some(version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_pinned_version_counts() {
        assert!(is_version("cargo-deny 0.20.2", "0.20.2"));
        assert!(!is_version("cargo-deny 0.20.20", "0.20.2"));
        assert!(!is_version("", "0.20.2"));
    }

    #[test]
    fn a_program_that_does_not_exist_is_missing() {
        let program =
            Program { name: "didshake-no-such-program", version_flag: "--version", debian_package: "", why: "" };
        assert!(!program.is_there());
    }
}
