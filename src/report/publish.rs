//! Files that appear whole or not at all: written beside their place, then renamed.
#![expect(clippy::disallowed_methods, reason = "output files are made here")]

use std::fs;
use std::io;
use std::io::BufWriter;
use std::io::Write;
use std::path::Path;
use std::path::PathBuf;

use tempfile::TempPath;

/// An output file could not be written.
#[derive(Debug, thiserror::Error)]
#[error("{}: {what} ({source}); {advice}", path.display())]
pub struct PublishError {
    path: PathBuf,
    what: &'static str,
    advice: &'static str,
    source: io::Error,
}

/// One output file on its way.
#[derive(Debug)]
pub struct Publication {
    path: PathBuf,
    target: Target,
}

#[derive(Debug)]
enum Target {
    /// A file in this folder, of which nothing is written yet.
    In(PathBuf),
    /// Renamed at the end.
    Beside(BufWriter<fs::File>, TempPath),
    /// A pipe or device, which can't be renamed to.
    Direct(BufWriter<fs::File>),
}

impl Publication {
    /// Begins a file, and tries whether it can be written. Nothing is seen at `path` before [`Publication::publish`],
    /// and nothing beside it before something is written: a night takes long to be read, and may be stopped.
    pub fn begin(path: &Path) -> Result<Self, PublishError> {
        let failed = |what, advice| {
            move |source| PublishError {
                path: path.to_path_buf(),
                what,
                advice,
                source,
            }
        };
        // What a link points to is replaced, not the link.
        let place = fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
        match fs::metadata(&place) {
            Ok(meta) if meta.is_dir() => {
                return Err(failed("is a folder", "name a file in it")(
                    io::ErrorKind::IsADirectory.into(),
                ));
            }
            Ok(meta) if !meta.is_file() => {
                let file = fs::OpenOptions::new()
                    .write(true)
                    .open(&place)
                    .map_err(failed("can't be written", "check its permissions"))?;
                return Ok(Self {
                    path: place,
                    target: Target::Direct(BufWriter::new(file)),
                });
            }
            _ => {}
        }
        let folder = place
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty())
            .unwrap_or(Path::new("."));
        let folder = folder.to_path_buf();
        builder().tempfile_in(&folder).map_err(failed(
            "can't be written",
            "its folder must exist and be writable",
        ))?;
        Ok(Self {
            path: place,
            target: Target::In(folder),
        })
    }

    /// What is written to.
    fn file(&mut self) -> io::Result<&mut BufWriter<fs::File>> {
        if let Target::In(folder) = &self.target {
            let (file, path) = builder().tempfile_in(folder)?.into_parts();
            self.target = Target::Beside(BufWriter::with_capacity(64 << 10, file), path);
        }
        match &mut self.target {
            Target::In(_) => Err(io::ErrorKind::NotFound.into()),
            Target::Beside(file, _) | Target::Direct(file) => Ok(file),
        }
    }

    /// Makes everything that was written stand on the disk, still unseen.
    pub fn complete(&mut self) -> Result<(), PublishError> {
        let mut done = self.file().and_then(Write::flush);
        if let (Ok(()), Target::Beside(file, _)) = (&done, &self.target) {
            done = file.get_ref().sync_all();
        }
        done.map_err(|source| self.failed(source))
    }

    /// Puts the file in its place.
    pub fn publish(mut self) -> Result<(), PublishError> {
        self.complete()?;
        let path = self.path.clone();
        match self.target {
            Target::In(_) | Target::Direct(_) => Ok(()),
            Target::Beside(file, written) => {
                // Windows renames no file that is open.
                drop(file);
                written.persist(&path).map_err(|error| PublishError {
                    path: path.clone(),
                    what: "can't be put in its place",
                    advice: "its folder must exist and be writable",
                    source: error.error,
                })
            }
        }
    }

    fn failed(&self, source: io::Error) -> PublishError {
        PublishError {
            path: self.path.clone(),
            what: "can't be written whole",
            advice: match source.kind() {
                io::ErrorKind::NotFound => "its folder must exist and be writable",
                _ => "is the disk full?",
            },
            source,
        }
    }
}

/// The permissions that any new file gets, not the private ones of a temporary file.
fn builder() -> tempfile::Builder<'static, 'static> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".sip488-").suffix(".part");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    builder
}

impl Write for Publication {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file().and_then(|file| file.write(bytes));
        written.map_err(|error| io::Error::new(error.kind(), self.failed(error)))
    }

    fn flush(&mut self) -> io::Result<()> {
        let written = self.file().and_then(Write::flush);
        written.map_err(|error| io::Error::new(error.kind(), self.failed(error)))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Write;

    use super::Publication;

    #[test]
    fn nothing_is_seen_before_it_is_published_and_nothing_is_left_where_it_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("calls.csv");
        let mut dropped = Publication::begin(&path).unwrap();
        dropped.write_all(b"half").unwrap();
        drop(dropped);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        let mut written = Publication::begin(&path).unwrap();
        written.write_all(b"whole").unwrap();
        assert!(!path.exists());
        written.publish().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"whole");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_was_there_is_replaced_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("calls.csv");
        fs::write(&path, "yesterday's, which was longer").unwrap();
        let mut written = Publication::begin(&path).unwrap();
        written.write_all(b"today's").unwrap();
        written.publish().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"today's");
    }

    #[test]
    fn a_folder_that_is_not_there_is_named() {
        let error = Publication::begin(std::path::Path::new("/nowhere/at/all.csv"))
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("/nowhere/at/all.csv") && error.contains("must exist"),
            "{error}"
        );
    }
}
