//! What the linter asks of both sides of an operator: comparison, membership, arithmetic.

use cel::{
    IdedExpr,
    common::ast::{CallExpr, Expr, LiteralValue, operators as op},
};

use super::{
    lint::{Lint, Scope, no_elements},
    shape::Type,
    syntax::{chain, literal_text},
};
use crate::{
    language::text,
    observation::catalogue::Shape,
    yaml::{did_you_mean, nearest},
};

impl<'s> Lint<'s> {
    pub(super) fn comparison(
        &mut self,
        left: &IdedExpr,
        right: &IdedExpr,
        scope: &Scope<'s>,
        equality: bool,
    ) {
        for (side, other) in [(left, right), (right, left)] {
            if matches!(side.expr, Expr::Literal(LiteralValue::Null)) {
                let path = chain(other).unwrap_or_else(|| "…".to_owned());
                let help = text!("ghi has({path}) hoặc !has({path})", "write has({path}) or !has({path})");
                self.mistake(side.id, ("dữ kiện không bao giờ là null", "a fact is never null"), Some(help));
                return;
            }
        }
        let (l, r) = (self.used(left, scope), self.used(right, scope));
        for (of, e) in [(&l, left), (&r, right)] {
            if of.is_list() || matches!(of, Type::Known(Shape::Record(_))) {
                let message =
                    text!("không so sánh được {kind}", "{kind} cannot be compared"; kind = of.kind());
                self.mistake(e.id, message, None);
                return;
            }
        }
        if !l.same_kind(&r) || (!equality && l.same_kind(&Type::BOOL) && !matches!(l, Type::Unknown)) {
            let message = text!(
                "{left} lại được so sánh với {right}",
                "{left} is compared with {right}";
                left = l.kind(),
                right = r.kind()
            );
            self.mistake(right.id, message, None);
            return;
        }
        for (of, fact, literal) in [(&l, left, right), (&r, right, left)] {
            if let Some(word) = literal_text(literal) {
                self.word(of, fact, literal.id, word);
            }
        }
    }

    /// A text that can only be one of some words is compared with another.
    fn word(&mut self, of: &Type<'s>, fact: &IdedExpr, id: u64, word: &str) {
        let Type::Known(Shape::Text(words)) = of else { return };
        if words.is_empty() || words.iter().any(|w| w == word) {
            return;
        }
        let path = chain(fact).unwrap_or_else(|| "this".to_owned());
        let one_of =
            || text!("giá trị là một trong {words}", "it is one of {words}", words = words.join(", "));
        let help = nearest(word, words.iter().map(String::as_str)).map_or_else(one_of, did_you_mean);
        let message = text!("`{path}` không bao giờ là \"{word}\"", "`{path}` is never \"{word}\"");
        self.mistake(id, message, Some(help));
    }

    pub(super) fn membership(&mut self, needle: &IdedExpr, haystack: &IdedExpr, scope: &Scope<'s>) {
        let wanted = self.used(needle, scope);
        let inside = self.used(haystack, scope);
        match (&inside, &haystack.expr) {
            (_, Expr::List(list)) => {
                for x in &list.elements {
                    if let Some(word) = literal_text(x) {
                        self.word(&wanted, needle, x.id, word);
                    }
                }
                self.element_kind(needle.id, &wanted, &inside);
            }
            (Type::Known(Shape::Record(_)), _) => {
                if let Some(key) = literal_text(needle) {
                    let base = chain(haystack).unwrap_or_default();
                    self.member(needle.id, &inside, &base, key);
                }
            }
            _ => self.element_kind(needle.id, &wanted, &inside),
        }
    }

    fn element_kind(&mut self, id: u64, wanted: &Type<'s>, list: &Type<'s>) {
        match list.element() {
            _ if matches!(list, Type::Unknown) => {}
            None => self.mistake(id, no_elements(list), None),
            Some(Type::Known(Shape::Record(_))) => {
                let help = ("dùng exists(x, x.name == …)", "use exists(x, x.name == …)");
                let message = (
                    "mỗi phần tử của danh sách này là một nhóm dữ kiện",
                    "the elements of this list are groups of facts",
                );
                self.mistake(id, message, Some(help.into()));
            }
            Some(element) if !element.same_kind(wanted) => {
                let message = text!(
                    "tìm {wanted} trong danh sách gồm {element}",
                    "{wanted} is sought among {element}";
                    wanted = wanted.kind(),
                    element = element.kind()
                );
                self.mistake(id, message, None);
            }
            Some(_) => {}
        }
    }

    pub(super) fn arithmetic(
        &mut self,
        e: &IdedExpr,
        call: &CallExpr,
        left: &IdedExpr,
        right: &IdedExpr,
        scope: &Scope<'s>,
    ) -> Type<'s> {
        let of = self.used(left, scope);
        let by = self.used(right, scope);
        let text = call.func_name == op::ADD && of.same_kind(&Type::TEXT);
        if !of.same_kind(&by) || !(text || of.same_kind(&Type::INT)) {
            let message = text!(
                "không tính toán được với {left} và {right}",
                "no arithmetic on {left} and {right}";
                left = of.kind(),
                right = by.kind()
            );
            self.mistake(e.id, message, None);
        }
        if matches!(call.func_name.as_str(), op::DIVIDE | op::MODULO) {
            let divisor = matches!(&right.expr, Expr::Literal(LiteralValue::Int(i)) if *i.inner() != 0);
            if !divisor {
                let message = ("số chia có thể bằng 0", "a division by something that may be 0");
                let help = ("chia cho một số khác 0", "divide by a number other than 0");
                self.mistake(right.id, message, Some(help.into()));
            }
        }
        if text { Type::TEXT } else { of }
    }
}
