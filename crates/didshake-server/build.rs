//! Compresses what the service hands to browsers: the pages, as `npm run build:pages` left them, and the shared vectors.

use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use flate2::{Compression, GzBuilder};
use serde_json::{Value, json};

const PAGES: &str = "assets/pages";
const VECTORS: &str = "../../vectors";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed={PAGES}");
    println!("cargo::rerun-if-changed={VECTORS}");
    let out = PathBuf::from(std::env::var_os("OUT_DIR").ok_or("cargo sets OUT_DIR")?);
    let mut table = String::from("static COMPRESSED: &[(&str, &[u8])] = &[\n");
    for file in sorted(Path::new(PAGES))? {
        let name = file.file_name().and_then(|name| name.to_str()).ok_or("a name that is no text")?;
        add(&out, name, &fs::read(&file)?, &mut table)?;
    }
    add(&out, "vectors.json", vectors()?.to_string().as_bytes(), &mut table)?;
    table.push_str("];\n");
    fs::write(out.join("compressed.rs"), table)?;
    Ok(())
}

fn add(out: &Path, name: &str, bytes: &[u8], table: &mut String) -> Result<(), Box<dyn Error>> {
    let mut compressed = GzBuilder::new().write(Vec::new(), Compression::best());
    compressed.write_all(bytes)?;
    fs::write(out.join(name).with_added_extension("gz"), compressed.finish()?)?;
    writeln!(table, "    ({name:?}, include_bytes!(concat!(env!(\"OUT_DIR\"), \"/{name}.gz\"))),")?;
    Ok(())
}

/// The index, and all vectors of each kind: what a page needs to run them.
fn vectors() -> Result<Value, Box<dyn Error>> {
    let vectors = Path::new(VECTORS);
    let read = |file: &Path| -> Result<Value, Box<dyn Error>> { Ok(serde_json::from_slice(&fs::read(file)?)?) };
    let all = |folder: &str| -> Result<Vec<Value>, Box<dyn Error>> {
        sorted(&vectors.join(folder))?.iter().map(|file| read(file)).collect()
    };
    let handshakes = [all("positive")?, all("negative")?].concat();
    let mut index = read(&vectors.join("index.json"))?;
    if let Some(entries) = index.get_mut("vectors").and_then(Value::as_array_mut) {
        // The page of the vectors runs neither mailboxes nor cards.
        let is_in = |entry: &Value, folder: &str| {
            entry.get("file").and_then(Value::as_str).is_some_and(|file| file.starts_with(folder))
        };
        entries.retain(|entry| !is_in(entry, "mailbox/") && !is_in(entry, "card/"));
    }
    Ok(json!({"index": index, "handshakes": handshakes, "requests": all("request")?, "webvh": all("webvh")?}))
}

fn sorted(folder: &Path) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let mut files = fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<std::io::Result<Vec<_>>>()?;
    files.sort();
    Ok(files)
}
