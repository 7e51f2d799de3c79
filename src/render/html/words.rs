//! What things are called on pages alone: blocks, who fixes, what a unit answers for. No markup; what every
//! format calls alike is `render::words`'s.

use crate::{
    render::words as shared,
    report::{CauseKind, GroupKind, RuleEntry},
    rule::{FixedBy, Lang},
    target::{Block, Importance},
};

pub(super) use crate::render::words::{capitalised, category, server, software};

/// `khối sở`, within a sentence.
pub(super) fn block(block: Block, lang: Lang) -> &'static str {
    match (block, lang) {
        (Block::So, Lang::Vi) => "khối sở",
        (Block::Huyen, Lang::Vi) => "khối huyện",
        (Block::Xa, Lang::Vi) => "khối xã",
        (Block::So, Lang::En) => "departments",
        (Block::Huyen, Lang::En) => "districts",
        (Block::Xa, Lang::En) => "communes",
    }
}

/// Who carries a fix out.
pub(super) fn fixed_by(who: FixedBy, lang: Lang) -> &'static str {
    match (who, lang) {
        (FixedBy::Unit, Lang::Vi) => "Đơn vị tự làm, trong phần quản trị trang",
        (FixedBy::Operator, Lang::Vi) => "Người quản trị máy chủ, hoặc đơn vị vận hành",
        (FixedBy::DnsOperator, Lang::Vi) => "Nơi quản lý tên miền",
        (FixedBy::Unit, Lang::En) => "The unit itself, in its site's administration",
        (FixedBy::Operator, Lang::En) => "Whoever administers the server, or its operator",
        (FixedBy::DnsOperator, Lang::En) => "Whoever runs the DNS zone",
    }
}

/// Who fixes what a rule finds: who carries the fix out, or who answers where nothing says so.
pub(super) fn fixer(rule: Option<&RuleEntry>, lang: Lang) -> String {
    match rule.map(|rule| (rule.fix.as_ref(), rule.owner)) {
        Some((Some(fix), _)) => fixed_by(fix.who, lang).to_owned(),
        Some((None, owner)) => capitalised(shared::owner(owner, lang)),
        None => "–".to_owned(),
    }
}

/// How much a site matters.
pub(super) fn importance(importance: Importance, lang: Lang) -> &'static str {
    match (importance, lang) {
        (Importance::High, Lang::Vi) => "quan trọng",
        (Importance::Normal, Lang::Vi) => "thường",
        (Importance::Low, Lang::Vi) => "phụ",
        (Importance::High, Lang::En) => "important",
        (Importance::Normal, Lang::En) => "normal",
        (Importance::Low, Lang::En) => "minor",
    }
}

/// What a unit answers for beside its own sites; nothing for a site.
pub(super) fn group(kind: GroupKind, lang: Lang) -> &'static str {
    match (kind, lang) {
        (GroupKind::Site, _) => "",
        (GroupKind::Server, Lang::Vi) => "Máy chủ dùng chung",
        (GroupKind::Zone, Lang::Vi) => "Vùng tên miền",
        (GroupKind::Server, Lang::En) => "Shared server",
        (GroupKind::Zone, Lang::En) => "DNS zone",
    }
}

/// What sites have in common.
pub(super) fn cause(kind: CauseKind, lang: Lang) -> &'static str {
    match (kind, lang) {
        (CauseKind::Certificate, Lang::Vi) => "Cùng một chứng thư",
        (CauseKind::Zone, Lang::Vi) => "Cùng vùng tên miền",
        (CauseKind::Operator, Lang::Vi) => "Cùng đơn vị vận hành",
        (CauseKind::Address, Lang::Vi) => "Cùng một máy chủ",
        (CauseKind::Certificate, Lang::En) => "The same certificate",
        (CauseKind::Zone, Lang::En) => "The same zone",
        (CauseKind::Operator, Lang::En) => "The same operator",
        (CauseKind::Address, Lang::En) => "The same server",
    }
}
