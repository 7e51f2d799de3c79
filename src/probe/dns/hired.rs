//! Which hired service an alias leads to, by a dated list. Whether the name there is given up is DNS's to say.

use crate::observation::HiredService;

const LIST: &str = include_str!("hired.txt");

/// The service that this name belongs to: the longest domain of the list at or above it.
pub(super) fn service(name: &str) -> Option<HiredService> {
    let (suffix, service) = entries()
        .filter(|(suffix, _)| {
            name.strip_suffix(suffix).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        })
        .max_by_key(|(suffix, _)| suffix.len())?;
    let listed_on = LIST.lines().find_map(|line| line.strip_prefix("# listed-on: ")).unwrap_or_default();
    Some(HiredService {
        service: service.to_owned(),
        suffix: suffix.to_owned(),
        listed_on: listed_on.trim().to_owned(),
    })
}

fn entries() -> impl Iterator<Item = (&'static str, &'static str)> {
    LIST.lines().filter(|line| !line.starts_with('#')).filter_map(|line| {
        let (suffix, service) = line.split_once(char::is_whitespace)?;
        Some((suffix, service.trim()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_domain_counts_and_only_whole_labels() {
        let of = |name: &str| service(name).map(|found| found.service);
        assert_eq!(of("so-y-te.github.io").as_deref(), Some("GitHub Pages"));
        assert_eq!(of("cong.s3.amazonaws.com").as_deref(), Some("Amazon S3"));
        assert_eq!(of("x.elb.amazonaws.com").as_deref(), Some("Amazon Web Services"));
        assert_eq!(of("notgithub.io"), None);
        assert_eq!(of("github.io.example"), None);
        assert_eq!(service("a.web.app").unwrap().listed_on.len(), 10);
    }

    #[test]
    fn every_line_of_the_list_is_a_domain_and_a_service() {
        for line in LIST.lines().filter(|line| !line.starts_with('#')) {
            let (suffix, service) = line.split_once(char::is_whitespace).unwrap();
            assert!(suffix.contains('.') && suffix == suffix.to_ascii_lowercase(), "{line}");
            assert!(!service.trim().is_empty(), "{line}");
        }
        assert!(entries().count() > 40);
    }
}
