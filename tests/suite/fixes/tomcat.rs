//! The fixes for Tomcat, tried on a real one: every case is a service of its own in one process, first with all their
//! faults, then with what the rules' texts say done to them.

use std::{collections::BTreeMap, fmt::Write as _, fs, net::SocketAddr, path::Path, process::Command};

use khien::{
    report::SiteReport,
    rule::{RuleSet, Server, Verdict},
    scan::{Probe, Probes},
    target::{ConnectTo, Www},
};

use super::{
    failing, rule,
    server::{HOST, TWIN, write},
    snippet::security_txt,
};
use crate::{
    peer::{Authority, Peer, free_address, free_port},
    peers::scanned_by,
};

/// Where Debian's tomcat10-common puts it.
const HOME: &str = "/usr/share/tomcat10";

/// One fix.
struct Case {
    rule: &'static str,
    fault: fn(&mut Site),
}

/// What a case has of configuration, application and files.
struct Site {
    plain: SocketAddr,
    secure: SocketAddr,
    /// Attributes of both connectors.
    connector: Vec<String>,
    valves: Vec<String>,
    context: Vec<String>,
    /// Attributes of `Context`.
    context_says: &'static str,
    /// Elements of `web.xml`.
    web: Vec<String>,
    /// Statements of the servlet for `/`; none where files alone are served.
    java: Option<Vec<String>>,
    listings: bool,
    /// Files of the site.
    files: Vec<(&'static str, String)>,
}

const CONFIDENTIAL: &str = "<security-constraint><web-resource-collection><web-resource-name>all</web-resource-name>\
    <url-pattern>/*</url-pattern></web-resource-collection><user-data-constraint><transport-guarantee>CONFIDENTIAL\
    </transport-guarantee></user-data-constraint></security-constraint>";
const SESSION: &str = "request.getSession(true);";

fn sends(site: &mut Site, field: &str, value: &str) {
    let value = value.replace('"', "\\\"");
    site.java().push(format!("response.setHeader(\"{field}\", \"{value}\");"));
}

fn policy(site: &mut Site, policy: &str) {
    sends(site, "Content-Security-Policy", policy);
}

fn shows(site: &mut Site, html: &str) {
    site.java().push(format!("response.getWriter().print(\"{html}\");"));
}

fn filter(site: &mut Site, parameters: &[(&str, &str)]) {
    let parameter = |(name, value): &(&str, &str)| {
        format!("<init-param><param-name>{name}</param-name><param-value>{value}</param-value></init-param>")
    };
    let parameters: String = parameters.iter().map(parameter).collect();
    site.web.push(format!(
        "<filter><filter-name>httpHeaderSecurity</filter-name><filter-class>\
         org.apache.catalina.filters.HttpHeaderSecurityFilter</filter-class>{parameters}</filter>"
    ));
    site.web.push(String::from(
        "<filter-mapping><filter-name>httpHeaderSecurity</filter-name><url-pattern>/*</url-pattern></filter-mapping>",
    ));
}

const fn case(rule: &'static str, fault: fn(&mut Site)) -> Case {
    Case { rule, fault }
}

const CASES: &[Case] = &[
    case("http-redirect-missing", |site| site.web.clear()),
    case("http-hsts-missing", |_| {}),
    case("http-hsts-short", |site| {
        let short =
            [("hstsEnabled", "true"), ("hstsMaxAgeSeconds", "300"), ("antiClickJackingEnabled", "false")];
        filter(site, &short);
    }),
    case("http-nosniff-missing", |_| {}),
    case("http-clickjacking-unprotected", |_| {}),
    case("http-referrer-policy-missing", |_| {}),
    case("http-permissions-policy-missing", |_| {}),
    case("http-opener-policy-missing", |_| {}),
    case("http-resource-policy-missing", |_| {}),
    case("http-embedder-policy-unread", |site| sends(site, "Cross-Origin-Embedder-Policy", "require")),
    case("http-field-deprecated", |site| filter(site, &[("xssProtectionEnabled", "true")])),
    case("http-cookie-session-insecure", |site| {
        site.java().push(SESSION.into());
        site.context_says = "useHttpOnly=\"false\"";
        site.context.push("<CookieProcessor sameSiteCookies=\"lax\" />".into());
    }),
    case("http-cookie-samesite-missing", |site| site.java().push(SESSION.into())),
    case("http-server-version-disclosed", |site| site.connector.push("server=\"Apache-Coyote/1.1\"".into())),
    case("http-platform-disclosed", |site| site.connector.push("xpoweredBy=\"true\"".into())),
    case("http-csp-missing", |_| {}),
    case("http-csp-script-unprotected", |site| {
        policy(site, "script-src *; object-src 'none'; base-uri 'none'");
    }),
    case("http-csp-eval-allowed", |site| policy(site, "script-src 'self' 'unsafe-eval'; base-uri 'none'")),
    case("http-csp-bypass-host", |site| policy(site, "script-src 'self' https://ajax.googleapis.com")),
    case("http-csp-public-suffix-wildcard", |site| policy(site, "script-src 'self' *.gov.vn")),
    case("http-csp-plain-source", |site| policy(site, "script-src 'self' http://cdn.lab.test")),
    case("http-csp-plugin-open", |site| policy(site, "script-src 'self'; base-uri 'none'")),
    case("http-csp-base-open", |site| policy(site, "script-src 'self'; object-src 'none'")),
    case("http-csp-form-open", |site| policy(site, "default-src 'self'; base-uri 'none'")),
    case("http-csp-token-unread", |site| {
        policy(site, "default-src self; base-uri 'none'; form-action 'self'");
    }),
    case("web-cookie-page-cached", |site| {
        site.java().push(SESSION.into());
        sends(site, "Cache-Control", "public, max-age=600");
    }),
    case("web-directory-listed", |site| {
        site.java = None;
        site.listings = true;
        site.files.push(("ke-hoach.txt", "x".into()));
    }),
    case("web-error-page-leaks", |_| {}),
    case("web-form-over-http", |site| {
        site.web.clear();
        shows(site, "<form method=post action=/vao><input type=password name=b></form>");
    }),
    case("web-mixed-content-active", |site| {
        policy(site, "default-src 'self'; base-uri 'none'; form-action 'self'; object-src 'none'");
        shows(site, "<script src=http://cdn.lab.test/a.js></script>");
    }),
    case("web-security-txt-missing", |_| {}),
];

/// Whether the fix for this rule is tried here.
pub(super) fn tries(rule: &str) -> bool {
    CASES.iter().any(|case| case.rule == rule)
}

impl Site {
    fn new() -> Self {
        let secure = free_address();
        Self {
            plain: free_port(secure.ip()),
            secure,
            connector: Vec::new(),
            valves: Vec::new(),
            context: Vec::new(),
            context_says: "",
            web: vec![CONFIDENTIAL.into()],
            java: Some(Vec::new()),
            listings: false,
            files: Vec::new(),
        }
    }

    fn java(&mut self) -> &mut Vec<String> {
        self.java.as_mut().unwrap()
    }

    /// Does what a text says; its lines are indented. Commands run in `folder`, where `webapps` is.
    fn apply(&mut self, text: &str, folder: &Path) {
        let mut found = false;
        let mut lines = text.lines().peekable();
        while lines.peek().is_some() {
            let snippet: Vec<&str> = lines
                .by_ref()
                .skip_while(|line| !line.starts_with("  "))
                .take_while(|line| line.starts_with("  "))
                .collect();
            if !snippet.is_empty() {
                found = true;
                self.do_as(&snippet.iter().map(|line| line.trim()).collect::<Vec<_>>().join("\n"), folder);
            }
        }
        assert!(found, "there is nothing to try in {text}");
    }

    fn do_as(&mut self, snippet: &str, folder: &Path) {
        let element = |text: &str| text.split(['>', ' ']).next().unwrap().to_owned();
        if snippet.starts_with("<init-param>") {
            let part = |text: &str, name: &str| {
                text.split(&format!("<{name}>")).nth(1).unwrap().split("</").next().unwrap().to_owned()
            };
            let (name, value) = (part(snippet, "param-name"), part(snippet, "param-value"));
            if name == "listings" {
                self.listings = value == "true";
                return;
            }
            let has = format!("<param-name>{name}</param-name>");
            let place = self.web.iter_mut().find(|text| text.contains(&has)).unwrap();
            let (before, after) = place.split_once(&has).unwrap();
            *place = format!("{before}{has}<param-value>{value}{}", &after[after.find("</").unwrap()..]);
        } else if snippet.starts_with("<CookieProcessor") {
            self.context.push(snippet.to_owned());
        } else if snippet.starts_with("<Valve") {
            self.valves.push(snippet.to_owned());
        } else if snippet.starts_with('<') {
            // whole elements, of which one replaces another of its kind
            let kind = element(snippet);
            self.web
                .retain(|text| element(text) != kind && !(kind == "<filter" && text.starts_with("<filter")));
            self.web.push(snippet.to_owned());
        } else if snippet.starts_with("response.") {
            self.java().push(snippet.to_owned());
        } else if snippet.starts_with("mkdir") {
            let done = Command::new("sh").args(["-ec", snippet]).current_dir(folder).status().unwrap();
            assert!(done.success(), "{snippet}");
        } else {
            let (name, _) = snippet.split_once("=\"").unwrap_or_else(|| panic!("what is {snippet}?"));
            self.connector.retain(|attribute| !attribute.starts_with(name));
            self.connector.push(snippet.to_owned());
        }
    }

    /// The service, with its files in `folder/NAME`.
    fn service(&self, name: &str, folder: &Path) -> String {
        let Self { plain, secure, .. } = self;
        let (attributes, valves) = (self.connector.join(" "), self.valves.join("\n"));
        let own = folder.join(name);
        let root = own.join("webapps/ROOT");
        fs::create_dir_all(&root).unwrap();
        for (file, text) in &self.files {
            fs::write(root.join(file), text).unwrap();
        }
        let defaults = folder.join("conf").join(name).join(HOST);
        fs::create_dir_all(&defaults).unwrap();
        let servlet = if self.java.is_some() {
            format!(
                "<servlet><servlet-name>site</servlet-name><servlet-class>{name}</servlet-class></servlet>\
                 <servlet-mapping><servlet-name>site</servlet-name><url-pattern></url-pattern></servlet-mapping>"
            )
        } else {
            String::new()
        };
        fs::write(
            defaults.join("web.xml.default"),
            format!(
                "<web-app xmlns=\"https://jakarta.ee/xml/ns/jakartaee\" version=\"6.0\"><servlet>\
                 <servlet-name>default</servlet-name>\
                 <servlet-class>org.apache.catalina.servlets.DefaultServlet</servlet-class>\
                 <init-param><param-name>listings</param-name><param-value>{}</param-value></init-param></servlet>\
                 <servlet-mapping><servlet-name>default</servlet-name><url-pattern>/</url-pattern></servlet-mapping>\
                 <mime-mapping><extension>txt</extension><mime-type>text/plain</mime-type></mime-mapping>\
                 <mime-mapping><extension>html</extension><mime-type>text/html</mime-type></mime-mapping>\
                 <welcome-file-list><welcome-file>index.html</welcome-file></welcome-file-list>{servlet}{}</web-app>",
                self.listings,
                self.web.join("\n")
            ),
        )
        .unwrap();
        fs::write(
            defaults.join("context.xml.default"),
            format!("<Context {}>{}</Context>", self.context_says, self.context.join("\n")),
        )
        .unwrap();
        let connector = |at: &SocketAddr| {
            format!(
                "<Connector address=\"{}\" port=\"{}\" protocol=\"HTTP/1.1\" redirectPort=\"443\" \
                 minSpareThreads=\"1\" maxThreads=\"4\" {attributes}",
                at.ip(),
                at.port()
            )
        };
        format!(
            "<Service name=\"{name}\">{} />\n{} SSLEnabled=\"true\" scheme=\"https\" secure=\"true\"><SSLHostConfig \
             protocols=\"TLSv1.2,TLSv1.3\"><Certificate type=\"EC\" certificateFile=\"{certificate}/site.pem\" \
             certificateKeyFile=\"{certificate}/site.key\" /></SSLHostConfig></Connector>\n\
             <Engine name=\"{name}\" defaultHost=\"{HOST}\"><Host name=\"{HOST}\" appBase=\"{name}/webapps\" \
             autoDeploy=\"false\" deployXML=\"false\" deployOnStartup=\"false\"><Alias>{TWIN}</Alias>{valves}\
             <Context path=\"\" docBase=\"{}\" /></Host></Engine></Service>\n",
            connector(plain),
            connector(secure),
            root.display(),
            certificate = folder.display(),
        )
    }

    /// The servlet's source.
    fn source(&self, name: &str) -> Option<String> {
        let statements = self.java.as_ref()?.join("\n");
        Some(format!(
            "import jakarta.servlet.http.*;\npublic class {name} extends HttpServlet {{\n\
             protected void doGet(HttpServletRequest request, HttpServletResponse response) throws java.io.IOException {{\n\
             response.setContentType(\"text/html;charset=UTF-8\");\n{statements}\n\
             response.getWriter().print(\"<title>x</title>\");\n}}\n}}\n"
        ))
    }
}

fn name(number: usize) -> String {
    format!("Case{number}")
}

/// All sites in one Tomcat whose `CATALINA_BASE` is this folder.
fn start(sites: &[Site], folder: tempfile::TempDir, certificate: &crate::peer::Pem) -> Peer {
    let base = folder.path();
    write(base, certificate, "site.pem", "site.key");
    for part in ["conf", "lib", "logs", "temp", "work", "source"] {
        fs::create_dir_all(base.join(part)).unwrap();
    }
    let mut server = String::from("<Server port=\"-1\">\n");
    let mut compiler = Command::new("javac");
    compiler.args(["-cp", &format!("{HOME}/lib/servlet-api.jar"), "-d"]).arg(base.join("lib"));
    for (number, site) in sites.iter().enumerate() {
        let name = name(number);
        server.push_str(&site.service(&name, base));
        if let Some(source) = site.source(&name) {
            let file = base.join("source").join(format!("{name}.java"));
            fs::write(&file, source).unwrap();
            compiler.arg(file);
        }
    }
    server.push_str("</Server>\n");
    fs::write(base.join("conf/server.xml"), server).unwrap();
    fs::write(base.join("conf/web.xml"), "<web-app />").unwrap();
    fs::write(base.join("conf/context.xml"), "<Context />").unwrap();
    let done = compiler.output().unwrap_or_else(|error| panic!("javac: {error}; tests/run installs it"));
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let mut java = Command::new("java");
    java.args(["-Xmx256m", "-XX:TieredStopAtLevel=1", "-Djava.net.preferIPv4Stack=true", "-cp"])
        .arg(format!("{HOME}/bin/bootstrap.jar:{HOME}/bin/tomcat-juli.jar"))
        .arg(format!("-Dcatalina.home={HOME}"))
        .arg(format!("-Dcatalina.base={}", base.display()))
        .arg(format!("-Djava.io.tmpdir={}/temp", base.display()))
        .args(["org.apache.catalina.startup.Bootstrap", "start"]);
    // services start in their order
    let last = sites.last().unwrap().secure;
    Peer::start(java, last, folder)
}

async fn look(site: &Site, authority: &Authority, rules: &RuleSet) -> (serde_json::Value, SiteReport) {
    let to = vec![ConnectTo::new(None, Some(80), site.plain), ConnectTo::new(None, Some(443), site.secure)];
    let probes = Probes::only([Probe::Certificate, Probe::Http, Probe::Web]);
    scanned_by(probes, HOST, Www::Auto, to, &authority.root, rules).await
}

pub(super) async fn try_all(rules: &RuleSet) {
    let authority = Authority::new();
    let certificate = authority.leaf(&[HOST, TWIN], -1, 90);
    let mut sites: Vec<Site> = CASES
        .iter()
        .map(|case| {
            let mut site = Site::new();
            (case.fault)(&mut site);
            site
        })
        .collect();
    let broken = start(&sites, tempfile::tempdir().unwrap(), &certificate);
    let (mut before, mut wrong) = (Vec::new(), BTreeMap::new());
    for (case, site) in CASES.iter().zip(&sites) {
        let (facts, report) = look(site, &authority, rules).await;
        let found = failing(&report);
        if !found.contains(case.rule) {
            wrong.insert(case.rule, format!("the fault is not found, only {found:?}: {facts}"));
        }
        before.push(found);
        // what it says by its own error page chooses whose steps come first
        assert_eq!(report.software, [Server::Tomcat], "{}: {facts}", case.rule);
    }
    drop(broken);

    let folder = tempfile::tempdir().unwrap();
    for (number, (case, site)) in CASES.iter().zip(&mut sites).enumerate() {
        let fix = &rule(rules, case.rule).fix.vi;
        let own = folder.path().join(name(number));
        fs::create_dir_all(&own).unwrap();
        if let Some(text) = fix.any.as_deref().and_then(security_txt) {
            fs::write(own.join("security.txt"), text).unwrap();
        }
        if case.rule == "web-directory-listed" {
            // the text asks for it in words
            site.files.push(("index.html", "<title>x</title>".into()));
        }
        site.apply(fix.for_server(Server::Tomcat).unwrap(), &own);
    }
    let _fixed = start(&sites, folder, &certificate);
    for ((case, site), before) in CASES.iter().zip(&sites).zip(&before) {
        let (facts, report) = look(site, &authority, rules).await;
        let verdict = report.findings.iter().find(|f| f.rule.as_str() == case.rule).map(|f| f.verdict);
        let new: Vec<String> = failing(&report).difference(before).cloned().collect();
        if verdict != Some(Verdict::Pass) || !new.is_empty() {
            wrong.insert(case.rule, format!("it comes to {verdict:?}, and new are {new:?}: {facts}"));
        }
    }
    let told = wrong.iter().fold(String::new(), |mut told, (rule, why)| {
        let _ = writeln!(told, "{rule}: {why}\n");
        told
    });
    assert!(told.is_empty(), "{told}");
}
