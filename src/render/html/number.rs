//! Numbers, dates and durations as readers of each language write them. Vietnamese: decimal comma, points between
//! thousands, dd/mm/yyyy, a no-break space before %.

use jiff::{Timestamp, civil::Date};

use crate::{
    report::Tenths,
    rule::Lang,
    score::Bracket,
    target::{VIETNAM, local_date},
};

use super::view::Book;

/// A no-break space.
pub(super) const NBSP: char = '\u{a0}';

impl Book<'_> {
    /// `24/11/2026`, `2026-11-24`.
    pub(super) fn day(&self, day: Date) -> String {
        match self.lang {
            Lang::Vi => format!("{:02}/{:02}/{}", day.day(), day.month(), day.year()),
            Lang::En => day.to_string(),
        }
    }

    /// The day in Việt Nam.
    pub(super) fn date(&self, at: Timestamp) -> String {
        self.day(local_date(at))
    }

    /// `24/11`, `24 Nov`.
    pub(super) fn short_day(&self, day: Date) -> String {
        match self.lang {
            Lang::Vi => format!("{:02}/{:02}", day.day(), day.month()),
            Lang::En => day.strftime("%-d %b").to_string(),
        }
    }

    /// `02:41` in Việt Nam.
    pub(super) fn clock(at: Timestamp) -> String {
        let local = VIETNAM.to_datetime(at);
        format!("{:02}:{:02}", local.hour(), local.minute())
    }

    /// `24/11/2026 02:41` in Việt Nam.
    pub(super) fn moment(&self, at: Timestamp) -> String {
        format!("{} {}", self.date(at), Self::clock(at))
    }

    /// `78,4`, `78.4`.
    pub(super) fn tenths(&self, value: Tenths) -> String {
        format!("{}{}{}", value.0 / 10, self.say(",", "."), value.0 % 10)
    }

    /// `4.218`, `4,218`.
    pub(super) fn number(&self, value: u64) -> String {
        let digits = value.to_string();
        let mut out = String::new();
        for (place, digit) in digits.chars().enumerate() {
            if place > 0 && (digits.len() - place).is_multiple_of(3) {
                out.push_str(self.say(".", ","));
            }
            out.push(digit);
        }
        out
    }

    /// The number of things.
    pub(super) fn count(&self, things: usize) -> String {
        self.number(u64::try_from(things).unwrap_or(u64::MAX))
    }

    /// `94 %` with a no-break space, `94%`.
    pub(super) fn percent(&self, percent: u8) -> String {
        match self.lang {
            Lang::Vi => format!("{percent}{NBSP}%"),
            Lang::En => format!("{percent}%"),
        }
    }

    /// `+2`, `−3` with a minus sign, `0`.
    pub(super) fn signed(change: i32) -> String {
        match change {
            0 => "0".to_owned(),
            1.. => format!("+{change}"),
            _ => format!("−{}", change.unsigned_abs()),
        }
    }

    /// `+0,4` of two numbers with one decimal.
    pub(super) fn signed_tenths(&self, now: Tenths, then: Tenths) -> (i32, String) {
        let change = i32::try_from(now.0).unwrap_or_default() - i32::try_from(then.0).unwrap_or_default();
        let size = self.tenths(Tenths(change.unsigned_abs()));
        let text = match change {
            0 => "0".to_owned(),
            1.. => format!("+{size}"),
            _ => format!("−{size}"),
        };
        (change, text)
    }

    /// `45 phút`, `2 giờ 55 phút`.
    pub(super) fn minutes(&self, minutes: u32) -> String {
        let (hours, rest) = (minutes / 60, minutes % 60);
        let (h, m) = (self.say("giờ", "h"), self.say("phút", "min"));
        match (hours, rest) {
            (0, _) => format!("{rest}{NBSP}{m}"),
            (_, 0) => format!("{}{NBSP}{h}", self.number(hours.into())),
            _ => format!("{}{NBSP}{h} {rest}{NBSP}{m}", self.number(hours.into())),
        }
    }

    /// `73`, or `62–78` where not everything could be tested, or `–` where nothing was.
    pub(super) fn score(score: Option<u8>, bracket: Option<Bracket>) -> String {
        match (score, bracket) {
            (None, _) => "–".to_owned(),
            (Some(_), Some(Bracket(low, high))) if low != high => format!("{low}–{high}"),
            (Some(score), _) => score.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{render::html::view::Layout, report::Report};

    fn report() -> Report {
        crate::render::html::headline::tests::report(&[])
    }

    #[test]
    fn each_language_writes_numbers_its_own_way() {
        let report = report();
        let vi = Book::new(&report, Lang::Vi, Layout::Folder);
        let en = Book::new(&report, Lang::En, Layout::Folder);
        let at: Timestamp = "2026-11-23T19:05:00Z".parse().unwrap();
        assert_eq!(vi.date(at), "24/11/2026");
        assert_eq!(vi.moment(at), "24/11/2026 02:05");
        assert_eq!(en.moment(at), "2026-11-24 02:05");
        assert_eq!((vi.tenths(Tenths(784)), en.tenths(Tenths(784))), ("78,4".into(), "78.4".into()));
        assert_eq!(vi.tenths(Tenths(5)), "0,5");
        assert_eq!([vi.number(7), vi.number(4218), vi.number(1_234_567)], ["7", "4.218", "1.234.567"]);
        assert_eq!(en.number(100_000), "100,000");
        assert_eq!((vi.percent(94), en.percent(94)), ("94\u{a0}%".into(), "94%".into()));
        assert_eq!([Book::signed(2), Book::signed(-3), Book::signed(0)], ["+2", "\u{2212}3", "0"]);
        assert_eq!(vi.signed_tenths(Tenths(660), Tenths(668)), (-8, "−0,8".to_owned()));
        assert_eq!(vi.minutes(45), "45\u{a0}phút");
        assert_eq!(vi.minutes(175), "2\u{a0}giờ 55\u{a0}phút");
        assert_eq!(en.minutes(120), "2\u{a0}h");
        assert_eq!(Book::score(Some(73), Some(Bracket(62, 78))), "62–78");
        assert_eq!(Book::score(Some(73), Some(Bracket(73, 73))), "73");
        assert_eq!(Book::score(None, None), "–");
    }
}
