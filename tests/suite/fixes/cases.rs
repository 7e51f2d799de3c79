//! Which fixes are tried: for each the fault in configuration, certificate or application.

use std::{fs, path::Path, process::Command};

use khien::rule::Server::{self, Apache, Nginx};

use super::server::{HOST, Site, TWIN};
use crate::{
    peer::{Authority, Pem, self_signed},
    web_lab::{Act, Request, redirect, with},
};

type Handler = Box<dyn Fn(&Request) -> Act + Send + Sync>;

/// One fix.
pub(crate) struct Case {
    pub(crate) rule: &'static str,
    /// In this order they stand in the rule's `tried_on`.
    pub(crate) on: &'static [Server],
    /// What is wrong with the configuration.
    pub(crate) fault: fn(&mut Site, Server),
    /// The certificate that is served, and the ones at hand to mend it.
    pub(crate) certificates: fn(&Authority) -> Certificates,
    /// What stands behind the server.
    pub(crate) application: fn() -> Handler,
}

/// Certificates before and after.
pub(crate) struct Certificates {
    pub(crate) before: Pem,
    /// As `fullchain.pem` and `privkey.pem`.
    pub(crate) after: Pem,
}

impl Certificates {
    /// The site's own certificate and what comes after it in a file each, the first without a line end, as authorities
    /// send them.
    pub(crate) fn write_parts(&self, folder: &Path) {
        const END: &str = "-----END CERTIFICATE-----";
        let (leaf, rest) = self.after.chain.split_once(END).unwrap();
        fs::write(folder.join("trang.crt"), format!("{leaf}{END}")).unwrap();
        fs::write(folder.join("trung-gian.crt"), rest.trim()).unwrap();
    }
}

const BOTH: &[Server] = &[Nginx, Apache];

const fn case(rule: &'static str, fault: fn(&mut Site, Server)) -> Case {
    Case { rule, on: BOTH, fault, certificates: sound, application: plain }
}

const fn certificate(rule: &'static str, certificates: fn(&Authority) -> Certificates) -> Case {
    Case { rule, on: BOTH, fault: |_, _| {}, certificates, application: plain }
}

const fn application(rule: &'static str, fault: fn(&mut Site, Server), application: fn() -> Handler) -> Case {
    Case { rule, on: BOTH, fault, certificates: sound, application }
}

fn names() -> [&'static str; 2] {
    [HOST, TWIN]
}

fn sound(authority: &Authority) -> Certificates {
    let good = authority.leaf(&names(), -1, 90);
    Certificates { before: good.clone(), after: good }
}

fn instead(authority: &Authority, before: Pem) -> Certificates {
    Certificates { before, after: authority.leaf(&names(), -1, 90) }
}

/// The same certificate and key, otherwise sent.
fn resent(authority: &Authority, chain: impl Fn(&str, &str) -> String) -> Certificates {
    const END: &str = "-----END CERTIFICATE-----\n";
    let after = authority.leaf(&names(), -1, 90);
    let (leaf, rest) = after.chain.split_once(END).unwrap();
    let before = Pem { chain: chain(&format!("{leaf}{END}"), rest), key: after.key.clone() };
    Certificates { before, after }
}

/// A page.
pub(crate) fn plain() -> Handler {
    Box::new(|_| with(&[("Content-Type", "text/html")]))
}

/// By server: one line for nginx, one for Apache.
fn either(on: Server, nginx: &str, apache: &str) -> String {
    if on == Nginx { nginx.to_owned() } else { apache.to_owned() }
}

fn versions(site: &mut Site, on: Server, nginx: &str, apache: &str) {
    site.without(&either(on, "ssl_protocols", "SSLProtocol"));
    site.secure.push(either(on, &format!("ssl_protocols {nginx};"), &format!("SSLProtocol -all {apache}")));
}

fn suites(site: &mut Site, on: Server, which: &str) {
    site.secure.push(either(on, &format!("ssl_ciphers {which};"), &format!("SSLCipherSuite {which}")));
}

/// Key exchange with the prime that stands in the certificate's file, where Apache looks for it by itself.
fn primes(site: &mut Site, on: Server) {
    suites(site, on, "DHE-RSA-AES128-GCM-SHA256:ECDHE+AESGCM:@SECLEVEL=0");
    if on == Nginx {
        site.secure.push("ssl_dhparam FOLDER/site.pem;".into());
    }
}

fn with_prime(authority: &Authority, bits: &str) -> Certificates {
    let made = Command::new("openssl").args(["dhparam", "-dsaparam", bits]).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let mut leaf = authority.rsa_leaf(&names());
    leaf.chain += &String::from_utf8(made.stdout).unwrap();
    Certificates { before: leaf.clone(), after: leaf }
}

pub(crate) const CASES: &[Case] = &[
    case("tls-https-missing", |site, on| {
        // plain HTTP on port 443
        site.without(&either(on, "listen", "SSLEngine"));
        site.without(&either(on, "ssl_certificate ", "SSLCertificateFile"));
        site.without(&either(on, "ssl_certificate_key", "SSLCertificateKeyFile"));
        if on == Nginx {
            site.secure.push(format!("listen {};", site.secure_address()));
        }
    }),
    case("tls-modern-version-missing", |site, on| versions(site, on, "TLSv1.1", "+TLSv1.1")),
    case("tls-legacy-version-offered", |site, on| {
        versions(site, on, "TLSv1 TLSv1.1 TLSv1.2 TLSv1.3", "+TLSv1 +TLSv1.1 +TLSv1.2 +TLSv1.3");
    }),
    case("tls-1-3-missing", |site, on| versions(site, on, "TLSv1.2", "+TLSv1.2")),
    case("tls-cipher-cbc-chosen", |site, on| {
        versions(site, on, "TLSv1.2", "+TLSv1.2");
        let suites = "ECDHE-ECDSA-AES128-SHA:ECDHE-ECDSA-AES128-GCM-SHA256";
        site.secure.push(either(on, &format!("ssl_ciphers {suites};"), &format!("SSLCipherSuite {suites}")));
        site.secure.push(either(on, "ssl_prefer_server_ciphers on;", "SSLHonorCipherOrder on"));
    }),
    Case {
        // Apache never takes suites without encryption or authentication, and the OpenSSL here has no RC4
        on: &[Nginx],
        ..case("tls-cipher-insecure-offered", |site, on| {
            suites(site, on, "ECDHE+AESGCM:aNULL:eNULL:@SECLEVEL=0");
        })
    },
    Case {
        certificates: |ca| Certificates { before: ca.rsa_leaf(&names()), after: ca.rsa_leaf(&names()) },
        ..case("tls-forward-secrecy-missing", |site, on| {
            versions(site, on, "TLSv1.2", "+TLSv1.2");
            suites(site, on, "AES128-GCM-SHA256:AES256-GCM-SHA384");
        })
    },
    Case {
        certificates: |ca| Certificates { before: ca.rsa_leaf(&names()), after: ca.rsa_leaf(&names()) },
        ..case("tls-forward-secrecy-partial", |site, on| {
            suites(site, on, "ECDHE+AESGCM:AES128-GCM-SHA256");
        })
    },
    Case {
        // Apache takes no early data
        on: &[Nginx],
        ..case("tls-early-data-accepted", |site, _| site.secure.push("ssl_early_data on;".into()))
    },
    // the OpenSSL here has no primes under 1024 bits at any level, so that tls-dh-prime-under-1024 cannot be tried
    Case { certificates: |ca| with_prime(ca, "1024"), ..case("tls-dh-prime-under-2048", primes) },
    case("tls-curve-weak-offered", |site, on| {
        suites(site, on, "ECDHE+AESGCM:@SECLEVEL=0");
        let curves = "prime192v1:prime256v1";
        site.secure.push(either(
            on,
            &format!("ssl_ecdh_curve {curves};"),
            &format!("SSLOpenSSLConfCmd Curves {curves}"),
        ));
    }),
    case("tls-signature-sha1-accepted", |site, _| site.without("SignatureAlgorithms")),
    certificate("certificate-expired", |ca| instead(ca, ca.leaf(&names(), -100, 90))),
    certificate("certificate-expiring-soon", |ca| instead(ca, ca.leaf(&names(), -85, 90))),
    certificate("certificate-expiring", |ca| instead(ca, ca.leaf(&names(), -70, 90))),
    certificate("certificate-name-mismatch", |ca| instead(ca, ca.leaf(&["other.test"], -1, 90))),
    certificate("certificate-self-signed", |ca| instead(ca, self_signed(&names()))),
    certificate("certificate-untrusted-root", |ca| {
        let other = Authority::new();
        let mut leaf = other.leaf(&names(), -1, 90);
        leaf.chain += &other.root;
        instead(ca, leaf)
    }),
    certificate("certificate-purpose-wrong", |ca| instead(ca, ca.client_leaf(&names()))),
    certificate("certificate-key-weak", |ca| instead(ca, made(&["-newkey", "rsa:1024"], "-sha256"))),
    certificate("certificate-signature-weak", |ca| instead(ca, made(&["-newkey", "rsa:2048"], "-sha1"))),
    certificate("certificate-intermediate-missing", |ca| resent(ca, |leaf, _| leaf.to_owned())),
    certificate("certificate-order-wrong", |ca| resent(ca, |leaf, rest| format!("{leaf}{}{rest}", ca.root))),
    case("http-redirect-missing", |site, on| {
        site.plain = vec![either(
            on,
            &format!("location / {{ proxy_pass http://{}; }}", site.application()),
            &format!("ProxyPass / http://{}/ disablereuse=On", site.application()),
        )];
    }),
    case("http-redirect-loop", |site, on| {
        let rules: &[&str] = if on == Nginx {
            &["location = / { return 302 http://$host/vi; }", "location /vi { return 302 http://$host/; }"]
        } else {
            &[
                "RewriteEngine on",
                "RewriteRule ^/$ http://lab.test/vi [R=302,L]",
                "RewriteRule ^/vi$ http://lab.test/ [R=302,L]",
            ]
        };
        site.plain = rules.iter().map(ToString::to_string).collect();
    }),
    case("http-redirect-other-host-first", |site, on| {
        site.secure_twin =
            Some(site.secure.iter().filter(|line| !line.starts_with("listen")).cloned().collect());
        site.plain = vec![either(
            on,
            &format!("return 301 https://{TWIN}$request_uri;"),
            &format!("Redirect permanent / https://{TWIN}/"),
        )];
    }),
    case("http-www-redirect-missing", |site, on| {
        site.plain_twin = Some(vec![either(
            on,
            &format!("location / {{ proxy_pass http://{}; }}", site.application()),
            &format!("ProxyPass / http://{}/ disablereuse=On", site.application()),
        )]);
    }),
    application(
        "http-https-redirect-broken",
        |_, _| {},
        || {
            Box::new(|asked| match asked.forwarded.as_deref() {
                Some("https") => with(&[]),
                _ => redirect(302, &format!("https://{HOST}{}", asked.path)),
            })
        },
    ),
    application(
        "http-https-downgrade",
        |_, _| {},
        || {
            Box::new(|asked| match (asked.path.as_str(), asked.forwarded.as_deref()) {
                ("/", Some("https")) => redirect(302, &format!("https://{HOST}/vi")),
                ("/", _) => redirect(302, &format!("http://{HOST}/vi")),
                _ => with(&[]),
            })
        },
    ),
    case("http-hsts-missing", |site, _| site.without("Strict-Transport-Security")),
    case("http-hsts-short", |site, on| {
        site.without("Strict-Transport-Security");
        site.secure.push(either(
            on,
            "add_header Strict-Transport-Security \"max-age=300\" always;",
            "Header always set Strict-Transport-Security \"max-age=300\"",
        ));
    }),
    application(
        "http-hsts-repeated",
        |_, _| {},
        || Box::new(|_| with(&[("Strict-Transport-Security", "max-age=31536000")])),
    ),
    case("http-nosniff-missing", |site, _| site.without("X-Content-Type-Options")),
    case("http-clickjacking-unprotected", |site, _| {
        for line in &mut site.secure {
            *line = line.replace(" frame-ancestors 'self';", "");
        }
    }),
    case("http-referrer-policy-missing", |site, _| site.without("Referrer-Policy")),
    application(
        "http-cookie-session-insecure",
        |_, _| {},
        || {
            Box::new(|_| {
                with(&[("Set-Cookie", "PHPSESSID=0123456789; path=/"), ("Set-Cookie", "lang=vi; path=/")])
            })
        },
    ),
    application(
        "http-cookie-samesite-missing",
        |_, _| {},
        || Box::new(|_| with(&[("Set-Cookie", "JSESSIONID=0123456789; Path=/; Secure; HttpOnly")])),
    ),
    case("http-server-version-disclosed", |site, on| {
        site.without(&either(on, "server_tokens", "ServerTokens"));
    }),
    application(
        "http-platform-disclosed",
        |_, _| {},
        || Box::new(|_| with(&[("X-Powered-By", "PHP/7.4.3"), ("X-AspNet-Version", "4.0.30319")])),
    ),
];

/// A leaf that OpenSSL makes: a key of this kind, signed so by an authority that nobody knows.
fn made(key: &[&str], hash: &str) -> Pem {
    let folder = tempfile::tempdir().unwrap();
    let openssl = |arguments: &[&str]| {
        let done = Command::new("openssl").args(arguments).current_dir(folder.path()).output().unwrap();
        assert!(done.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
    };
    let new = ["req", "-nodes"];
    let ca = ["-x509", "-newkey", "rsa:2048", "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=Nobody"];
    openssl(&[&new[..], &ca].concat());
    openssl(&[&new[..], key, &["-keyout", "site.key", "-out", "site.csr", "-subj", "/CN=lab.test"]].concat());
    fs::write(folder.path().join("names"), format!("subjectAltName=DNS:{HOST},DNS:{TWIN}\n")).unwrap();
    let signing = ["x509", "-req", "-in", "site.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial"];
    openssl(&[&signing[..], &[hash, "-days", "30", "-extfile", "names", "-out", "site.pem"]].concat());
    let read = |file: &str| fs::read_to_string(folder.path().join(file)).unwrap();
    Pem { chain: read("site.pem"), key: read("site.key") }
}
