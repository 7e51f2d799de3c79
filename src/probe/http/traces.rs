//! What pages tell of the software behind them: listings of folders, and error pages that name a version or show their
//! code. Data with a date; each text is one that the software writes by itself, not one that news may hold.

/// Of 2026-11-24.
const LISTINGS: &[&[&str]] = &[
    // Apache mod_autoindex, nginx autoindex, lighttpd, Python
    &["<title>Index of /", "<h1>Index of /"],
    &["<title>Index of /", "Parent Directory"],
    &["<title>Directory listing for /"],
    // IIS
    &["[To Parent Directory]</A>"],
    // Tomcat, Jetty
    &["<title>Directory Listing For ["],
    &["<title>Directory: /", "jetty-dir.css"],
];

/// All of the texts stand in the page. Of 2026-11-24.
const LEAKS: &[(&str, &[&str])] = &[
    ("ASP.NET error page", &["Server Error in '", "Version Information:", "ASP.NET Version:"]),
    ("ASP.NET stack trace", &["Server Error in '", "<b>Stack Trace:</b>"]),
    ("ASP.NET Core stack trace", &["<title>Internal Server Error</title>", "class=\"stackerror\""]),
    ("Java stack trace", &["\tat java.base/"]),
    ("Java stack trace", &["\tat org.apache.catalina."]),
    ("Java stack trace", &["\tat javax.servlet."]),
    ("Tomcat version", &["<h3>Apache Tomcat/"]),
    ("Jetty version", &["Powered by Jetty:// "]),
    ("JBoss or WildFly version", &["<h3>JBoss Web/"]),
    ("PHP error with path", &["<b>Fatal error</b>:", " on line <b>"]),
    ("PHP warning with path", &["<b>Warning</b>:", " on line <b>"]),
    ("PHP notice with path", &["<b>Notice</b>:", " on line <b>"]),
    ("Laravel debug page", &["Whoops, looks like something went wrong", "exception_message"]),
    ("Laravel debug page", &["window.ignite"]),
    ("Symfony debug page", &["Symfony Exception", "trace-details"]),
    ("Django debug page", &["You're seeing this error because you have <code>DEBUG = True</code>"]),
    ("Ruby on Rails debug page", &["<h2>Routing Error</h2>", "Rails.root:"]),
    ("Python stack trace", &["Traceback (most recent call last):"]),
    ("Node.js stack trace", &["<pre>", "node_modules/express/lib/"]),
    ("nginx version", &["<hr><center>nginx/"]),
    ("OpenResty version", &["<hr><center>openresty/"]),
    ("Apache version", &["<address>Apache/", " Server at "]),
    ("Oracle error", &["ORA-0", "at line "]),
    ("SQL Server error", &["Microsoft OLE DB Provider for SQL Server"]),
];

/// Whether the page lists a folder's files.
pub(super) fn is_listing(text: &str) -> bool {
    LISTINGS.iter().any(|parts| parts.iter().all(|part| text.contains(part)))
}

/// What the page tells of the software behind it. A version is one that has a digit.
pub(super) fn leak(text: &str) -> Option<&'static str> {
    let versioned = |part: &&str| {
        let after = text.split_once(*part).map_or("", |(_, after)| after);
        after.starts_with(|first: char| first.is_ascii_digit())
    };
    let tells = |what: &str, parts: &[&str]| {
        parts.iter().all(|part| text.contains(part))
            && (!what.ends_with(" version") || parts.first().is_some_and(versioned))
    };
    LEAKS.iter().find(|(what, parts)| tells(what, parts)).map(|(what, _)| *what)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_that_software_writes() {
        for (text, listing, found) in [
            ("<html><head><title>Index of /</title></head><body><h1>Index of /</h1>", true, None),
            ("<title>Index of /tin-tuc</title><p>News", false, None),
            ("<A HREF=\"/\">[To Parent Directory]</A><br>", true, None),
            (
                "<center><h1>404 Not Found</h1></center><hr><center>nginx/1.18.0 (Ubuntu)</center>",
                false,
                Some("nginx version"),
            ),
            ("<center><h1>404 Not Found</h1></center><hr><center>nginx</center>", false, None),
            (
                "<address>Apache/2.4.41 (Ubuntu) Server at a.vn Port 443</address>",
                false,
                Some("Apache version"),
            ),
            ("<h3>Apache Tomcat/9.0.31</h3>", false, Some("Tomcat version")),
            ("<h3>Apache Tomcat/unknown</h3>", false, None),
            // a name without a version hides nothing that comes after it
            (
                "<pre>Traceback (most recent call last):</pre><hr><center>nginx/</center><h3>Apache Tomcat/unknown</h3>",
                false,
                Some("Python stack trace"),
            ),
            (
                "<h1>Server Error in '/' Application.</h1> <b>Stack Trace:</b>",
                false,
                Some("ASP.NET stack trace"),
            ),
            (
                "<b>Fatal error</b>:  Uncaught Error in /var/www/a.php on line <b>3</b>",
                false,
                Some("PHP error with path"),
            ),
            ("Không tìm thấy trang", false, None),
        ] {
            assert_eq!((is_listing(text), leak(text)), (listing, found), "{text}");
        }
    }
}
