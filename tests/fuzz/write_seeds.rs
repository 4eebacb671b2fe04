//! `write-seeds CAPTURES FOLDER`: the seeds and dictionaries of all targets.

use std::io;
use std::path::Path;

fn main() -> io::Result<()> {
    let mut arguments = std::env::args_os().skip(1);
    let (Some(captures), Some(folder)) = (arguments.next(), arguments.next()) else {
        return Err(io::Error::other("name the folder of captures, and where the seeds go"));
    };
    sip488_fuzz::write_seeds(Path::new(&captures), Path::new(&folder))
}
