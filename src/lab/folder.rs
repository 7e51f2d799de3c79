//! A folder for the files that a scan is pointed to, removed with its lab. Holds nothing secret.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use super::LabError;

/// A folder of its own below the system's for temporary files.
#[derive(Debug)]
pub(super) struct Folder(PathBuf);

impl Folder {
    /// Makes it and writes these files.
    pub(super) fn new(files: &[(&str, &str)]) -> Result<Self, LabError> {
        let folder = Self(free().map_err(|error| LabError::Files { folder: std::env::temp_dir(), error })?);
        for (name, text) in files {
            let path = folder.path(name);
            fs::write(&path, text).map_err(|error| LabError::Files { folder: path, error })?;
        }
        Ok(folder)
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // what cannot be removed is two small public files in the folder for temporary ones
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// `create_dir` fails where something stands already: nobody's link is followed.
fn free() -> io::Result<PathBuf> {
    for _ in 0..16 {
        let mut octets = [0; 8];
        aws_lc_rs::rand::fill(&mut octets).map_err(|_| io::Error::other("no random numbers"))?;
        let path = std::env::temp_dir().join(format!("khien-lab-{:016x}", u64::from_be_bytes(octets)));
        match make(&path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            other => return other.map(|()| path),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

/// Nobody else on this machine has to look into it.
fn make(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    fs::DirBuilder::new().mode(0o700).create(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_goes_with_its_owner() {
        let folder = Folder::new(&[("a", "text")]).unwrap();
        let path = folder.path("a");
        assert_eq!(fs::read_to_string(&path).unwrap(), "text");
        drop(folder);
        assert!(!path.exists() && !path.parent().unwrap().exists());
    }
}
