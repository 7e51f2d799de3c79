//! How far a scan has come: a few lines redrawn in place on a terminal, a plain line now and then elsewhere.

use std::{
    collections::BTreeMap,
    io::{self, Write},
    time::{Duration, Instant},
};

use crate::{
    observation::SiteName,
    render::{escape, pad},
    rule::Lang,
};

/// Columns of the bar.
const BAR: usize = 46;
/// Sites shown as under way.
const SHOWN: usize = 3;
/// Between two drawings.
const PAUSE: Duration = Duration::from_millis(100);

/// The progress of one scan.
pub(super) struct Progress {
    lang: Lang,
    style: Style,
    total: usize,
    done: usize,
    began: Instant,
    under_way: BTreeMap<SiteName, Instant>,
    drawn: Option<(Instant, usize)>,
    tenth: usize,
}

/// Where progress goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// Lines redrawn in place.
    Live,
    /// A plain line for every tenth of the sites.
    Plain,
    /// Nothing.
    Silent,
}

impl Progress {
    pub(super) fn new(total: usize, style: Style, lang: Lang) -> Self {
        Self {
            lang,
            style,
            total,
            done: 0,
            began: Instant::now(),
            under_way: BTreeMap::new(),
            drawn: None,
            tenth: 0,
        }
    }

    pub(super) fn started(&mut self, site: &SiteName, err: &mut dyn Write) -> io::Result<()> {
        self.under_way.insert(site.clone(), Instant::now());
        self.draw(false, err)
    }

    pub(super) fn finished(&mut self, site: &SiteName, err: &mut dyn Write) -> io::Result<()> {
        self.under_way.remove(site);
        self.done += 1;
        self.draw(self.done == self.total, err)
    }

    /// Takes the live lines away; what follows stands where they stood.
    pub(super) fn clear(&mut self, err: &mut dyn Write) -> io::Result<()> {
        if let Some((_, lines)) = self.drawn.take() {
            write!(err, "\u{1b}[{lines}A\u{1b}[J")?;
            err.flush()?;
        }
        Ok(())
    }

    fn draw(&mut self, at_once: bool, err: &mut dyn Write) -> io::Result<()> {
        match self.style {
            Style::Silent => Ok(()),
            Style::Plain => self.plain(err),
            Style::Live => {
                if !at_once && self.drawn.is_some_and(|(at, _)| at.elapsed() < PAUSE) {
                    return Ok(());
                }
                let text = self.live();
                self.clear(err)?;
                write!(err, "{text}")?;
                err.flush()?;
                self.drawn = Some((Instant::now(), text.lines().count()));
                Ok(())
            }
        }
    }

    fn plain(&mut self, err: &mut dyn Write) -> io::Result<()> {
        let tenth = self.done * 10 / self.total.max(1);
        if tenth > self.tenth {
            self.tenth = tenth;
            let word = match self.lang {
                Lang::Vi => "trang",
                Lang::En => "sites",
            };
            writeln!(err, "khien: {}/{} {word}", self.done, self.total)?;
        }
        Ok(())
    }

    fn live(&self) -> String {
        let filled = self.done * BAR / self.total.max(1);
        let bar: String = (0..BAR).map(|i| if i < filled { '━' } else { '─' }).collect();
        let (word, remaining) = match self.lang {
            Lang::Vi => ("trang", "còn khoảng"),
            Lang::En => ("sites", "about"),
        };
        let mut text = format!("{bar}  {}/{} {word}{}\n", self.done, self.total, self.estimate(remaining));
        let mut oldest: Vec<(&SiteName, &Instant)> = self.under_way.iter().collect();
        oldest.sort_by_key(|(_, since)| **since);
        for (site, since) in oldest.into_iter().take(SHOWN) {
            let name = site.to_string();
            text += &format!("  {} {:>3} s\n", pad(&escape(&name), 60), since.elapsed().as_secs());
        }
        text
    }

    /// The time left, once enough sites are done to say.
    fn estimate(&self, words: &str) -> String {
        if self.done < 5 || self.done == self.total {
            return String::new();
        }
        let per_site = self.began.elapsed().as_secs_f64() / to_f64(self.done);
        let seconds = per_site * to_f64(self.total - self.done);
        let minute = match self.lang {
            Lang::Vi => "phút",
            Lang::En => "min",
        };
        if seconds < 90.0 {
            format!(", {words} {seconds:.0} s")
        } else {
            format!(", {words} {:.0} {minute}", seconds / 60.0)
        }
    }
}

fn to_f64(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::MAX, f64::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site(n: usize) -> SiteName {
        SiteName { host: format!("s{n}.tinhmau.example"), port: 443 }
    }

    #[test]
    fn elsewhere_than_on_a_terminal_a_line_for_every_tenth() {
        let mut progress = Progress::new(20, Style::Plain, Lang::Vi);
        let mut out = Vec::new();
        for n in 0..20 {
            progress.started(&site(n), &mut out).unwrap();
            progress.finished(&site(n), &mut out).unwrap();
        }
        let text = String::from_utf8(out).unwrap();
        assert_eq!(text.lines().count(), 10);
        assert_eq!(text.lines().last(), Some("khien: 20/20 trang"));
        assert!(!text.contains('\u{1b}'));
    }

    #[test]
    fn live_lines_are_taken_away_again() {
        let mut progress = Progress::new(2, Style::Live, Lang::En);
        let mut out = Vec::new();
        progress.started(&site(1), &mut out).unwrap();
        progress.finished(&site(1), &mut out).unwrap();
        progress.clear(&mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(text.contains("0/2 sites") && text.contains("s1.tinhmau.example"), "{text}");
        assert!(text.ends_with("\u{1b}[2A\u{1b}[J"), "{text:?}");
    }
}
