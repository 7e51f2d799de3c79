//! The pages of the HTML report: what they hold, that nothing of a server becomes markup, that they stand alone.

use std::{collections::BTreeSet, fs, path::Path, path::PathBuf, sync::Arc};

use khien::{
    client::{Exchange, Outcome, Why},
    observation::Document,
    profile::Told,
    render::html,
    report::{Experts, Report, attach},
    rule::{Lang, Severity, Text, Verdict},
};

use crate::golden;

/// Pages by name; the single file is one of them.
fn pages(report: &Report, lang: Lang) -> Vec<(String, String)> {
    let mut pages: Vec<_> = html::folder(report, lang).collect();
    let mut single = Vec::new();
    html::single(&mut single, report, lang).unwrap();
    pages.push(("single.html".to_owned(), String::from_utf8(single).unwrap()));
    pages
}

/// A one-off check: one site of the golden report, under no unit.
fn one_off() -> Report {
    let mut report = golden::report();
    report.units.retain(|unit| unit.id == "so-tai-chinh");
    let unit = &mut report.units[0];
    "check".clone_into(&mut unit.id);
    "Sở Tài chính".clone_into(&mut unit.name);
    unit.block = None;
    unit.rank = None;
    unit.trend.clear();
    unit.change = None;
    for site in &mut unit.sites {
        golden::change(site, |cards| cards.iter_mut().for_each(|card| card.charged_to = None));
    }
    report.blocks.clear();
    report.causes.clear();
    report.previous = None;
    report.authorisation = None;
    report
}

/// What experts ask for, on every site of a report.
fn detailed(mut report: Report) -> Report {
    let experts = Experts::built_in().unwrap();
    let text = fs::read_to_string("tests/data/golden/observations.jsonl").unwrap();
    let documents = text.lines().map(|line| Document::parse(line.as_bytes()).unwrap());
    let mut sheets: Vec<_> = documents.map(|document| experts.sheet(&document)).collect();
    attach(&mut report, &mut sheets);
    report
}

/// A page without what is the same in all of them: style and script.
fn body(page: &str) -> String {
    let (before, rest) = page.split_once("<style>").unwrap();
    let (_, after) = rest.split_once("</style>").unwrap();
    let (content, rest) = after.split_once("<script>").unwrap();
    let (_, tail) = rest.split_once("</script>").unwrap();
    // the policy holds hashes of both; a line an element is easier to compare
    let before: String =
        before.split("<meta http-equiv").next().unwrap().to_owned() + before.split("<title>").last().unwrap();
    let readable = format!("{before}{content}{tail}");
    readable.replace("><", ">\n<") + "\n"
}

#[test]
fn golden_pages() {
    let report = golden::report();
    let page = |lang, name: &str| {
        html::folder(&report, lang).find(|(path, _)| path == name).map(|(_, page)| body(&page)).unwrap()
    };
    golden::compare("index.html", &page(Lang::Vi, "index.html"));
    golden::compare("index.en.html", &page(Lang::En, "index.html"));
    golden::compare("bv-da-khoa.html", &page(Lang::Vi, "don-vi/bv-da-khoa.html"));
    let report = one_off();
    let mut pages = html::folder(&report, Lang::Vi);
    golden::compare("one-off.html", &body(&pages.next().unwrap().1));
    let left: Vec<String> = pages.map(|(path, _)| path).collect();
    assert_eq!(left, ["cach-cham-diem.html"], "a one-off check has no page of a unit");
}

#[test]
fn a_province_has_its_units_and_what_has_to_be_handled() {
    let report = golden::report();
    let pages = pages(&report, Lang::Vi);
    assert_eq!(pages[0].0, html::INDEX);
    assert_eq!(pages.len(), 3 + report.units.len());
    let index = &pages[0].1;
    for unit in &report.units {
        assert!(index.contains(&format!("href=\"don-vi/{}.html\"", unit.id)), "{}", unit.id);
    }
    let critical = report
        .units
        .iter()
        .flat_map(|unit| &unit.sites)
        .flat_map(|site| &site.findings)
        .filter(|f| f.finding.verdict == Verdict::Fail && f.finding.severity == Severity::Critical);
    for card in critical {
        assert!(index.contains(card.finding.message.vi.as_ref()), "{}", card.finding.rule);
    }
    // what could not be tested is never a failure, and never 0
    let (_, untested) = pages.iter().find(|(path, _)| path == "don-vi/so-xay-dung.html").unwrap();
    assert!(untested.contains("<h1") && untested.contains("Không kiểm tra được: "));
    assert!(!untested.contains("class=\"bigscore\""));
    // every card leads to how the score is made
    for (path, page) in &pages {
        assert!(page.contains("cach-cham-diem"), "{path}");
        assert!(
            !page.contains("vi phạm") && !page.contains("hacker") && !page.contains("tấn công"),
            "{path}"
        );
    }
}

#[test]
fn a_run_in_doubt_shows_no_rank_and_no_change() {
    let mut report = golden::report();
    report.run.degraded = true;
    for (path, page) in pages(&report, Lang::Vi) {
        let text = body(&page);
        assert!(text.contains("Lượt quét suy giảm") || path == "cach-cham-diem.html", "{path}");
        for told in ["Lượt quét đầy đủ", "i-up\"></use>", "i-down\"></use>", "Hạng <b>", "class=\"spark\""]
        {
            assert!(!text.contains(told), "{path} says {told}");
        }
    }
}

#[test]
fn pages_stand_alone_and_their_links_lead_somewhere() {
    let report = golden::report();
    for lang in [Lang::Vi, Lang::En] {
        let pages = pages(&report, lang);
        let ids: Vec<BTreeSet<&str>> = pages.iter().map(|(path, page)| ids(path, page)).collect();
        for (at, (path, page)) in pages.iter().enumerate() {
            // outside style and script, which are checked apart
            let text = body(page);
            assert!(!text.contains(" style=") && !text.contains("<img") && !text.contains("<link"), "{path}");
            assert!(!text.contains("src=") && !text.contains("javascript:"), "{path}");
            for link in values(&text, " href=\"") {
                assert!(!link.contains(':'), "{path}: {link}");
                let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
                let target = if file.is_empty() {
                    at
                } else {
                    let joined = Path::new(path).parent().unwrap().join(file);
                    let plain = joined.to_string_lossy().replace("don-vi/../", "");
                    let found = pages.iter().position(|(other, _)| *other == plain);
                    found.unwrap_or_else(|| panic!("{path}: {link} leads nowhere"))
                };
                assert!(anchor.is_empty() || ids[target].contains(anchor), "{path}: no #{anchor}");
            }
            let named = values(&text, "labelledby=\"").flat_map(str::split_whitespace);
            for label in values(&text, " for=\"").chain(named) {
                assert!(ids[at].contains(label), "{path}: no {label}");
            }
        }
    }
}

/// The ids of a page; each may stand there once.
fn ids<'p>(path: &str, page: &'p str) -> BTreeSet<&'p str> {
    let mut found = BTreeSet::new();
    for id in values(page, " id=\"") {
        assert!(found.insert(id), "{path}: {id} stands there twice");
    }
    found
}

fn values<'p>(page: &'p str, before: &'static str) -> impl Iterator<Item = &'p str> {
    page.match_indices(before).map(move |(at, _)| page[at + before.len()..].split('"').next().unwrap())
}

#[test]
fn the_policy_allows_exactly_what_stands_in_the_page() {
    let between = |page: &str, from: &str, to: &str| {
        let parts: Vec<String> =
            page.split(from).skip(1).map(|part| part.split(to).next().unwrap().to_owned()).collect();
        let [only] = parts.as_slice() else { panic!("{from} stands there {} times", parts.len()) };
        only.clone()
    };
    let hash = |text: &str| {
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text.as_bytes());
        let mut command = std::process::Command::new("openssl");
        command
            .args(["base64", "-A"])
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped());
        let mut child = command.spawn().unwrap();
        std::io::Write::write_all(&mut child.stdin.take().unwrap(), digest.as_ref()).unwrap();
        String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap()
    };
    let (_, page) = html::folder(&golden::report(), Lang::Vi).next().unwrap();
    let policy = between(&page, "Content-Security-Policy\" content=\"", "\"");
    let style = hash(&between(&page, "<style>", "</style>"));
    let script = hash(&between(&page, "<script>", "</script>"));
    assert_eq!(
        policy,
        format!(
            "default-src 'none'; style-src 'sha256-{style}'; script-src 'sha256-{script}'; font-src data:; base-uri 'none'; form-action 'none'"
        )
    );
    assert!(page.len() < 200_000, "{} bytes", page.len());
}

/// What a hostile server, certificate or inventory may send.
const PAYLOADS: [&str; 12] = [
    "<script>alert(1)</script>",
    "</style></script></title><img src=x onerror=alert(1)>",
    "\" onmouseover=\"alert(1)\" x=\"",
    "' onfocus='alert(1)' autofocus",
    "javascript:alert(1)",
    "\u{1b}[31mred\u{1b}[0m\u{9b}2J\u{7}",
    "\u{202e}gnp.exe\u{2066}\u{200f}\u{200b}",
    "&lt;b&gt; &amp; &#x3c;",
    "]]><svg/onload=alert(1)>",
    "WWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWW\
     WWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWW",
    "",
    "nul\u{0}line\u{2028}end\r\n-->",
];

/// The golden report with payloads wherever a text comes from outside.
fn hostile() -> Report {
    let mut report = detailed(golden::report());
    let mut place = 0;
    let mut next = || {
        place += 1;
        PAYLOADS[place % PAYLOADS.len()].to_owned()
    };
    report.province = next();
    report.lead_agency = next();
    report.run.vantage.name = next();
    report.run.id = next();
    report.method.profile = Some(next());
    if let Some(by) = &mut report.authorisation {
        (by.document, by.number, by.body) = (next(), next(), next());
    }
    for cause in &mut report.causes {
        cause.value = next();
        cause.units.push(next());
        cause.sites.push(next());
    }
    for key in &mut report.shared_keys {
        key.units.push(next());
        key.sites.push(next());
    }
    for unit in &mut report.units {
        unit.name = next();
        if unit.id == "so-noi-vu" {
            "../\"><script>x".clone_into(&mut unit.id);
        }
        if let Some(worst) = &mut unit.worst_site {
            worst.host = next();
        }
        for group in &mut unit.groups {
            group.name = next();
        }
        for step in &mut unit.fix_plan {
            step.name = next();
        }
        for site in &mut unit.sites {
            site.host = next();
            site.server = Some(next());
            site.addresses.push(next());
            for endpoint in site.tls_sheet.iter_mut().flat_map(|sheet| &mut sheet.endpoints) {
                endpoint.address = next();
                for fact in &mut endpoint.facts {
                    fact.value = Text::same(next());
                }
                for client in &mut endpoint.clients {
                    client.client = next();
                    client.missing_root = Some(next());
                    match &mut client.outcome {
                        Outcome::Connects(connection) => {
                            connection.suite = Some(next());
                            connection.exchange = Exchange::OneOf(vec![next(), next()]);
                        }
                        other => *other = Outcome::Fails(Why::Key(next())),
                    }
                }
                for shortfall in endpoint.profiles.iter_mut().flat_map(|profile| &mut profile.shortfalls) {
                    shortfall.told = Told::Has(vec![next(), next()]);
                }
            }
            golden::change(site, |cards| {
                for card in cards {
                    for (at, evidence) in Arc::make_mut(&mut card.finding).evidence.iter_mut().enumerate() {
                        evidence.fact = next();
                        evidence.address = Some(next());
                        let text = next();
                        evidence.value = match at % 3 {
                            0 => serde_json::json!(text),
                            1 => serde_json::json!([text, next()]),
                            _ => serde_json::json!({text: next()}),
                        };
                    }
                }
            });
        }
    }
    report
}

#[test]
fn nothing_a_server_sends_becomes_markup() {
    let tame = detailed(golden::report());
    let report = hostile();
    // the elements and attributes that pages are made of, as the tame report has them
    let known: BTreeSet<String> =
        pages(&tame, Lang::Vi).iter().flat_map(|(_, page)| tags(&body(page))).collect();
    for (path, page) in pages(&report, Lang::Vi) {
        let text = body(&page);
        for tag in tags(&text) {
            assert!(known.contains(&tag), "{path}: <{tag}>");
        }
        assert!(!text.contains("<script") && !text.contains("onerror=alert(1)>"), "{path}");
        assert_eq!(page.matches("<script>").count(), 1, "{path}");
        assert_eq!(page.matches("<style>").count(), 1, "{path}");
        let steers = |c: char| {
            (c.is_control() && c != '\n')
                || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        };
        assert!(!text.contains(steers), "{path}: {:?}", text.chars().find(|c| steers(*c)));
        assert!(
            !path.contains("..") && path.chars().all(|c| c.is_ascii_alphanumeric() || "-_./".contains(c)),
            "{path}"
        );
        for link in values(&text, " href=\"") {
            assert!(!link.contains(':'), "{path}: {link}");
        }
        ids(&path, &page);
    }
}

/// Every tag as its element and the names of its attributes, read as HTML reads them: quotes end only at a quote.
fn tags(page: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut rest = page;
    while let Some(at) = rest.find('<') {
        rest = &rest[at + 1..];
        let mut names = String::new();
        let mut quoted = false;
        let mut end = rest.len();
        for (place, c) in rest.char_indices() {
            match c {
                '"' => quoted = !quoted,
                '>' if !quoted => {
                    end = place;
                    break;
                }
                _ if !quoted => names.push(c),
                _ => {}
            }
        }
        assert!(!quoted && end < rest.len(), "a tag without an end: {}", &rest[..rest.len().min(80)]);
        found.insert(names.replace('=', "").trim().to_owned());
        rest = &rest[end + 1..];
    }
    found
}

#[test]
fn a_thousand_sites_are_pages_one_can_open() {
    let mut report = golden::report();
    let models: Vec<_> = report.units.clone();
    for place in 0..1_000 {
        let mut unit = models[place % models.len()].clone();
        unit.id = format!("don-vi-{place}");
        unit.name = format!("UBND xã Mẫu {place}");
        report.units.push(unit);
    }
    let mut largest = 0;
    let mut count = 0;
    let mut index = 0;
    for (path, page) in html::folder(&report, Lang::Vi) {
        count += 1;
        if path == html::INDEX {
            index = page.len();
        } else {
            largest = largest.max(page.len());
        }
    }
    assert_eq!(count, 2 + 24 + 1_000);
    assert!(index < 4_000_000, "the first page has {index} bytes");
    assert!(largest < 1_500_000, "a unit's page has {largest} bytes");
}

#[test]
fn who_asks_for_details_finds_them_folded_on_the_page() {
    let parts = ["TLS chi tiết", "Ai kết nối được (", "nối lại phiên", "So với hướng dẫn khác", "NCSC-NL"];
    let shown = |report: &Report| {
        let (_, page) = html::folder(report, Lang::Vi).next().unwrap();
        parts.map(|part| page.contains(part))
    };
    assert_eq!(shown(&one_off()), [false; 5]);
    assert_eq!(shown(&detailed(one_off())), [true; 5]);
    // and JSON gives back what it was given
    let report = detailed(one_off());
    let again: Report = serde_json::from_str(&serde_json::to_string(&report).unwrap()).unwrap();
    assert_eq!(again, report);
}

/// Pages for the browser: the golden report in both languages, the one-off check, the hostile one.
fn written() -> Vec<PathBuf> {
    let top = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("html");
    let reports = [
        ("vi", golden::report(), Lang::Vi),
        ("en", golden::report(), Lang::En),
        ("one-off", detailed(one_off()), Lang::Vi),
        ("hostile", hostile(), Lang::Vi),
    ];
    for (name, report, lang) in &reports {
        let folder = top.join(name);
        fs::create_dir_all(folder.join("don-vi")).unwrap();
        for (path, page) in pages(report, *lang) {
            fs::write(folder.join(path), page).unwrap();
        }
    }
    [
        "vi/index.html",
        "vi/don-vi/bv-da-khoa.html",
        "en/don-vi/cong-tinh.html",
        "one-off/index.html",
        "hostile/index.html",
        "hostile/don-vi/bv-da-khoa.html",
    ]
    .map(|path| top.join(path))
    .into()
}

/// Real Chromium and axe-core over the pages; `tests/run` installs both and says so.
#[test]
fn pages_in_a_browser() {
    let pages = written();
    let modules = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap().join("browser");
    assert!(
        modules.join("node_modules/axe-core").is_dir(),
        "run tests/run once: it installs Chromium and axe-core"
    );
    let output = std::process::Command::new("node")
        .arg("tests/browser/pages.mjs")
        .args(&pages[..2])
        .arg("--also")
        .args(&pages[2..])
        .env("KHIEN_NODE_MODULES", &modules)
        .output()
        .unwrap();
    let (said, wrong) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && said.contains(" passed, 0 failed"), "{said}{wrong}");
}
