//! Pages that stand in front of a site: challenges and refusals of web application firewalls, names that are for sale,
//! errors. A list of fingerprints as data, of 2026-11-24.

use crate::wire::{field::text, http1::Head};

/// A page that stands in front of the site.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Front {
    /// Whose it is, where that was recognised.
    pub(super) by: Option<&'static str>,
}

/// Where a fingerprint is looked for.
enum Sign {
    /// A field of this name holds this text, both without regard to case.
    Field(&'static str, &'static str),
    /// The body holds all of these, as written.
    Body(&'static [&'static str]),
    /// A field as above and a body as above.
    Both(&'static str, &'static str, &'static [&'static str]),
}

/// A product's page: the statuses it comes with (none listed: any) and how it is told.
struct Fingerprint {
    by: &'static str,
    statuses: &'static [u16],
    sign: Sign,
}

/// What these products are documented, or seen, to send instead of the page. Each must be something that the site's
/// own pages do not carry when they pass.
const FINGERPRINTS: &[Fingerprint] = &[
    // developers.cloudflare.com, "Detect a challenge page response"
    Fingerprint { by: "Cloudflare challenge", statuses: &[], sign: Sign::Field("cf-mitigated", "challenge") },
    Fingerprint {
        by: "Cloudflare",
        // 52x and 530: the edge cannot reach the site.
        statuses: &[403, 429, 503, 520, 521, 522, 523, 524, 525, 526, 530],
        sign: Sign::Both("server", "cloudflare", &["cf-error-details"]),
    },
    Fingerprint {
        by: "Cloudflare challenge",
        statuses: &[403, 503],
        sign: Sign::Both("server", "cloudflare", &["_cf_chl_opt"]),
    },
    Fingerprint {
        by: "Imperva Incapsula",
        statuses: &[],
        sign: Sign::Body(&["Request unsuccessful. Incapsula incident ID"]),
    },
    Fingerprint {
        by: "Imperva Incapsula",
        statuses: &[403, 429, 503],
        sign: Sign::Body(&["_Incapsula_Resource"]),
    },
    // What the edge refuses itself it signs with this name; pages of the origin keep the origin's.
    Fingerprint { by: "Akamai", statuses: &[403, 429, 503], sign: Sign::Field("server", "AkamaiGHost") },
    Fingerprint {
        by: "Akamai",
        statuses: &[403],
        sign: Sign::Body(&["<TITLE>Access Denied</TITLE>", "Reference&#32;&#35;"]),
    },
    // docs.aws.amazon.com/waf, "How AWS WAF tokens": 202 with a challenge, 405 with a CAPTCHA
    Fingerprint {
        by: "AWS WAF challenge",
        statuses: &[],
        sign: Sign::Field("x-amzn-waf-action", "challenge"),
    },
    Fingerprint { by: "AWS WAF CAPTCHA", statuses: &[], sign: Sign::Field("x-amzn-waf-action", "captcha") },
    Fingerprint {
        by: "Amazon CloudFront",
        statuses: &[403],
        sign: Sign::Both("x-cache", "Error from cloudfront", &["Request blocked."]),
    },
    // F5 BIG-IP sends its default blocking page with status 200.
    Fingerprint {
        by: "F5 BIG-IP",
        statuses: &[],
        sign: Sign::Body(&["<title>Request Rejected</title>", "support ID"]),
    },
    Fingerprint { by: "Sucuri", statuses: &[403, 429, 503], sign: Sign::Body(&["Sucuri WebSite Firewall"]) },
    Fingerprint {
        by: "FortiWeb",
        statuses: &[403, 429, 500, 503],
        sign: Sign::Body(&["Web Page Blocked", "Attack ID"]),
    },
    // names that a registrar or a trader answers for
    Fingerprint { by: "parked (Sedo)", statuses: &[], sign: Sign::Body(&["sedoparking.com", "domain"]) },
    Fingerprint { by: "parked (ParkingCrew)", statuses: &[], sign: Sign::Body(&["parkingcrew.net"]) },
    Fingerprint { by: "parked (Bodis)", statuses: &[], sign: Sign::Body(&["window.park = \""]) },
    Fingerprint { by: "parked (GoDaddy)", statuses: &[], sign: Sign::Body(&["window.LANDER_SYSTEM"]) },
    Fingerprint { by: "suspended account", statuses: &[], sign: Sign::Body(&["/cgi-sys/suspendedpage.cgi"]) },
    Fingerprint {
        by: "suspended account",
        statuses: &[],
        sign: Sign::Body(&["<title>Account Suspended</title>"]),
    },
];

/// Whether this answer is such a page. Every error is one, whoever sends it: what answers there is not the page that a
/// visitor came for, and need not have the page's fields. 401 is none: it is the site, which asks who is there.
pub(super) fn recognise(head: &Head, body: &[u8]) -> Option<Front> {
    let body = text(body);
    let known = FINGERPRINTS.iter().find(|fingerprint| {
        (fingerprint.statuses.is_empty() || fingerprint.statuses.contains(&head.status))
            && fingerprint.sign.is_in(head, &body)
    });
    match known {
        Some(fingerprint) => Some(Front { by: Some(fingerprint.by) }),
        None => (head.status >= 400 && head.status != 401).then_some(Front { by: None }),
    }
}

impl Sign {
    fn is_in(&self, head: &Head, body: &str) -> bool {
        let field = |name: &str, part: &str| {
            head.values(name)
                .any(|value| value.to_ascii_lowercase().contains(part.to_ascii_lowercase().as_str()))
        };
        let all = |parts: &[&str]| parts.iter().all(|part| body.contains(part));
        match self {
            Self::Field(name, part) => field(name, part),
            Self::Body(parts) => all(parts),
            Self::Both(name, part, parts) => field(name, part) && all(parts),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::field::Field;

    fn seen(status: u16, fields: &[(&str, &str)], body: &str) -> Option<Front> {
        let fields = fields.iter().map(|(name, value)| Field::new(*name, value.as_bytes())).collect();
        recognise(&Head { minor_version: 1, status, reason: String::new(), fields }, body.as_bytes())
    }

    #[test]
    fn pages_in_front_are_told_from_answers_of_the_site() {
        let rejected = "<html><head><title>Request Rejected</title></head><body>The requested URL was rejected. \
                        Your support ID is: 123</body></html>";
        for (status, fields, body, expected) in [
            (403, &[][..], "Forbidden", Some(Front { by: None })),
            (404, &[], "", Some(Front { by: None })),
            (401, &[("WWW-Authenticate", "Basic")], "", None),
            (
                403,
                &[("Server", "cloudflare")],
                "<h1>Forbidden by the application</h1>",
                Some(Front { by: None }),
            ),
            (200, &[], "<title>Account Suspended</title>", Some(Front { by: Some("suspended account") })),
            (
                403,
                &[("Server", "cloudflare")],
                "<script src=\"/cdn-cgi/challenge-platform/scripts/jsd/main.js\"></script>",
                Some(Front { by: None }),
            ),
            (200, &[("Server", "AkamaiGHost")], "hello", None),
            (200, &[], "news: the page said Request Rejected", None),
            (200, &[], "<script src=\"/_Incapsula_Resource?SWJIYLWA=1\"></script>", None),
            (429, &[], "", Some(Front { by: None })),
            (503, &[("Server", "nginx")], "down for maintenance", Some(Front { by: None })),
            (502, &[("Server", "nginx")], "<h1>502 Bad Gateway</h1>", Some(Front { by: None })),
            (504, &[], "", Some(Front { by: None })),
            (500, &[], "the site's own error", Some(Front { by: None })),
            (403, &[("CF-Mitigated", "challenge")], "", Some(Front { by: Some("Cloudflare challenge") })),
            (
                403,
                &[("Server", "cloudflare")],
                "<div id=\"cf-error-details\">Sorry, you have been blocked",
                Some(Front { by: Some("Cloudflare") }),
            ),
            (
                503,
                &[],
                "<iframe src=\"/_Incapsula_Resource?x\">",
                Some(Front { by: Some("Imperva Incapsula") }),
            ),
            (403, &[("server", "AkamaiGHost")], "Access Denied", Some(Front { by: Some("Akamai") })),
            (202, &[("x-amzn-waf-action", "challenge")], "", Some(Front { by: Some("AWS WAF challenge") })),
            (200, &[], rejected, Some(Front { by: Some("F5 BIG-IP") })),
        ] {
            assert_eq!(seen(status, fields, body), expected, "{status} {fields:?} {body}");
        }
    }
}
