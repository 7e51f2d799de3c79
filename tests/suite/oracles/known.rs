//! The differences between khien and the oracles that are known, each with its reason. One that is not here fails the
//! test, and so does one that is no longer seen.

use super::account::Tool;

/// Who says that it is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Only {
    Khien,
    Oracle,
}

/// Facts that one of two has.
pub(super) struct Difference {
    pub(super) tool: Tool,
    /// Names of configurations; none: wherever it comes up.
    pub(super) servers: &'static [&'static str],
    pub(super) only: Only,
    /// Words as in `Facts`; `*` stands for anything.
    pub(super) facts: &'static [&'static str],
    /// Who is right, and why they differ.
    pub(super) why: &'static str,
}

pub(super) const KNOWN: [Difference; 21] = [
    Difference {
        tool: Tool::Sslscan,
        servers: &[],
        only: Only::Khien,
        facts: &["option secure renegotiation"],
        why: "sslscan asks about renegotiation with TLS 1.0 alone, so a server without TLS 1.0 seems not to have it; its TLS 1.2 has.",
    },
    Difference {
        tool: Tool::Sslscan,
        servers: &[],
        only: Only::Khien,
        facts: &["group TLSv1.3 *MLKEM*"],
        why: "This sslscan knows no post-quantum groups.",
    },
    Difference {
        tool: Tool::Sslyze,
        servers: &[],
        only: Only::Khien,
        facts: &["anygroup ffdhe*", "anygroup *MLKEM*"],
        why: "sslyze tries the elliptic curves of its OpenSSL 1.1.1, neither finite fields nor post-quantum groups.",
    },
    Difference {
        tool: Tool::Sslyze,
        servers: &["nginx-modern", "openssl-two-groups", "java", "java-tls12-all"],
        only: Only::Oracle,
        facts: &["option fallback signal"],
        why: "sslyze falls back to a version that is not there and takes the refusal for support. Where there is only one \
              version khien says nothing; Java, which has 1.2 and 1.3, goes on with 1.2 although the signal stands there.",
    },
    Difference {
        tool: Tool::Sslyze,
        servers: &["nginx-modern"],
        only: Only::Oracle,
        facts: &["option extended master secret", "option secure renegotiation"],
        why: "sslyze counts TLS 1.3 as having both; khien says that they do not apply.",
    },
    Difference {
        tool: Tool::Sslscan,
        servers: &["java"],
        only: Only::Khien,
        facts: &["dh 2048"],
        why: "A client that names the groups of RFC 7919 is given ffdhe2048 by Java, whatever length it is told; sslscan names \
              none. khien asks both ways.",
    },
    Difference {
        tool: Tool::Sslyze,
        servers: &["java"],
        only: Only::Khien,
        facts: &["dh 2048"],
        why: "sslyze does not name the groups of RFC 7919 either.",
    },
    Difference {
        tool: Tool::Sslscan,
        servers: &["java-ssl3-export", "java-everything"],
        only: Only::Khien,
        facts: &["dh 512"],
        why: "sslscan measures primes in handshakes of its OpenSSL, which has no EXPORT suites; those it finds by hellos of its \
              own, without looking at the prime.",
    },
    Difference {
        tool: Tool::Sslscan,
        servers: &["java-ssl3-export", "java-everything"],
        only: Only::Khien,
        facts: &["suite SSLv3 *"],
        why: "sslscan finds SSL 3.0 by a hello of its own, and its suites only where its OpenSSL has the version: Debian's does \
              not.",
    },
    Difference {
        tool: Tool::Sslscan,
        servers: &["openssl-dhe-first"],
        only: Only::Khien,
        facts: &["group TLSv1.2 *"],
        why: "sslscan's hello for groups has DHE suites too, and the server takes one: no group is seen.",
    },
    Difference {
        tool: Tool::Sslscan,
        servers: &["openssl-ecdsa", "openssl-two-groups"],
        only: Only::Khien,
        facts: &["group TLSv1.2 *"],
        why: "sslscan offers one group at a time, without the curve of the ECDSA certificate, which TLS 1.2 wants in the same list.",
    },
    Difference {
        tool: Tool::Sslyze,
        servers: &["openssl-two-groups"],
        only: Only::Khien,
        facts: &["anygroup *"],
        why: "So does sslyze; with TLS 1.3 it would not matter.",
    },
    Difference {
        tool: Tool::Sslyze,
        servers: &["openssl-everything", "openssl-ecdsa"],
        only: Only::Khien,
        facts: &["suite TLSv1.2 TLS_DH_anon_WITH_CAMELLIA_*_CBC_SHA256"],
        why: "The OpenSSL that sslyze brings along does not have these; sslscan agrees with khien.",
    },
    Difference {
        tool: Tool::Sslyze,
        servers: &["java-ssl3-export", "java-everything"],
        only: Only::Oracle,
        facts: &["failed * BUG_IN_SSLYZE"],
        why: "sslyze ends with an exception of its own where a server has suites that its OpenSSL cannot finish, and says nothing of \
              the whole version.",
    },
    Difference {
        tool: Tool::Sslyze,
        servers: &["java-ssl3-export", "java-everything"],
        only: Only::Khien,
        facts: &["version *", "suite SSLv3 *", "suite TLSv1.0 *", "suite TLSv1.1 *", "dh *"],
        why: "What is lost by that. sslscan agrees with khien on TLS 1.0 and 1.1.",
    },
    Difference {
        tool: Tool::Sslscan,
        servers: &["node-post-quantum"],
        only: Only::Oracle,
        facts: &["nothing enabled"],
        why: "sslscan's hello has no group in common with the server, and it takes the refusal for the absence of TLS 1.3.",
    },
    Difference {
        tool: Tool::Sslscan,
        servers: &["node-post-quantum"],
        only: Only::Khien,
        facts: &["version *", "suite *"],
        why: "What is lost by that.",
    },
    Difference {
        tool: Tool::Sslyze,
        servers: &["openssl-ccm", "node-post-quantum"],
        only: Only::Oracle,
        facts: &["nothing *"],
        why: "sslyze has no suite, or no group, in common with the server when it first connects, and gives up.",
    },
    Difference {
        tool: Tool::Sslyze,
        servers: &["openssl-ccm", "node-post-quantum"],
        only: Only::Khien,
        facts: &["version *", "suite *", "anygroup *"],
        why: "So sslyze sees nothing of them.",
    },
    Difference {
        tool: Tool::Sslscan,
        servers: &["java-everything"],
        only: Only::Oracle,
        facts: &["suite TLSv1.*", "group TLSv1.2 *"],
        why: "khien stops where its budget of 200 connections a host ends, says so in every list, and asks for what is broken \
              first: what is missing are suites of today in old versions, and groups. sslscan has no budget.",
    },
    Difference {
        tool: Tool::Sslyze,
        servers: &["java-everything"],
        only: Only::Oracle,
        facts: &["suite TLSv1.2 *"],
        why: "The same budget.",
    },
];

impl Difference {
    pub(super) fn explains(&self, tool: Tool, server: &str, only: Only, fact: &str) -> bool {
        self.tool == tool
            && self.only == only
            && (self.servers.is_empty() || self.servers.contains(&server))
            && self.facts.iter().any(|pattern| matches(pattern, fact))
    }
}

/// Whether a pattern with `*` covers all of a text.
fn matches(pattern: &str, text: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(mut text) = text.strip_prefix(start) else { return false };
    let mut parts: Vec<&str> = rest.split('*').collect();
    let last = parts.pop().unwrap_or_default();
    for part in parts {
        let Some(at) = text.find(part) else { return false };
        text = &text[at + part.len()..];
    }
    text.ends_with(last)
}

#[test]
fn patterns_cover_all_of_a_text() {
    for (pattern, text, expected) in [
        ("dh 1024", "dh 1024", true),
        ("dh 1024", "dh 10240", false),
        ("suite * TLS_AES_128_CCM*", "suite TLSv1.3 TLS_AES_128_CCM_8_SHA256", true),
        ("suite *_CCM", "suite TLSv1.3 TLS_AES_128_CCM_8_SHA256", false),
        ("*", "", true),
        ("a*b*c", "a-c-b", false),
    ] {
        assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
    }
}
