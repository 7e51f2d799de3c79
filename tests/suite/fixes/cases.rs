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
    /// Files beside the certificate, before and after: what the text asks for in words alone.
    pub(crate) files: fn(&Path, bool),
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
    Case { rule, on: BOTH, fault, certificates: sound, files: none, application: plain }
}

const fn certificate(rule: &'static str, certificates: fn(&Authority) -> Certificates) -> Case {
    Case { rule, on: BOTH, fault: |_, _| {}, certificates, files: none, application: plain }
}

const fn application(rule: &'static str, fault: fn(&mut Site, Server), application: fn() -> Handler) -> Case {
    Case { rule, on: BOTH, fault, certificates: sound, files: none, application }
}

fn none(_: &Path, _: bool) {}

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

/// The same with this in its body.
fn page(body: &'static str) -> Handler {
    Box::new(move |_| {
        let text = format!("<!doctype html><title>Sở</title>{body}");
        Act::raw(&format!(
            "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {}\r\n\r\n{text}",
            text.len()
        ))
    })
}

/// A home page, and nothing else.
fn home_alone() -> Handler {
    Box::new(|asked| match asked.path.as_str() {
        "/" => with(&[("Content-Type", "text/html")]),
        _ => Act::raw("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"),
    })
}

fn home_page(folder: &Path) {
    fs::write(folder.join("www/index.html"), "<!doctype html><title>Sở</title>").unwrap();
}

/// This policy instead of the sound one.
fn policy(site: &mut Site, on: Server, policy: &str) {
    site.without("Content-Security-Policy");
    site.secure.push(either(
        on,
        &format!("add_header Content-Security-Policy \"{policy}\" always;"),
        &format!("Header always set Content-Security-Policy \"{policy}\""),
    ));
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
    case("http-csp-missing", |site, _| site.without("Content-Security-Policy")),
    case("http-csp-script-unprotected", |site, on| {
        policy(site, on, "script-src *; object-src 'none'; base-uri 'none'");
    }),
    case("http-csp-eval-allowed", |site, on| {
        policy(site, on, "script-src 'self' 'unsafe-eval'; object-src 'none'; base-uri 'none'");
    }),
    case("http-csp-bypass-host", |site, on| {
        policy(site, on, "script-src 'self' https://ajax.googleapis.com; object-src 'none'; base-uri 'none'");
    }),
    case("http-csp-public-suffix-wildcard", |site, on| {
        policy(site, on, "script-src 'self' *.gov.vn; object-src 'none'; base-uri 'none'");
    }),
    case("http-csp-plain-source", |site, on| {
        policy(site, on, "script-src 'self' http://cdn.lab.test; object-src 'none'; base-uri 'none'");
    }),
    case("http-csp-plugin-open", |site, on| policy(site, on, "script-src 'self'; base-uri 'none'")),
    case("http-csp-base-open", |site, on| policy(site, on, "script-src 'self'; object-src 'none'")),
    case("http-csp-form-open", |site, on| policy(site, on, "default-src 'self'; base-uri 'none'")),
    case("http-csp-token-unread", |site, on| {
        policy(
            site,
            on,
            "default-src self; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'self'",
        );
    }),
    case("http-permissions-policy-missing", |site, _| site.without("Permissions-Policy")),
    case("http-opener-policy-missing", |site, _| site.without("Cross-Origin-Opener-Policy")),
    case("http-resource-policy-missing", |site, _| site.without("Cross-Origin-Resource-Policy")),
    case("http-embedder-policy-unread", |site, on| {
        site.secure.push(either(
            on,
            "add_header Cross-Origin-Embedder-Policy \"require\" always;",
            "Header always set Cross-Origin-Embedder-Policy \"require\"",
        ));
    }),
    application(
        "http-field-deprecated",
        |_, _| {},
        || {
            Box::new(|_| {
                with(&[
                    ("X-XSS-Protection", "1; mode=block"),
                    ("P3P", "CP=\"x\""),
                    ("Expect-CT", "max-age=0"),
                ])
            })
        },
    ),
    case("http-cors-credentials-open", |site, on| {
        let lines: &[&str] = if on == Nginx {
            &[
                "add_header Access-Control-Allow-Origin $http_origin always;",
                "add_header Access-Control-Allow-Credentials true always;",
            ]
        } else {
            &[
                "SetEnvIf Origin \"(.+)\" ASKER=$1",
                "Header always set Access-Control-Allow-Origin %{ASKER}e env=ASKER",
                "Header always set Access-Control-Allow-Credentials true",
            ]
        };
        site.secure.extend(lines.iter().map(ToString::to_string));
    }),
    application(
        "web-cookie-page-cached",
        |_, _| {},
        || {
            let cookie = ("Set-Cookie", "lang=vi; Path=/; Secure; HttpOnly; SameSite=Lax");
            Box::new(move |_| with(&[cookie, ("Cache-Control", "public, max-age=600")]))
        },
    ),
    Case {
        files: |folder, fixed| {
            fs::create_dir(folder.join("www")).unwrap();
            fs::write(folder.join("www/ke-hoach.txt"), "x").unwrap();
            if fixed {
                home_page(folder);
            }
        },
        ..case("web-directory-listed", |site, _| site.serve_files("autoindex on;", "Options Indexes"))
    },
    Case {
        files: |folder, _| {
            fs::create_dir(folder.join("www")).unwrap();
            home_page(folder);
        },
        ..case("web-error-page-leaks", |site, on| {
            site.without(&either(on, "server_tokens", "ServerTokens"));
            if on == Apache {
                site.without("ServerSignature");
                site.global.push("ServerSignature On".into());
            }
            site.serve_files("autoindex off;", "Options None");
        })
    },
    application(
        "web-form-over-http",
        |site, on| {
            site.plain = vec![either(
                on,
                &format!("location / {{ proxy_pass http://{}; }}", site.application()),
                &format!("ProxyPass / http://{}/ disablereuse=On", site.application()),
            )];
        },
        || page("<form method=post action=/vao><input name=a><input type=password name=b></form>"),
    ),
    application(
        "web-mixed-content-active",
        |_, _| {},
        || page("<script src=http://cdn.lab.test/a.js></script>"),
    ),
    application("web-security-txt-missing", |_, _| {}, home_alone),
    Case {
        files: |folder, _| {
            let text = "Contact: mailto:attt@tinh.gov.vn\nExpires: ";
            let expires = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(24 * 90);
            fs::write(folder.join("security.txt"), format!("{text}{expires:.0}\n")).unwrap();
        },
        ..application(
            "web-security-txt-invalid",
            |site, on| {
                site.secure.push(either(
                    on,
                    "location = /.well-known/security.txt { alias FOLDER/security.txt; default_type application/octet-stream; }",
                    "Alias /.well-known/security.txt FOLDER/security.txt",
                ));
                if on == Apache {
                    site.secure.push(
                        "<Location /.well-known/security.txt>\nForceType application/octet-stream\nProxyPass !\n</Location>"
                            .into(),
                    );
                }
            },
            home_alone,
        )
    },
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
