//! `khien scan` of an inventory of real servers: several names on one address, one dead, one slow.

use std::{fs, io::Read as _, net::TcpListener, path::Path, thread};

use serde_json::Value;

use super::run::{Said, run_in};
use crate::peer::{Authority, Peer};

const HEAD: &str = "schema: khien.targets/1
province: {name: \"Tỉnh Mẫu\", domain: tinhmau.example}
lead_agency: {name: \"Sở Khoa học và Công nghệ\", contact: attt@tinhmau.example}
AUTHORISATION
allow_private: true
";

pub(super) fn authorisation() -> String {
    let today = jiff::tz::offset(7).to_datetime(jiff::Timestamp::now()).date();
    let later = today.checked_add(jiff::Span::new().days(30)).unwrap();
    format!(
        "authorisation: {{document: \"Kế hoạch\", number: \"1/KH-UBND\", date: {today}, body: \"UBND Tỉnh Mẫu\", expires: {later}}}"
    )
}

pub(super) fn write(folder: &Path, authorisation: &str, units: &str, lab: &str) {
    let text = format!("{}units:\n{units}lab:\n{lab}", HEAD.replace("AUTHORISATION", authorisation));
    fs::write(folder.join("targets.yaml"), text).unwrap();
}

/// Accepts and never answers, for as long as the test runs.
fn silent() -> std::net::SocketAddr {
    let address = crate::peer::free_address();
    let listener = TcpListener::bind(address).unwrap();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            thread::spawn(move || {
                let mut stream = stream;
                let _ = stream.read_to_end(&mut Vec::new());
            });
        }
    });
    address
}

fn unit<'r>(report: &'r Value, id: &str) -> &'r Value {
    report["units"].as_array().unwrap().iter().find(|u| u["id"] == id).unwrap()
}

fn scan(folder: &Path, more: &[&str]) -> Said {
    let mut arguments = vec!["scan", "targets.yaml", "--pace", "lab"];
    arguments.extend(more);
    run_in(folder, arguments)
}

#[test]
fn a_province_of_real_servers() {
    let authority = Authority::new();
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("root.pem"), &authority.root).unwrap();
    let names: Vec<String> =
        ["mot", "hai", "ba", "bon", "nam"].iter().map(|n| format!("{n}.tinhmau.example")).collect();
    let all: Vec<&str> = names.iter().map(String::as_str).collect();
    let headers = "add_header Strict-Transport-Security max-age=31536000; add_header X-Frame-Options DENY; \
                   add_header X-Content-Type-Options nosniff; add_header Referrer-Policy same-origin; \
                   add_header Content-Security-Policy \"default-src 'self'\";";
    // one nginx, five names; the fifth has no headers
    let block = |name: &str, headers: &str| {
        format!(
            "server {{ listen ADDRESS ssl; server_name {name}; CERTIFICATE ssl_protocols TLSv1.2 TLSv1.3; {headers} location / {{ return 200 x; }} }}"
        )
    };
    let shared = Peer::nginx(
        &authority.leaf(&all, -1, 90),
        &(names.iter().take(4).map(|name| block(name, headers)).collect::<String>() + &block(&names[4], "")),
    );
    let expired = Peer::nginx(
        &authority.leaf(&["hethan.tinhmau.example"], -100, 90),
        &block("hethan.tinhmau.example", headers),
    );
    let self_signed = Peer::nginx(
        &crate::peer::self_signed(&["tuky.tinhmau.example"]),
        &block("tuky.tinhmau.example", headers),
    );
    let incomplete = Peer::nginx(
        &authority.without_intermediate(&["thieu.tinhmau.example"]),
        &block("thieu.tinhmau.example", headers),
    );
    let old = Peer::openssl(
        &authority.leaf(&["cu.tinhmau.example"], -1, 90),
        &["-tls1", "-cipher", "DEFAULT:@SECLEVEL=0"],
    );
    let mixed =
        Peer::openssl(&authority.leaf(&["pha.tinhmau.example"], -1, 90), &["-cipher", "DEFAULT:@SECLEVEL=0"]);
    let (dead, slow) = (crate::peer::free_address(), silent());

    // nobody answers for DNS here: what cannot be known of a twin must not make too much unknown for a grade
    let units = "  - {id: so-mot, name: \"Sở Một\", kind: so, sites: [{host: mot.tinhmau.example, www: no}, {host: hai.tinhmau.example, www: no}]}
  - {id: so-hai, name: \"Sở Hai\", kind: so, sites: [{host: hethan.tinhmau.example, www: no}, {host: tuky.tinhmau.example, www: no}]}
  - {id: so-ba, name: \"Sở Ba\", kind: so, sites: [thieu.tinhmau.example, cu.tinhmau.example, pha.tinhmau.example]}
  - {id: cong, name: \"Cổng tỉnh\", kind: trung-tam, block: so, sites: []}
  - {id: xa-a, name: \"UBND xã A\", kind: xa, sites: [{host: ba.tinhmau.example, shared_operator: cong}]}
  - {id: xa-b, name: \"UBND xã B\", kind: xa, sites: [{host: bon.tinhmau.example, shared_operator: cong}]}
  - {id: xa-c, name: \"UBND xã C\", kind: xa, sites: [{host: nam.tinhmau.example, shared_operator: cong}]}
  - {id: xa-chet, name: \"UBND xã Chết\", kind: xa, sites: [chet.tinhmau.example]}
  - {id: xa-cham, name: \"UBND xã Chậm\", kind: xa, sites: [cham.tinhmau.example]}
  - {id: xa-khong, name: \"UBND xã Không\", kind: xa, sites: []}
";
    let row = |host: &str, to: std::net::SocketAddr| {
        format!(
            "    - \"{host}.tinhmau.example:443:{to}\"\n    - \"{host}.tinhmau.example:80:{}:\"\n",
            to.ip()
        )
    };
    let mut lab = "  ca_file: root.pem\n  connect_to:\n".to_owned();
    for (host, to) in [
        ("mot", shared.address()),
        ("hai", shared.address()),
        ("ba", shared.address()),
        ("bon", shared.address()),
        ("nam", shared.address()),
        ("hethan", expired.address()),
        ("tuky", self_signed.address()),
        ("thieu", incomplete.address()),
        ("cu", old.address()),
        ("pha", mixed.address()),
        ("chet", dead),
        ("cham", slow),
    ] {
        lab.push_str(&row(host, to));
    }
    write(folder.path(), &authorisation(), units, &lab);

    let said = scan(folder.path(), &["--format", "json", "--max-untested", "50%"]);
    assert_eq!(said.code, 1, "{}", said.err);
    let report = said.json();
    let schema: Value =
        serde_json::from_str(&fs::read_to_string("docs/report.schema.json").unwrap()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let errors: Vec<String> = validator.iter_errors(&report).map(|e| e.to_string()).collect();
    assert!(errors.is_empty(), "{errors:#?}");

    let failed = |id: &str, site: usize| -> Vec<String> {
        let findings = unit(&report, id)["sites"][site]["findings"].as_array().unwrap();
        let failed = findings.iter().filter(|f| f["verdict"] == "fail" && f["level"] == "required");
        failed.map(|f| f["rule"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(failed("so-mot", 0), Vec::<String>::new());
    assert_eq!(failed("so-hai", 0), ["certificate-expired"]);
    assert_eq!(failed("so-hai", 1), ["certificate-self-signed"]);
    assert_eq!(failed("so-ba", 0), ["certificate-intermediate-missing"]);
    assert_eq!(failed("so-ba", 1), ["tls-legacy-version-offered", "tls-modern-version-missing"]);
    assert!(failed("so-ba", 2).contains(&"tls-legacy-version-offered".to_owned()));
    assert!(failed("xa-c", 0).contains(&"http-hsts-missing".to_owned()));
    for (id, status) in [("xa-chet", "untested"), ("xa-cham", "untested"), ("xa-khong", "no_site")] {
        let unit = unit(&report, id);
        assert_eq!(unit["status"], status, "{id}");
        assert!(unit["score"].is_null() && unit["rank"].is_null(), "{id}");
    }
    // ranked within the block alone: the portal's server, the sound unit, the two with faults
    let rank = |id: &str| unit(&report, id)["rank"].as_u64();
    assert!(
        rank("cong") < rank("so-mot") && rank("so-mot") < rank("so-hai"),
        "{:?} {:?}",
        rank("cong"),
        rank("so-mot")
    );
    // the shared server is charged to whoever runs it
    assert_eq!(unit(&report, "cong")["groups"][0]["kind"], "server");

    // people read the same
    let said = scan(folder.path(), &["--max-untested", "50%", "--only", "tls,certificate"]);
    assert_eq!(said.code, 1, "{}", said.err);
    for text in [
        "KHỐI SỞ",
        "KHỐI XÃ",
        "UBND xã Chết",
        "không kiểm tra được",
        "chưa khai báo trang nào",
        "Cần xử lý",
        "hethan",
    ] {
        assert!(said.out.contains(text), "{text}\n{}", said.out);
    }
    for line in said.out.lines() {
        assert!(khien::render::width(line) <= 80, "{line}");
    }

    // one unit, what was seen, and the same verdicts from it without a socket
    let observations = folder.path().join("seen.jsonl");
    let file = observations.display().to_string();
    let said = scan(folder.path(), &["--unit", "so-hai", "--format", "observations", "--out", &file]);
    assert_eq!(said.code, 1, "{}", said.err);
    assert_eq!(said.out, "");
    assert_eq!(fs::read_to_string(&observations).unwrap().lines().count(), 2);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(fs::metadata(&observations).unwrap().permissions().mode() & 0o777, 0o600);
    }
    drop((expired, self_signed));
    let again = run_in(folder.path(), ["assess", &file, "--targets", "targets.yaml", "--format", "json"]);
    let again_report: Value = again.json();
    let of = |report: &Value| unit(report, "so-hai")["sites"].clone();
    for (place, site) in of(&again_report).as_array().unwrap().iter().enumerate() {
        let scanned = &of(&report)[place]["findings"];
        for (judged, seen) in site["findings"].as_array().unwrap().iter().zip(scanned.as_array().unwrap()) {
            // only the scan has a store that knows since when
            let mut seen = seen.clone();
            seen.as_object_mut().unwrap().remove("first_seen");
            assert_eq!(*judged, seen, "{}", site["host"]);
        }
        assert_eq!(site["findings"].as_array().unwrap().len(), scanned.as_array().unwrap().len());
    }
}

#[test]
fn nothing_is_dialled_without_an_authorisation() {
    let folder = tempfile::tempdir().unwrap();
    let units = "  - {id: so-mot, name: \"Sở Một\", kind: so, sites: [mot.tinhmau.example]}\n";
    let silent = silent();
    let lab = format!("  connect_to:\n    - \"::{silent}\"\n");
    for (authorisation, vietnamese, english) in [
        ("", "chưa có văn bản cho phép", "no authorisation"),
        (
            "authorisation: {document: \"Kế hoạch\", number: \"1/KH-UBND\", date: 2024-01-01, body: \"UBND\", expires: 2024-12-31}",
            "đã hết hạn ngày 31/12/2024",
            "expired",
        ),
        (
            "authorisation: {document: \"Kế hoạch\", number: \"1/KH-UBND\", date: 2199-01-01, body: \"UBND\", expires: 2199-12-31}",
            "chỉ có hiệu lực từ ngày 01/01/2199",
            "holds only from",
        ),
    ] {
        write(folder.path(), authorisation, units, &lab);
        for (lang, text) in [("vi", vietnamese), ("en", english)] {
            // --now sets what observations carry, never the authorisation
            let said = scan(folder.path(), &["--lang", lang, "--now", "2024-06-01T00:00:00Z"]);
            let flat = said.err.split_whitespace().collect::<Vec<_>>().join(" ");
            assert_eq!(said.code, 2, "{flat}");
            assert!(flat.contains(text) && flat.contains("authorisation"), "{text}: {flat}");
            assert_eq!(said.out, "");
        }
    }
}

#[test]
fn intrusive_probes_need_their_scope() {
    let folder = tempfile::tempdir().unwrap();
    let units = "  - {id: so-mot, name: \"Sở Một\", kind: so, sites: [mot.tinhmau.example]}\n";
    write(folder.path(), &authorisation(), units, "  connect_to: []\n");
    let said = scan(folder.path(), &["--intrusive", "--lang", "en"]);
    assert_eq!(said.code, 2);
    assert!(said.err.contains("does not cover abnormal probes"), "{}", said.err);
}

/// A real nginx with a page for crawlers alone: found under the scope, not looked for without it.
#[test]
fn other_names_than_our_own_need_their_scope() {
    let authority = Authority::new();
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("root.pem"), &authority.root).unwrap();
    let nginx = Peer::nginx(
        &authority.leaf(&["mot.tinhmau.example"], -1, 90),
        "map $http_user_agent $page { default '<title>x</title>tin'; ~Googlebot '<title>x</title>nổ hũ <a href=https://x.example/>game bài</a>'; }\n\
         server { listen ADDRESS ssl; CERTIFICATE location = / { default_type 'text/html; charset=utf-8'; return 200 $page; } }",
    );
    let lab = format!(
        "  ca_file: root.pem\n  connect_to: [\":443:{0}\", \":80:{1}\"]\n",
        nginx.address(),
        crate::peer::free_port(nginx.address().ip())
    );
    let units =
        "  - {id: so-mot, name: \"Sở Một\", kind: so, sites: [{host: mot.tinhmau.example, www: \"no\"}]}\n";
    for (scope, found) in [("[standard]", 0), ("[standard, impersonation]", 1)] {
        let permission = authorisation().replace('}', &format!(", scope: {scope}}}"));
        write(folder.path(), &permission, units, &lab);
        let said = scan(folder.path(), &["--only", "http,web", "--format", "json"]);
        let report = said.json();
        let site = &unit(&report, "so-mot")["sites"][0];
        let suspicions = site["suspicions"].as_array().map_or(0, Vec::len);
        assert_eq!(suspicions, found, "{scope}: {site}");
        // cron is told at once, whatever else is new
        let said = scan(folder.path(), &["--only", "http,web", "--quiet"]);
        assert_eq!(
            said.out.contains("Nghi vấn") && said.out.contains("x.example"),
            found == 1,
            "{}",
            said.out
        );
    }
}

#[test]
fn a_scan_without_network_says_so_and_scores_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let units = "  - {id: so-mot, name: \"Sở Một\", kind: so, sites: [mot.tinhmau.example]}
  - {id: so-hai, name: \"Sở Hai\", kind: so, sites: [hai.tinhmau.example]}\n";
    // a resolver that nobody runs stands for a machine without network
    let nobody = crate::peer::free_address();
    write(folder.path(), &authorisation(), units, &format!("  resolver: \"{nobody}\"\n"));
    let said = scan(folder.path(), &["--format", "json"]);
    assert_eq!(said.code, 3, "{}", said.err);
    let report = said.json();
    for unit in report["units"].as_array().unwrap() {
        assert_eq!(unit["status"], "untested");
        assert!(unit["score"].is_null());
    }
    let said = scan(folder.path(), &[]);
    assert_eq!(said.code, 3);
    assert!(said.out.contains("2 đơn vị không kiểm tra được"), "{}", said.out);
}

#[test]
fn unknown_units_and_sites_are_answered_with_the_nearest() {
    let folder = tempfile::tempdir().unwrap();
    let units = "  - {id: so-mot, name: \"Sở Một\", kind: so, sites: [mot.tinhmau.example]}\n";
    write(folder.path(), &authorisation(), units, "  connect_to: []\n");
    for (flag, value, near) in
        [("--unit", "so-mott", "so-mot"), ("--site", "mott.tinhmau.example", "mot.tinhmau.example")]
    {
        let said = scan(folder.path(), &[flag, value]);
        assert_eq!(said.code, 2);
        assert!(said.err.contains(near), "{}", said.err);
    }
    let said = run_in(folder.path(), ["scan", "nowhere.yaml"]);
    assert_eq!(said.code, 2, "{}", said.err);
}
