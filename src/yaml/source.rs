//! A YAML text and the name it is reported under. Owns reading with a size cap; does not parse.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::diagnostic::is_steering;
use super::{Diagnostic, Location};
use crate::language::{Bilingual, Text, bilingual, text};

/// The largest file that is read, in bytes. An inventory of 20,000 sites is about 2 MiB.
pub const MAX_BYTES: usize = 4 * 1024 * 1024;

/// A YAML text with the name it is reported under. Cheap to clone.
#[derive(Clone, PartialEq, Eq)]
pub struct Source {
    name: Arc<str>,
    text: Arc<str>,
    /// The text as it may be shown on a terminal, byte for byte in the same places.
    shown: Arc<str>,
}

/// Why a YAML file could not be read. Every message names the file; [`ReadError::help`] says what to do.
#[derive(Debug)]
pub enum ReadError {
    /// The operating system refused: missing file, a directory, no permission.
    Io {
        /// The path as typed.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// The file is larger than [`MAX_BYTES`].
    TooLarge {
        /// The path as typed.
        path: PathBuf,
    },
    /// The file is not UTF-8 text.
    NotUtf8 {
        /// The path as typed.
        path: PathBuf,
        /// The line of the first byte that is not UTF-8, from 1.
        line: usize,
        /// What the bytes look like and how to save the file.
        hint: (&'static str, &'static str),
    },
}

impl std::error::Error for ReadError {}

impl Bilingual for ReadError {
    fn text(&self) -> Text {
        match self {
            Self::Io { path, source } => {
                let path = path.display();
                let why = match source.kind() {
                    io::ErrorKind::NotFound => "không có tệp này".to_owned(),
                    io::ErrorKind::PermissionDenied => "không có quyền đọc".to_owned(),
                    io::ErrorKind::IsADirectory => "đây là một thư mục".to_owned(),
                    _ => source.to_string(),
                };
                (format!("không đọc được {path}: {why}"), format!("cannot read {path}: {source}")).into()
            }
            Self::TooLarge { path } => text!(
                "{path} lớn hơn {most} MiB",
                "{path} is larger than {most} MiB",
                path = path.display(),
                most = MAX_BYTES / 1024 / 1024
            ),
            Self::NotUtf8 { path, line, .. } => text!(
                "{path}:{line}: không phải chữ UTF-8",
                "{path}:{line}: not UTF-8 text",
                path = path.display()
            ),
        }
    }
}

bilingual!(ReadError);

impl ReadError {
    /// What to do about it.
    pub fn help(&self) -> Text {
        match self {
            Self::Io { source, .. } => match source.kind() {
                io::ErrorKind::NotFound => (
                    "xem lại tên tệp và thư mục đang đứng; tệp targets.example.yaml là một mẫu để chép",
                    "check the name and the current folder; targets.example.yaml is a sample to copy",
                )
                    .into(),
                io::ErrorKind::PermissionDenied => {
                    ("xin quyền đọc tệp này", "get permission to read this file").into()
                }
                _ => ("chỉ một tệp YAML thường", "name an ordinary YAML file").into(),
            },
            Self::TooLarge { .. } => (
                "chia thành nhiều tệp, hoặc bỏ phần không thuộc tệp này",
                "split it or remove what does not belong in it",
            )
                .into(),
            Self::NotUtf8 { hint, .. } => (*hint).into(),
        }
    }
}

impl Source {
    /// A text already in memory; a byte order mark at its start is dropped.
    pub fn new(name: impl Into<Arc<str>>, text: impl AsRef<str>) -> Self {
        let text = text.as_ref();
        let text: Arc<str> = text.strip_prefix('\u{feff}').unwrap_or(text).into();
        let shown = if text.contains(is_steering) {
            text.chars().map(inert).collect::<String>().into()
        } else {
            text.clone()
        };
        Self { name: name.into(), text, shown }
    }

    /// Reads a file of at most [`MAX_BYTES`]; it is reported under `path` as given.
    pub fn read(path: &Path) -> Result<Self, ReadError> {
        let io = |source| ReadError::Io { path: path.to_owned(), source };
        let mut bytes = Vec::new();
        // One byte more than allowed tells "too large" from "exactly full", for pipes too.
        File::open(path).map_err(io)?.take(MAX_BYTES as u64 + 1).read_to_end(&mut bytes).map_err(io)?;
        if bytes.len() > MAX_BYTES {
            return Err(ReadError::TooLarge { path: path.to_owned() });
        }
        match std::str::from_utf8(&bytes) {
            Ok(text) => Ok(Self::new(path.display().to_string(), text)),
            Err(error) => {
                let valid = bytes.get(..error.valid_up_to()).unwrap_or_default();
                let line = valid.split(|byte| *byte == b'\n').count();
                Err(ReadError::NotUtf8 { path: path.to_owned(), line, hint: encoding_hint(&bytes) })
            }
        }
    }

    /// The name the text is reported under: a path as typed, or a name such as `rules/tls.yaml`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The text without a byte order mark. Offsets of [`Location`] count its bytes.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The text for snippets: steering characters replaced by others of the same length in bytes.
    pub(super) fn shown(&self) -> &str {
        &self.shown
    }

    /// A mistake at `at`; add advice with [`Diagnostic::with_help`].
    pub fn diagnostic(&self, at: Location, message: impl Into<Text>) -> Diagnostic {
        Diagnostic::new(self, at, message)
    }

    /// The place of a parser's location; the scanner's own errors know characters only.
    pub(super) fn location_of(&self, at: serde_saphyr::Location) -> Location {
        if at.span().byte_offset().is_some() {
            return Location::from_saphyr(at);
        }
        usize::try_from(at.span().offset()).map_or(Location::UNKNOWN, |index| self.location_of_char(index))
    }

    /// The place of the character with this index.
    pub(super) fn location_of_char(&self, index: usize) -> Location {
        let (offset, len) =
            self.text.char_indices().nth(index).map_or((self.text.len(), 0), |(at, c)| (at, c.len_utf8()));
        self.location(
            offset,
            if self.text.get(offset..).is_some_and(|rest| rest.starts_with(['\n', '\r'])) { 0 } else { len },
        )
    }

    /// The location of the `len` bytes at byte `offset`; both are moved to character boundaries inside the text.
    pub fn location(&self, offset: usize, len: usize) -> Location {
        let start = self.text.floor_char_boundary(offset);
        let end = self.text.ceil_char_boundary(start.saturating_add(len).min(self.text.len()));
        let before = self.text.get(..start).unwrap_or_default();
        // YAML ends a line at LF, CR LF and a lone CR; within a CR LF the line has not ended yet.
        let ends = before.match_indices(['\n', '\r']).map(|(at, _)| at + 1);
        let ends = ends.filter(|end| !self.text.get(end - 1..).is_some_and(|rest| rest.starts_with("\r\n")));
        let (breaks, line_start) = ends.fold((0, 0), |(breaks, _), end| (breaks + 1, end));
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Location {
            line: count(1 + breaks),
            column: count(1 + before.get(line_start..).unwrap_or_default().chars().count()),
            offset: start,
            len: end - start,
        }
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Source({:?}, {} bytes)", self.name, self.text.len())
    }
}

/// A harmless character of the same length in UTF-8; those that steer have one to three bytes.
fn inert(c: char) -> char {
    match (is_steering(c), c.len_utf8()) {
        (false, _) => c,
        (true, 1) => '?',
        (true, 2) => '¿',
        (true, _) => '\u{fffd}',
    }
}

/// The commonest wrong encodings on an office computer, told apart by their first bytes.
fn encoding_hint(bytes: &[u8]) -> (&'static str, &'static str) {
    match bytes {
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] | [_, 0, _, 0, ..] | [0, _, 0, _, ..] => (
            "tệp có vẻ là UTF-16 («Unicode» trong Notepad của Windows): lưu lại với bảng mã UTF-8",
            "it looks like UTF-16 («Unicode» in Windows Notepad): save it again with the encoding UTF-8",
        ),
        [b'P', b'K', 3, 4, ..] => (
            "tệp có vẻ là tệp Word, Excel hoặc zip: lưu lại thành văn bản thuần với bảng mã UTF-8",
            "it looks like a Word, Excel or zip file: save it as plain text in UTF-8",
        ),
        _ => (
            "lưu lại với bảng mã UTF-8 (không dùng TCVN3, VNI hay windows-1258)",
            "save it again with the encoding UTF-8 (not TCVN3, VNI or windows-1258)",
        ),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn read(bytes: &[u8]) -> Result<Source, ReadError> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.yaml");
        fs::write(&path, bytes).unwrap();
        Source::read(&path)
    }

    #[test]
    fn a_byte_order_mark_is_dropped_and_crlf_is_kept() {
        assert_eq!(read("\u{feff}a: 1\r\nb: 2\r\n".as_bytes()).unwrap().text(), "a: 1\r\nb: 2\r\n");
    }

    #[test]
    fn other_encodings_are_named() {
        for (bytes, word) in [
            (&b"\xff\xfea\0:\0"[..], "UTF-16"),
            (b"PK\x03\x04\xff", "Excel"),
            (b"a: b\nname: S\xe9 N\xf4ng", "TCVN3"),
        ] {
            let help = read(bytes).unwrap_err().help();
            for help in [&help.vi, &help.en] {
                assert!(help.contains(word) && help.contains("UTF-8"), "{help}");
            }
        }
        assert!(read(b"a: b\nname: S\xe9").unwrap_err().to_string().contains("a.yaml:2: not UTF-8"));
    }

    #[test]
    fn the_cap_is_exact() {
        assert!(read(&vec![b'#'; MAX_BYTES]).is_ok());
        assert!(matches!(read(&vec![b'#'; MAX_BYTES + 1]), Err(ReadError::TooLarge { .. })));
    }

    #[test]
    fn a_missing_file_and_a_directory_say_so() {
        let dir = tempfile::tempdir().unwrap();
        assert!(matches!(Source::read(&dir.path().join("none.yaml")), Err(ReadError::Io { .. })));
        assert!(matches!(Source::read(dir.path()), Err(ReadError::Io { .. })));
    }

    /// Line and column of every byte.
    fn source_lines(text: &str) -> Vec<(u32, u32)> {
        let source = Source::new("a", text);
        (0..text.len()).map(|at| source.location(at, 0)).map(|at| (at.line, at.column)).collect()
    }

    #[test]
    fn locations_count_characters_and_bytes() {
        let source = Source::new("a", "é: ỹ\nb: ầu\n");
        let at = source.location("é: ỹ\nb: ".len(), "ầ".len());
        assert_eq!((at.line, at.column, at.len), (2, 4, "ầ".len()));
        assert_eq!(source.location(1, 0).offset, 0);
        assert_eq!(
            source_lines("a\nb\r\nc\rd"),
            [(1, 1), (1, 2), (2, 1), (2, 2), (2, 3), (3, 1), (3, 2), (4, 1)]
        );
        assert_eq!(source.location(usize::MAX, 5).line, 3);
    }
}
