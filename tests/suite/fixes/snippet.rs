//! The configuration lines of a rule's fix, read out of its own text: what is inserted, where, and what goes.
//! In a fix, prose stands at the margin and what is typed into a file or a shell is indented by two more spaces.

/// The files that a fix names, and the names it leaves for the reader to fill in: all that the test may replace.
pub(crate) struct Blanks<'a> {
    /// The site's name.
    pub(crate) host: &'a str,
    /// Its twin with `www.`; the main one of both where a fix speaks of one.
    pub(crate) www: &'a str,
    /// Where the site's certificate and key are.
    pub(crate) folder: &'a str,
    /// What listens for port 80.
    pub(crate) plain: &'a str,
    /// What listens for port 443.
    pub(crate) secure: &'a str,
}

impl Blanks<'_> {
    fn fill(&self, line: &str) -> String {
        line.replace("/etc/ssl/TEN-TRANG", self.folder)
            .replace("TEN-TRANG", self.host)
            .replace("TEN-CU", self.host)
            .replace("TEN-WWW", self.www)
            .replace("TEN-CHINH", self.www)
            .replace("listen 80;", &format!("listen {};", self.plain))
            .replace("listen 443 ssl;", &format!("listen {} ssl;", self.secure))
            .replace("/var/www", self.folder)
    }
}

/// The part of a configuration that a fix names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// nginx's `http` block; outside every `VirtualHost` for Apache.
    Global,
    /// The block of port 80.
    Plain,
    /// That of port 80 for the twin's name.
    PlainTwin,
    /// The block of port 443.
    Secure,
    /// The `location` in it that leads to the application.
    Location,
    /// A block of its own instead of that of port 80.
    InsteadOfPlain,
    /// A block of its own beside the others.
    Beside,
    /// The block of the site's files.
    Directory,
    /// A shell, in the folder of the certificate.
    Shell,
}

/// Lines that stand together.
#[derive(Debug)]
pub(crate) struct Snippet {
    pub(crate) place: Place,
    pub(crate) lines: Vec<String>,
    /// Directives whose other lines the text says to remove.
    pub(crate) removes: Vec<String>,
    /// Whether a policy that is there is to go; otherwise all of them count (CSP 3 section 8.1).
    pub(crate) replaces_policy: bool,
}

/// What a fix says to do, in order; a place that nobody could find is a mistake of the text.
pub(crate) fn snippets(text: &str, blanks: &Blanks<'_>) -> Vec<Snippet> {
    let mut found: Vec<Snippet> = Vec::new();
    let mut prose = "";
    let mut inside = false;
    for line in text.lines() {
        if !line.starts_with("  ") {
            inside = false;
            prose = line;
            continue;
        }
        if !inside {
            let place = place(line, prose)
                .unwrap_or_else(|| panic!("nobody could tell where this goes: {line}\n{prose}"));
            let replaces_policy = prose.contains("thay dòng Content-Security-Policy");
            found.push(Snippet { place, lines: Vec::new(), removes: removed(prose), replaces_policy });
        }
        inside = true;
        found.last_mut().unwrap().lines.push(blanks.fill(line.trim()));
    }
    // a certificate from an authority on the Internet cannot be had here; the bought one is the other way
    for snippet in &mut found {
        if matches!(snippet.place, Place::Secure | Place::Location | Place::Global) {
            snippet.lines = whole_blocks(std::mem::take(&mut snippet.lines));
        }
    }
    found.retain(|snippet| !snippet.lines.iter().any(|line| line.starts_with("certbot ")));
    found
}

/// What a fix says to write into a security.txt, which holds for any server; it expires in half a year.
pub(crate) fn security_txt(text: &str) -> Option<String> {
    let mut lines = text.lines().skip_while(|line| !line.starts_with("Tạo tệp văn bản security.txt"));
    lines.next()?;
    let expires = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(24 * 180);
    let expires = expires.strftime("Expires: %Y-%m-%dT%H:%M:%SZ").to_string();
    let line = |line: &str| match line.trim() {
        old if old.starts_with("Expires: ") => format!("{expires}\n"),
        other => format!("{other}\n"),
    };
    Some(lines.take_while(|line| line.starts_with("  ")).map(line).collect())
}

/// Apache's blocks as one line each.
fn whole_blocks(lines: Vec<String>) -> Vec<String> {
    let mut whole: Vec<String> = Vec::new();
    let mut depth = 0;
    for line in lines {
        let inside = depth > 0;
        if line.starts_with("</") {
            depth -= 1;
        } else if line.starts_with('<') {
            depth += 1;
        }
        match whole.last_mut().filter(|_| inside) {
            Some(block) => {
                block.push('\n');
                block.push_str(&line);
            }
            None => whole.push(line),
        }
    }
    whole
}

fn place(line: &str, prose: &str) -> Option<Place> {
    let command = line.split_whitespace().next()?;
    if ["certbot", "(cat", "openssl"].contains(&command) {
        return Some(Place::Shell);
    }
    [
        ("Thay khối server cổng 80 bằng", Place::InsteadOfPlain),
        ("khối Directory", Place::Directory),
        ("Thêm một khối server cổng 80", Place::Beside),
        ("khối location", Place::Location),
        ("khối http ", Place::Global),
        ("Ở ngoài mọi khối VirtualHost", Place::Global),
        ("VirtualHost cổng 80 của tên này", Place::PlainTwin),
        ("khối server cổng 80", Place::Plain),
        ("VirtualHost cổng 80", Place::Plain),
        ("khối server cổng 443", Place::Secure),
        ("VirtualHost cổng 443", Place::Secure),
    ]
    .into_iter()
    .find(|(words, _)| prose.contains(words))
    .map(|(_, place)| place)
}

/// The directives in «xóa các dòng A, B khác» or «bỏ các dòng A và B cũ».
fn removed(prose: &str) -> Vec<String> {
    let Some((_, rest)) = prose.split_once("các dòng ") else { return Vec::new() };
    let list = rest.split(" khác").next().unwrap_or_default().split(" cũ").next().unwrap_or_default();
    list.replace(" và ", ", ").split(", ").map(str::to_owned).collect()
}

/// What a line sets: its directive, with the field where it is about one. Of two such lines one replaces the other.
pub(crate) fn subject(line: &str) -> String {
    let line = line.lines().next().unwrap_or_default();
    let mut words = line.split_whitespace();
    let directive = words.next().unwrap_or_default();
    match directive {
        "location" => line.split(" {").next().unwrap_or_default().to_owned(),
        block if block.starts_with('<') => line.to_owned(),
        "add_header" | "proxy_set_header" | "proxy_hide_header" | "ssl_conf_command"
        | "SSLOpenSSLConfCmd" => {
            format!("{directive} {}", words.next().unwrap_or_default())
        }
        // Apache keeps what goes along always and what goes along with success in a table each
        "Header" | "RequestHeader" => {
            let table = if words.clone().next() == Some("always") { "always" } else { "onsuccess" };
            let is_verb = |word: &&str| {
                !["always", "onsuccess", "set", "unset", "edit", "append", "merge"].contains(word)
            };
            format!("{directive} {table} {}", words.find(is_verb).unwrap_or_default())
        }
        _ => directive.to_owned(),
    }
}

#[test]
fn what_is_indented_is_taken_with_the_place_that_the_text_names() {
    let text = "Sao lưu. Trong khối http (ở đâu đó), và xóa các dòng a, b khác:\n  a 1;\n  b 2;\nRồi chạy\n  certbot -d TEN-TRANG\nTrong khối server cổng 443:\n  c /etc/ssl/TEN-TRANG/x TEN-TRANG;\nXong";
    let blanks = Blanks { host: "h", www: "w", folder: "/f", plain: "1", secure: "2" };
    let found = snippets(text, &blanks);
    let places: Vec<Place> = found.iter().map(|snippet| snippet.place).collect();
    assert_eq!(places, [Place::Global, Place::Secure]);
    assert_eq!(found[0].removes, ["a", "b"]);
    assert_eq!(found[1].lines, ["c /f/x h;"]);
    assert_eq!(subject("Header onsuccess set X-A \"1\""), subject("Header unset X-A"));
    assert_ne!(subject("Header always set X-A \"1\""), subject("Header unset X-A"));
    assert_ne!(subject("add_header A 1;"), subject("add_header B 1;"));
}
