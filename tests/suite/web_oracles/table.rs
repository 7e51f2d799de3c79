//! docs/http-comparison.md: where khien and the others differ, and which text decides.

use std::collections::BTreeMap;

use super::{Compared, Known, Only, Tool, programs::version};

pub(super) const FILE: &str = "docs/http-comparison.md";

const HEAD: &str = "# HTTP: khien beside MDN HTTP Observatory, CSP Evaluator, sectxt and Internet.nl

Written by `UPDATE=1 cargo test --test suite web_oracles` from a live run: every case of tests/data/web/cases.yaml is a
site on loopback that khien and the Observatory visit; CSP Evaluator reads its policy, sectxt its file. The same test,
without `UPDATE`, fails on any difference that tests/data/web/known.yaml does not explain.
";

/// What of Internet.nl's published rules differs: they are read, not run.
const INTERNET_NL: &str = "
## Internet.nl (rules read, not run)

Read in checks/tasks/http_headers.py (commit 02368e3e) and checks/tasks/tls/http.py (68f3f8b6), their weight in
checks/scoring.py (ff96cd39) of internetstandards/Internet.nl.

| subject | Internet.nl | khien | what decides |
|---|---|---|---|
| HSTS that is not RFC 6797 (`x max-age=31536000`, repeated directives) | reads the digits behind the first `max-age=` | not noted, `http-hsts-missing` | RFC 6797 section 6.1: a field that does not conform is ignored |
| HSTS `max-age=\"31536000\"` | no number: bad | noted | RFC 6797 section 6.1 and example 6.2: a quoted string is the same value |
| HSTS under a year | part of the points | `http-hsts-short` | no RFC; both want a year |
| http redirects to https of another host first | not enough | `http-redirect-other-host-first`, low | RFC 6797 section 11.4.1 by example: the first host could not set its own policy |
| X-Frame-Options beside `frame-ancestors` | looked at by itself, for information | decides only without `frame-ancestors` | CSP Level 3 section 6.4.2.2 |
| X-Frame-Options of several values | the first one counts | browsers deny | HTML, \"check a navigation response's adherence to X-Frame-Options\" |
| Referrer-Policy whose last word is not known | bad | the last known word counts | Referrer Policy section 8.1, fallback of section 11.1 |
| `strict-origin-when-cross-origin` | warning | pass | Referrer Policy section 3: nothing but the origin leaves, and never to http |
| CSP hosts without a scheme, bare `https:` in any directive | fails | only where scripts, plugins or base may come from anybody | CSP Level 3 section 6.7.2.9: a host without scheme takes the page's own, https |
| CSP with `'unsafe-inline'` beside a nonce or hash | fails | ignored, as browsers do | CSP Level 3 section 6.7.3.2 |
| CSP without `default-src`, `form-action`, `base-uri`, `frame-ancestors` | fails | each by itself, and only what it opens | CSP Level 3 section 6.8.3: specific directives need no fallback |
| security.txt | sectxt, without Canonical | as below | RFC 9116 |
";

pub(super) fn render(all: &[Compared], known: &[Known], used: &BTreeMap<usize, Vec<String>>) -> String {
    let mut text = String::from(HEAD);
    text += &format!(
        "\nkhien {}, @mdn/mdn-http-observatory {} (algorithm 4, without its list of preloaded hosts), csp_evaluator {}, sectxt\n0.9.8. {} cases.\n",
        env!("CARGO_PKG_VERSION"),
        version("@mdn/mdn-http-observatory"),
        version("csp_evaluator"),
        all.len()
    );
    text += "\n| program | cases | the same | differ |\n|---|---|---|---|\n";
    for (tool, name) in NAMES {
        let of: Vec<&Compared> = all.iter().filter(|one| one.said.contains_key(&tool)).collect();
        let differ = of.iter().filter(|one| one.said[&tool].0 != one.said[&tool].1).count();
        text += &format!("| {name} | {} | {} | {differ} |\n", of.len(), of.len() - differ);
    }
    for (tool, name) in NAMES {
        text += &format!("\n## {name}\n");
        for (index, known) in known.iter().enumerate().filter(|(_, known)| known.tool == tool) {
            let who = match known.only {
                Only::Khien => "khien alone says",
                Only::Other => "khien does not say",
            };
            let mut cases = used.get(&index).cloned().unwrap_or_default();
            cases.dedup();
            text += &format!(
                "\n- {who} `{}` ({}). {}\n",
                known.facts.join("`, `"),
                cases.join(", "),
                known.why.trim()
            );
        }
    }
    text + INTERNET_NL
}

const NAMES: [(Tool, &str); 3] = [
    (Tool::Observatory, "MDN HTTP Observatory"),
    (Tool::Evaluator, "CSP Evaluator"),
    (Tool::Sectxt, "sectxt"),
];
