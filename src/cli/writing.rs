//! Where documents go: standard output, a file, or a folder of pages. What is written is for its owner's eyes, and
//! appears under its name only when it is whole.

use std::{
    fs,
    io::{self, Read, Write},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use super::{Failed, Screen};
use crate::render::html;

/// Where a document is written: standard output, or a file that only its owner may read.
pub(super) enum Sink {
    Screen,
    File { path: PathBuf, temporary: PathBuf, file: io::BufWriter<fs::File> },
}

impl Sink {
    /// A file that appears under its name only when it is whole.
    pub(super) fn file(path: &Path) -> Result<Self, Failed> {
        let mut temporary = path.as_os_str().to_owned();
        temporary.push(".part");
        let temporary = PathBuf::from(temporary);
        let file = create(&temporary).map_err(|error| {
            Failed::usage(
                (
                    format!("không ghi được {}: {error}", path.display()),
                    format!("cannot write {}: {error}", path.display()),
                ),
                (
                    "chỉ một tệp trong thư mục mà anh, chị được ghi",
                    "give a file in a folder you may write to",
                ),
            )
        })?;
        Ok(Self::File { path: path.to_owned(), temporary, file: io::BufWriter::new(file) })
    }

    pub(super) fn line(&mut self, screen: &mut Screen<'_>, text: &str) -> Result<(), Failed> {
        writeln!(self.writer(screen), "{text}")?;
        Ok(())
    }

    pub(super) fn writer<'a>(&'a mut self, screen: &'a mut Screen<'_>) -> &'a mut dyn Write {
        match self {
            Self::Screen => screen.out,
            Self::File { file, .. } => file,
        }
    }

    pub(super) fn close(self, screen: &mut Screen<'_>) -> Result<(), Failed> {
        match self {
            Self::Screen => screen.out.flush()?,
            Self::File { path, temporary, mut file } => {
                file.flush()?;
                file.get_ref().sync_all()?;
                fs::rename(temporary, path)?;
            }
        }
        Ok(())
    }
}

/// A file that nobody but its owner reads: results are internal.
fn create(path: &Path) -> io::Result<fs::File> {
    fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)
}

/// A folder of pages, made beside its place and moved there when every page is written.
pub(super) struct Folder {
    /// Where it will stand.
    path: PathBuf,
    /// Where it is made.
    temporary: PathBuf,
}

impl Folder {
    /// A folder that is to stand at this path. What stands there must be empty or an earlier report, and nothing else
    /// is ever replaced.
    pub(super) fn new(path: &Path) -> Result<Self, Failed> {
        Self::replaceable(path)?;
        // through a link, so that it stays one
        let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let (Some(name), Some(parent)) = (path.file_name(), path.parent()) else {
            return Err(refused(&path, ("đường dẫn không có tên", "it has no name")));
        };
        let mut hidden = std::ffi::OsString::from(".");
        hidden.push(name);
        hidden.push(format!(".{}.part", std::process::id()));
        let temporary = parent.join(hidden);
        let made = Self { path, temporary };
        private(&made.temporary).map_err(|error| {
            Failed::usage(
                (
                    format!("không ghi được {}: {error}", made.path.display()),
                    format!("cannot write {}: {error}", made.path.display()),
                ),
                (
                    "chỉ một thư mục mà thư mục mẹ đã có và được ghi",
                    "give a folder whose parent exists and may be written to",
                ),
            )
        })?;
        Ok(made)
    }

    /// Whether a report may be written at this path; said before anything is scanned.
    pub(super) fn replaceable(path: &Path) -> Result<(), Failed> {
        let entries = match fs::read_dir(path) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(refused(path, (&error.to_string(), &error.to_string()))),
        };
        let mut empty = true;
        for entry in entries {
            let name = entry?.file_name();
            empty = false;
            if !html::is_part(&name.to_string_lossy()) {
                return Err(refused(
                    path,
                    (
                        &format!("trong đó có {}, không thuộc báo cáo nào", name.display()),
                        &format!("it holds {}, which is no part of a report", name.display()),
                    ),
                ));
            }
        }
        if empty || is_report(&path.join(html::INDEX)) {
            Ok(())
        } else {
            Err(refused(
                path,
                ("thư mục không trống và không do khien ghi", "it is not empty and khien did not write it"),
            ))
        }
    }

    /// Writes one page at its path below the folder.
    pub(super) fn page(&self, name: &str, text: &str) -> Result<(), Failed> {
        let path = self.temporary.join(name);
        if let Some(parent) = path.parent().filter(|parent| !parent.exists()) {
            private(parent)?;
        }
        let mut file = create(&path)?;
        file.write_all(text.as_bytes())?;
        Ok(())
    }

    /// Moves the folder to its place.
    pub(super) fn close(self) -> Result<(), Failed> {
        Self::replaceable(&self.path)?;
        let mut old = self.temporary.clone().into_os_string();
        old.push(".old");
        let had = match fs::rename(&self.path, &old) {
            Ok(()) => true,
            Err(error) if error.kind() == io::ErrorKind::NotFound => false,
            Err(error) => {
                return Err(refused(
                    &self.path,
                    (&format!("không thay được ({error})"), &format!("it cannot be replaced ({error})")),
                ));
            }
        };
        if let Err(error) = fs::rename(&self.temporary, &self.path) {
            if had {
                fs::rename(&old, &self.path)?;
            }
            return Err(error.into());
        }
        if had {
            fs::remove_dir_all(&old)?;
        }
        Ok(())
    }
}

impl Drop for Folder {
    /// What was not moved to its place is nobody's.
    fn drop(&mut self) {
        if self.temporary.exists() {
            // nothing can be done about it here, and the name says what it is
            let _ = fs::remove_dir_all(&self.temporary);
        }
    }
}

/// A folder that nobody but its owner looks into.
fn private(path: &Path) -> io::Result<()> {
    fs::DirBuilder::new().mode(0o700).create(path)
}

fn refused(path: &Path, (why_vi, why): (&str, &str)) -> Failed {
    Failed::usage(
        (
            format!("không ghi vào {}: {why_vi}", path.display()),
            format!("{} is not written to: {why}", path.display()),
        ),
        (
            "chỉ thư mục mới, thư mục trống, hoặc báo cáo cũ của khien",
            "name a new folder, an empty one, or an earlier report of khien",
        ),
    )
}

/// Whether a page says that khien made it.
fn is_report(index: &Path) -> bool {
    let mut head = Vec::new();
    let read = fs::File::open(index).and_then(|file| file.take(4096).read_to_end(&mut head));
    read.is_ok() && String::from_utf8_lossy(&head).contains("<meta name=\"generator\" content=\"khien ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    fn write(path: &Path, text: &str) -> Result<(), Failed> {
        let folder = Folder::new(path)?;
        folder.page(html::INDEX, text)?;
        folder.page("don-vi/a.html", text)?;
        folder.close()
    }

    const PAGE: &str = "<!DOCTYPE html><meta name=\"generator\" content=\"khien 0.1\">";

    #[test]
    fn a_report_replaces_nothing_but_a_report() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("report");
        write(&path, PAGE).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&path), mode(&path.join("don-vi/a.html"))), (0o700, 0o600));
        write(&path, &format!("{PAGE} again")).unwrap();
        assert!(fs::read_to_string(path.join(html::INDEX)).unwrap().ends_with("again"));
        fs::write(path.join("letter.docx"), "mine").unwrap();
        assert!(write(&path, PAGE).is_err());
        assert_eq!(fs::read_to_string(path.join("letter.docx")).unwrap(), "mine");
        let other = home.path().join("other");
        fs::create_dir(&other).unwrap();
        write(&other, PAGE).unwrap();
        fs::write(other.join(html::INDEX), "<title>the unit's own site</title>").unwrap();
        assert!(write(&other, PAGE).is_err());
        // nothing is left lying about
        let mut left: Vec<_> = fs::read_dir(home.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
        left.sort();
        assert_eq!(left, ["other", "report"]);
        assert!(write(&home.path().join("no/such/place"), PAGE).is_err());
    }

    #[test]
    fn a_folder_that_is_given_up_leaves_nothing() {
        let home = tempfile::tempdir().unwrap();
        let folder = Folder::new(&home.path().join("report")).unwrap();
        folder.page(html::INDEX, PAGE).unwrap();
        drop(folder);
        assert_eq!(fs::read_dir(home.path()).unwrap().count(), 0);
    }
}
