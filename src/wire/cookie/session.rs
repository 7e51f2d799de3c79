//! Which cookie names are those of login sessions, as data. A heuristic over names: it says "reads like", no more.

/// How a name in [`SESSION_NAMES`] is compared, always without regard to ASCII case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Match {
    /// The whole name.
    Exact(&'static str),
    /// The name begins with it and goes on.
    Prefix(&'static str),
    /// The name begins with it and goes on with nothing but this many or more hexadecimal digits.
    PrefixThenHex(&'static str, usize),
    /// The name ends with it.
    Suffix(&'static str),
    /// The text stands anywhere in the name.
    Contains(&'static str),
}

/// Names of session and login cookies and where they come from. Additions are welcome with their product named.
pub const SESSION_NAMES: &[(Match, &str)] = &[
    (Match::Exact("ASP.NET_SessionId"), "ASP.NET session state"),
    (Match::Exact(".ASPXAUTH"), "ASP.NET forms authentication, DotNetNuke"),
    (Match::Exact(".ASPXFORMSAUTH"), "ASP.NET forms authentication"),
    (Match::Exact(".DOTNETNUKE"), "DotNetNuke login"),
    (Match::Prefix(".AspNetCore."), "ASP.NET Core session, identity, cookie authentication"),
    (Match::Prefix(".AspNet."), "ASP.NET Identity (Katana)"),
    (Match::Prefix("ASPSESSIONID"), "classic ASP"),
    (Match::Exact("FedAuth"), "SharePoint, WIF claims login"),
    (Match::Exact("rtFa"), "SharePoint login"),
    (Match::Exact("JSESSIONID"), "Java servlets: Tomcat, Jetty, Liferay, WebLogic"),
    (Match::Prefix("JSESSIONID"), "Java servlets with a suffix per node or per application"),
    (Match::Exact("SESSION"), "Spring Session"),
    (Match::Exact("remember-me"), "Spring Security persistent login"),
    (Match::Exact("LtpaToken"), "IBM WebSphere, Domino"),
    (Match::Exact("LtpaToken2"), "IBM WebSphere, Domino"),
    (Match::Exact("DomAuthSessId"), "IBM Domino"),
    (Match::Prefix("ORA_WWV_APP_"), "Oracle APEX"),
    (Match::Exact("PHPSESSID"), "PHP"),
    (Match::Exact("laravel_session"), "Laravel"),
    (Match::Prefix("remember_web_"), "Laravel persistent login"),
    (Match::Exact("ci_session"), "CodeIgniter"),
    (Match::Exact("CAKEPHP"), "CakePHP"),
    (Match::Prefix("wordpress_logged_in_"), "WordPress login"),
    (Match::Prefix("wordpress_sec_"), "WordPress administration login"),
    (Match::PrefixThenHex("SESS", 8), "Drupal over http"),
    (Match::PrefixThenHex("SSESS", 8), "Drupal over https"),
    (Match::Exact("MoodleSession"), "Moodle"),
    (Match::Prefix("MoodleSession"), "Moodle with a suffix"),
    (Match::Exact("fe_typo_user"), "TYPO3"),
    (Match::Exact("be_typo_user"), "TYPO3 administration"),
    (Match::Exact("connect.sid"), "Express"),
    (Match::Exact("express.sid"), "Express"),
    (Match::Exact("koa.sess"), "Koa"),
    (Match::Exact("koa:sess"), "Koa"),
    (Match::Exact("sails.sid"), "Sails"),
    (Match::Exact("next-auth.session-token"), "NextAuth"),
    (Match::Exact("authjs.session-token"), "Auth.js"),
    (Match::Exact("rack.session"), "Ruby Rack"),
    (Match::Prefix("_session_"), "Ruby on Rails, older"),
    (Match::Exact("CFID"), "ColdFusion"),
    (Match::Exact("CFTOKEN"), "ColdFusion"),
    (Match::Exact("CFAUTHORIZATION"), "ColdFusion login"),
    (Match::Exact("sid"), "many applications"),
    (Match::Exact("sessid"), "many applications"),
    (Match::Exact("KEYCLOAK_IDENTITY"), "Keycloak login"),
    (Match::Exact("AUTH_SESSION_ID"), "Keycloak"),
    (Match::Exact("auth_token"), "many applications"),
    (Match::Exact("access_token"), "many applications"),
    (Match::Exact("refresh_token"), "many applications"),
    (Match::Contains("sessionid"), "Django and many applications"),
    (Match::Contains("session_id"), "many applications"),
    (Match::Contains("session-id"), "many applications"),
    (Match::Contains("session.id"), "many applications"),
    (Match::Contains("sessid"), "PHP applications that rename PHPSESSID"),
    (Match::Contains("session_token"), "many applications"),
    (Match::Contains("session-token"), "many applications"),
    (Match::Suffix("_session"), "Rails, Laravel, CodeIgniter under the name of the application"),
];

/// Anti-forgery tokens, consent and visit counters, one-time values of a login in progress, Liferay's state of open
/// panels, which are no login sessions although their
/// names may hold "session". Matched as parts of the lower-cased name, before [`SESSION_NAMES`].
const NOT_SESSIONS: &[&str] = &[
    "csrf",
    "xsrf",
    "antiforgery",
    "requestverificationtoken",
    ".aspnetcore.culture",
    ".aspnetcore.mvc.cookietempdataprovider",
    ".aspnetcore.correlation.",
    ".aspnetcore.openidconnect.nonce.",
    ".aspnet.consent",
    ".aspnet.correlation.",
    "_ga_session",
    "lfr_session_state",
];

/// Whether `name` is that of a login session by [`SESSION_NAMES`]. Name prefixes (`__Host-` …) are looked
/// through; anti-forgery tokens never match.
pub fn session_like(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    let bare = ["__host-http-", "__host-", "__secure-", "__http-"]
        .iter()
        .find_map(|prefix| lower.strip_prefix(prefix))
        .unwrap_or(&lower);
    !NOT_SESSIONS.iter().any(|part| bare.contains(part))
        && SESSION_NAMES.iter().any(|(pattern, _)| pattern.matches(bare))
}

impl Match {
    fn matches(self, lower: &str) -> bool {
        let rest_after = |prefix: &str| lower.strip_prefix(prefix.to_ascii_lowercase().as_str());
        match self {
            Self::Exact(name) => lower.eq_ignore_ascii_case(name),
            Self::Prefix(prefix) => rest_after(prefix).is_some_and(|rest| !rest.is_empty()),
            Self::PrefixThenHex(prefix, digits) => rest_after(prefix).is_some_and(|rest| {
                rest.len() >= digits && rest.bytes().all(|octet| octet.is_ascii_hexdigit())
            }),
            Self::Suffix(suffix) => lower.ends_with(suffix),
            Self::Contains(part) => lower.contains(part),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sessions() {
        for name in [
            "ASP.NET_SessionId",
            "asp.net_sessionid",
            ".ASPXAUTH",
            ".AspNetCore.Session",
            ".AspNetCore.Cookies",
            ".AspNetCore.Identity.Application",
            ".AspNet.ApplicationCookie",
            "ASPSESSIONIDCQBTRDTA",
            "JSESSIONID",
            "JSESSIONID.node1",
            "PHPSESSID",
            "__Host-PHPSESSID",
            "__Secure-next-auth.session-token",
            "__Host-Http-session_id",
            "laravel_session",
            "sotnmt_session",
            "_myapp_session",
            "sSESSdeadbeef0",
            "browser.session.id",
            "connect.sid",
            "CFID",
            "CFTOKEN",
            "SESSd41d8cd98f00b204e9800998ecf8427e",
            "SSESSd41d8cd98f00b204e9800998ecf8427e",
            "sessionid",
            "MoodleSessionhue",
            "wordpress_logged_in_0123",
            "nv4_sess_id_sessid",
        ] {
            assert!(session_like(name), "{name}");
        }
    }

    #[test]
    fn not_sessions() {
        for name in [
            "XSRF-TOKEN",
            "csrftoken",
            "csrf_session_id",
            "_csrf",
            "__RequestVerificationToken",
            "__Host-csrf_session",
            ".AspNetCore.Antiforgery.VyLW6ORzMgk",
            ".AspNetCore.Culture",
            "SESSIONCOLOUR",
            "_ga",
            "_ga_SESSION12",
            "_hjSession_123",
            "LFR_SESSION_STATE_20103",
            ".AspNet.Consent",
            ".AspNetCore.Correlation.oidc.x",
            "wp_session_visits",
            "BIGipServerpool",
            "GUEST_LANGUAGE_ID",
            "COOKIE_SUPPORT",
            "aside",
            "",
        ] {
            assert!(!session_like(name), "{name}");
        }
    }

    #[test]
    fn contained_parts_are_written_in_lower_case() {
        for (pattern, product) in SESSION_NAMES {
            assert!(!product.is_empty());
            if let Match::Contains(part) | Match::Suffix(part) = pattern {
                assert_eq!(*part, part.to_ascii_lowercase());
            }
        }
        assert!(NOT_SESSIONS.iter().all(|part| *part == part.to_ascii_lowercase()));
    }
}
