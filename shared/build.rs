//! Names the set of migrations that is compiled in, for whoever prepares databases of it.
//!
//! Cargo watches the files that `embed_migrations!` has read, but not the folder: without this, a
//! new migration would not be compiled in.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::PathBuf;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=../migrations");
    let mut folders: Vec<PathBuf> =
        fs::read_dir("../migrations")?.map(|entry| entry.map(|entry| entry.path())).collect::<io::Result<_>>()?;
    folders.sort();
    let mut hasher = DefaultHasher::new();
    for file in folders.iter().map(|folder| folder.join("up.sql")).filter(|file| file.exists()) {
        file.hash(&mut hasher);
        fs::read(file)?.hash(&mut hasher);
    }
    // Of the features only this one looks at it.
    if env::var_os("CARGO_FEATURE_TESTING").is_some() {
        println!("cargo::rustc-env=MIGRATIONS_FINGERPRINT={:016x}", hasher.finish());
    }
    Ok(())
}
