//! Reading CEL's syntax tree and its parser's complaints. Knows nothing of facts.

use cel::{
    IdedExpr, ParseErrors,
    common::ast::{Expr, LiteralValue, operators as op},
};

use super::Mistake;
use crate::{
    language::{Text, text},
    observation::catalogue,
    yaml::did_you_mean,
};

/// The path that a chain of selections spells: `http.hsts.max_age`, `tls.versions["TLSv1.0"]`.
pub(super) fn chain(e: &IdedExpr) -> Option<String> {
    match &e.expr {
        Expr::Ident(name) => Some(name.clone()),
        Expr::Select(select) if !select.test => {
            Some(catalogue::join(&chain(&select.operand)?, &select.field))
        }
        Expr::Call(call) if call.func_name == op::INDEX => match call.args.as_slice() {
            [operand, index] => Some(catalogue::join(&chain(operand)?, literal_text(index)?)),
            _ => None,
        },
        _ => None,
    }
}

/// The keys of a path, outermost first, where the expression is nothing but a path.
pub(super) fn keys(e: &IdedExpr) -> Option<Vec<String>> {
    match &e.expr {
        Expr::Ident(name) => Some(vec![name.clone()]),
        Expr::Select(select) if !select.test => {
            let mut path = keys(&select.operand)?;
            path.push(select.field.clone());
            Some(path)
        }
        Expr::Call(call) if call.func_name == op::INDEX => {
            let [operand, index] = call.args.as_slice() else { return None };
            let mut path = keys(operand)?;
            path.push(literal_text(index)?.to_owned());
            Some(path)
        }
        _ => None,
    }
}

pub(super) fn literal_text(e: &IdedExpr) -> Option<&str> {
    match &e.expr {
        Expr::Literal(LiteralValue::String(text)) => Some(text.inner()),
        _ => None,
    }
}

/// The optional facts that are known to be present when `e` is `truth`.
pub(super) fn presence(e: &IdedExpr, truth: bool, out: &mut Vec<String>) {
    match &e.expr {
        Expr::Select(select) if select.test && truth => {
            out.extend(chain(&select.operand).map(|base| catalogue::join(&base, &select.field)));
        }
        Expr::Call(call) => match (call.func_name.as_str(), call.args.as_slice()) {
            (op::LOGICAL_NOT, [x]) => presence(x, !truth, out),
            (op::LOGICAL_AND, [a, b]) if truth => {
                presence(a, truth, out);
                presence(b, truth, out);
            }
            (op::LOGICAL_OR, [a, b]) if !truth => {
                presence(a, truth, out);
                presence(b, truth, out);
            }
            (op::IN, [key, record]) if truth => {
                if let (Some(key), Some(base)) = (literal_text(key), chain(record)) {
                    out.push(catalogue::join(&base, key));
                }
            }
            _ => {}
        },
        _ => {}
    }
}

/// Whether an optional fact must be present for the expression to be true.
pub(super) fn needs_presence(e: &IdedExpr) -> bool {
    fn needs(e: &IdedExpr, truth: bool) -> bool {
        match &e.expr {
            Expr::Select(select) => select.test && truth,
            Expr::Call(call) => match (call.func_name.as_str(), call.args.as_slice()) {
                (op::LOGICAL_NOT, [x]) => needs(x, !truth),
                (op::LOGICAL_AND | op::LOGICAL_OR, [a, b]) => {
                    if (call.func_name == op::LOGICAL_AND) == truth {
                        needs(a, truth) || needs(b, truth)
                    } else {
                        needs(a, truth) && needs(b, truth)
                    }
                }
                _ => false,
            },
            _ => false,
        }
    }
    needs(e, true)
}

/// Whether the step of a loop looks at its variable, otherwise than by handing it on to the result.
pub(super) fn uses(step: &IdedExpr, variable: &str, accumulator: &str) -> bool {
    let looks = |e: &IdedExpr| free_names(e).contains(&variable);
    match &step.expr {
        Expr::Call(call) => match (call.func_name.as_str(), call.args.as_slice()) {
            // filter(): condition ? @result + [x] : @result
            (op::CONDITIONAL, [condition, ..]) => looks(condition),
            _ => call.args.iter().any(|a| !matches!(&a.expr, Expr::Ident(n) if n == accumulator) && looks(a)),
        },
        _ => looks(step),
    }
}

/// The names at the top of an expression, loop variables left out, each once.
pub(super) fn free_names(e: &IdedExpr) -> Vec<&str> {
    let mut found = Vec::new();
    collect(e, &mut Vec::new(), &mut found);
    found
}

fn collect<'e>(e: &'e IdedExpr, bound: &mut Vec<&'e str>, found: &mut Vec<&'e str>) {
    match &e.expr {
        Expr::Ident(name) => {
            if !bound.contains(&name.as_str()) && !found.contains(&name.as_str()) {
                found.push(name);
            }
        }
        Expr::Select(select) => collect(&select.operand, bound, found),
        Expr::Call(call) => {
            for part in call.target.as_deref().into_iter().chain(&call.args) {
                collect(part, bound, found);
            }
        }
        Expr::List(list) => list.elements.iter().for_each(|x| collect(x, bound, found)),
        Expr::Comprehension(c) => {
            collect(&c.iter_range, bound, found);
            let outer = bound.len();
            bound.extend([c.iter_var.as_str(), c.accu_var.as_str()]);
            for part in [&c.accu_init, &c.loop_cond, &c.loop_step, &c.result] {
                collect(part, bound, found);
            }
            bound.truncate(outer);
        }
        Expr::Literal(_) | Expr::Map(_) | Expr::Struct(_) | Expr::Unspecified => {}
    }
}

/// How deep brackets nest, those inside texts left out.
pub(super) fn bracket_depth(text: &str) -> usize {
    let (mut depth, mut deepest, mut quote, mut escaped) = (0_usize, 0, None, false);
    for c in text.chars() {
        match (quote, c) {
            (Some(_), _) if escaped => escaped = false,
            (Some(_), '\\') => escaped = true,
            (Some(q), c) if c == q => quote = None,
            (None, '"' | '\'') => quote = Some(c),
            (None, '(' | '[' | '{') => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            (None, ')' | ']' | '}') => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

/// The parser's complaints in our words.
pub(super) fn mistakes(text: &str, errors: &ParseErrors) -> Vec<Mistake> {
    let mut out: Vec<Mistake> = Vec::new();
    for error in &errors.errors {
        let (line, column) = error.pos;
        let before: usize = text
            .split_inclusive('\n')
            .take(usize::try_from(line - 1).unwrap_or(0))
            .map(|l| l.chars().count())
            .sum();
        let offset = before + usize::try_from(column - 1).unwrap_or(0);
        let (message, help) = reword(&error.msg);
        // one mistake makes the parser stumble several times over the same place
        if out.iter().all(|m| m.offset != offset) {
            out.push(Mistake::new(offset, message, help));
        }
    }
    out.truncate(3);
    out
}

fn reword(message: &str) -> (Text, Option<Text>) {
    let lower = message.to_lowercase();
    let said = |vi: &str, en: &str| Some(Text::new(vi, en));
    if lower.contains("unsupported syntax") {
        return (
            (
                "giá trị tùy chọn (.?, [?]) không có trong ngôn ngữ này",
                "optional values (.?, [?]) are not part of this language",
            )
                .into(),
            said(
                "ghi has(…) && … : dữ kiện không quan sát được thì không quyết định điều gì",
                "write has(…) && … : a fact that was not seen decides nothing",
            ),
        );
    }
    if lower.contains("recursion") {
        return (("lồng nhau quá sâu", "nested too deep").into(), None);
    }
    if lower.contains("'=>") {
        return (("`=>` không phải phép toán", "`=>` is no operator").into(), Some(did_you_mean(">=")));
    }
    if lower.contains("token recognition error at: '=") {
        return (("`=` không phải phép toán", "`=` is no operator").into(), Some(did_you_mean("==")));
    }
    let message = message.strip_prefix("Syntax error: ").unwrap_or(message);
    // a YAML list in brackets ends a text at a comma, in the middle of a call
    let help = if lower.contains("<eof>") {
        said(
            "trong [ … ] dấu phẩy kết thúc đoạn chữ: đặt biểu thức trong dấu nháy",
            "inside [ … ] a comma ends the text: put the expression in quotes",
        )
    } else {
        None
    };
    (text!("đây không phải biểu thức: {message}", "this is no expression: {message}"), help)
}
