//! What the fuzz targets run: `subjects/` over seeds that are made of the sample captures.
//!
//! ```text
//! tests/fuzz/run                 every target for a minute, as many at once as there are processors
//! tests/fuzz/run 1200 sip sdp    two of them for twenty minutes
//! ```

mod seeds;
mod subjects;
#[path = "../support/mod.rs"]
mod support;

use std::fs;
use std::io;
use std::path::Path;

/// Runs the subject of a name.
pub fn run(name: &str, bytes: &[u8]) {
    let subject = subjects::SUBJECTS
        .iter()
        .find(|subject| subject.name == name);
    (subject.expect("a subject has this name").run)(bytes);
}

/// Writes each subject's seeds and dictionary to a folder: `NAME/seeds/…`, `NAME/dictionary`, and `NAME/longest`.
pub fn write_seeds(captures: &Path, folder: &Path) -> io::Result<()> {
    let seeds = seeds::all(captures);
    for subject in subjects::SUBJECTS {
        let folder = folder.join(subject.name);
        let place = folder.join("seeds");
        fs::create_dir_all(&place)?;
        for (number, seed) in seeds[subject.name].iter().enumerate() {
            fs::write(place.join(format!("sample-{number}")), seed)?;
        }
        let words = subject.dictionary.iter().map(|word| {
            let bytes = word.iter().map(|byte| format!("\\x{byte:02X}"));
            format!("\"{}\"\n", bytes.collect::<String>())
        });
        fs::write(folder.join("dictionary"), words.collect::<String>())?;
        fs::write(folder.join("longest"), subject.longest.to_string())?;
    }
    Ok(())
}
