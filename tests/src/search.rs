//! Looks for what must not be there: in a process's memory, in files, in what went over a wire.

use std::fmt::Write as _;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use memchr::memmem;

const PAGE: usize = 4096;
/// Read at once.
const CHUNK: usize = 256 * PAGE;
/// Anything shorter is found by chance.
const SHORTEST: usize = 10;

/// Bytes to look for, in every form in which a program may keep or write them.
#[derive(Debug)]
pub struct Needle {
    name: String,
    forms: Vec<(&'static str, Vec<u8>)>,
}

impl Needle {
    /// These bytes: as they are, in hexadecimal, in both alphabets of base64 wherever they stand in what was encoded, and as
    /// part of a URL.
    ///
    /// # Panics
    /// Where they are so short that they could be found by chance.
    #[must_use]
    pub fn new(name: &str, bytes: impl AsRef<[u8]>) -> Self {
        let bytes = bytes.as_ref();
        assert!(bytes.len() >= SHORTEST, "{name} is found by chance");
        let hexadecimal = |upper: bool| {
            let write = |mut text: String, byte: &u8| {
                let _ = if upper { write!(text, "{byte:02X}") } else { write!(text, "{byte:02x}") };
                text
            };
            bytes.iter().fold(String::new(), write).into_bytes()
        };
        let mut forms = vec![
            ("bytes", bytes.to_vec()),
            ("hexadecimal", hexadecimal(false)),
            ("HEXADECIMAL", hexadecimal(true)),
            ("URL", url_form(bytes)),
        ];
        for before in 0..3 {
            let standard = base64_form(bytes, before);
            let url = standard.iter().map(|character| match character {
                b'+' => b'-',
                b'/' => b'_',
                other => *other,
            });
            forms.push(("base64url", url.collect()));
            forms.push(("base64", standard));
        }
        Self { name: name.to_owned(), forms }
    }

    /// What was found, and in which form.
    #[must_use]
    pub fn found_in(&self, haystack: &[u8]) -> Option<String> {
        let found = self.forms.iter().find(|(_, form)| position(haystack, form).is_some());
        found.map(|(form, _)| format!("{} as {form}", self.name))
    }
}

/// Where these bytes first stand in those.
#[must_use]
pub fn position(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    memmem::find(haystack, needle)
}

/// Everything that a process has in memory, but pages of zeros.
///
/// # Panics
/// Where there is no such process, or this user may not read it.
#[must_use]
pub fn memory_of(process: u32) -> Vec<u8> {
    let maps = std::fs::read_to_string(format!("/proc/{process}/maps")).expect("the process runs");
    let memory = File::open(format!("/proc/{process}/mem")).expect("memory that may be read");
    let mut bytes = Vec::new();
    for line in maps.lines().filter(|line| line.split(' ').nth(1).is_some_and(|rights| rights.starts_with('r'))) {
        let range = line.split(' ').next().and_then(|range| range.split_once('-')).expect("a range");
        let number = |text: &str| u64::from_str_radix(text, 16).expect("an address");
        let (mut at, end) = (number(range.0), number(range.1));
        let mut chunk = vec![0; CHUNK];
        // What the kernel lends, and what was unmapped meanwhile, cannot be read.
        while at < end {
            let length = usize::try_from(end - at).unwrap_or(CHUNK).min(CHUNK);
            let Ok(count @ 1..) = memory.read_at(&mut chunk[..length], at) else { break };
            chunk[..count].chunks(PAGE).filter(|page| page.iter().any(|byte| *byte != 0)).for_each(|page| {
                bytes.extend_from_slice(page);
            });
            at += count as u64;
        }
    }
    bytes
}

/// Every file below a directory, and what it holds.
///
/// # Panics
/// Where one cannot be read.
#[must_use]
pub fn files_below(directory: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(directory).expect("a directory").flatten() {
        let path = entry.path();
        match entry.file_type().expect("a type") {
            kind if kind.is_dir() => files.extend(files_below(&path)),
            kind if kind.is_file() => files.push((path.clone(), std::fs::read(&path).expect("a file"))),
            _ => {}
        }
    }
    files
}

/// With everything escaped that a URL may have escaped.
fn url_form(bytes: &[u8]) -> Vec<u8> {
    let mut text = Vec::new();
    for byte in bytes {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => text.push(*byte),
            other => text.extend_from_slice(format!("%{other:02X}").as_bytes()),
        }
    }
    text
}

/// The characters that these bytes alone decide where so many others, up to two, stand before them in their group of three.
fn base64_form(bytes: &[u8], before: usize) -> Vec<u8> {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let padded = [&[0; 2][..before], bytes].concat();
    let bit = |at: usize| padded[at / 8] >> (7 - at % 8) & 1;
    let whole = (before * 8).div_ceil(6)..padded.len() * 8 / 6;
    let character = |at: usize| (at * 6..at * 6 + 6).fold(0, |value, bit_at| value << 1 | usize::from(bit(bit_at)));
    whole.map(|at| ALPHABET[character(at)]).collect()
}
