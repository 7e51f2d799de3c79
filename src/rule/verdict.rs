//! What a rule makes of a document: verdict, reason, evidence, finding. No points here.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Category, Level, Owner, RuleId, Severity, Text};

/// Is it right?
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The requirement holds.
    Pass,
    /// The requirement does not hold, and the evidence shows it.
    Fail,
    /// The requirement has no object here.
    NotApplicable,
    /// It could not be found out.
    Inconclusive,
}

impl Verdict {
    /// The verdict in words, with a mark that is read without colour.
    pub fn words(self) -> Text {
        let (vi, en) = match self {
            Self::Pass => ("✓ đạt", "✓ pass"),
            Self::Fail => ("▲ chưa đạt", "▲ failed"),
            Self::NotApplicable => ("không áp dụng", "not applicable"),
            Self::Inconclusive => ("? không kiểm tra được", "? could not check"),
        };
        Text::new(vi, en)
    }
}

/// Why a verdict is inconclusive or not applicable: a closed list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The rule's `applies` is false.
    DoesNotApply,
    /// A rule it comes after failed; its weight is lost with that one.
    ParentFailed,
    /// The connection was refused.
    Refused,
    /// No answer in time.
    TimedOut,
    /// The connection was reset.
    Reset,
    /// The connection was closed without an answer.
    Closed,
    /// No route to the address.
    Unreachable,
    /// The handshake ended in a TLS alert.
    Alert,
    /// The port does not speak TLS.
    NotTls,
    /// The name has no address.
    NoAddress,
    /// The resolver or name server answered with an error.
    Rcode,
    /// Not known whether the zone should be signed.
    Indeterminate,
    /// A firewall or challenge page answered instead of the site.
    Blocked,
    /// More data than the scanner reads.
    TooLarge,
    /// What came does not follow its specification.
    Malformed,
    /// The budget of connections or requests is used up.
    Budget,
    /// The scanner cannot read what came.
    Unsupported,
    /// Left out by `--only`.
    NotRequested,
    /// The address was given, so names were not looked up.
    AddressGiven,
    /// Port 53 is closed to the scanner.
    DirectDnsClosed,
    /// The address may not be dialled.
    ForbiddenAddress,
    /// Excluded by the inventory.
    Excluded,
    /// Outside the inventory.
    OutsideInventory,
    /// The scan was stopped.
    Interrupted,
    /// A fault of the scanner.
    OurBug,
    /// A fault of the rule.
    RuleError,
}

/// One thing that was seen and decided a verdict.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Evidence {
    /// The fact's path, or the expression over facts, as the rule names it.
    pub fact: String,
    /// Its value; `null` means looked for and absent.
    pub value: serde_json::Value,
    /// The address it was seen at; absent for facts of the whole site.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
}

/// What one rule makes of one site. Made only through the constructors of [`Finding`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// The rule.
    pub rule: RuleId,
    /// Its category.
    pub category: Category,
    /// How bad a failure is.
    pub severity: Severity,
    /// Whether it scores.
    pub level: Level,
    /// The verdict over the whole site.
    pub verdict: Verdict,
    /// Who can fix it.
    pub owner: Owner,
    /// A waiver covers it; the verdict stays what it is.
    pub waived: bool,
    /// Required only from a later date («sắp bắt buộc»): shown, without points.
    pub upcoming: bool,
    /// When it was first seen failing (RFC 3339); absent without a history.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub first_seen: Option<jiff::Timestamp>,
    /// The verdict is that of an earlier time (RFC 3339), which stands in for one that could not be made now; `reason`
    /// says why not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub as_of: Option<jiff::Timestamp>,
    /// Why it is inconclusive or not applicable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// The failed rule its weight is lost with, where the reason is `parent_failed`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<RuleId>,
    /// One sentence for the reader.
    pub message: Text,
    /// What was seen; only for fail and inconclusive.
    pub evidence: Vec<Evidence>,
}

impl Finding {
    /// Whether its weight counts in a score: required, and in force.
    pub fn scores(&self) -> bool {
        self.level == Level::Required && !self.upcoming
    }

    /// Whether its weight is lost with a failed parent.
    pub fn is_lost(&self) -> bool {
        self.parent.is_some()
    }
}
