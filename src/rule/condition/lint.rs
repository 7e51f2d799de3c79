//! Checks an expression against the catalogue of facts before it ever runs: names, types, words, guards,
//! functions, and how much work it can be. Works on CEL's syntax tree.

use cel::{
    IdedExpr,
    common::ast::{CallExpr, ComprehensionExpr, Expr, SourceInfo, operators as op},
};

use super::{
    Mistake, Names,
    shape::{FUNCTIONS, Type, Typed, literal_type},
    syntax::{chain, literal_text, presence, uses},
};
use crate::{
    language::{Text, text},
    observation::catalogue::{self, Shape},
    yaml::{did_you_mean, nearest},
};

/// The most steps that one expression may take on the largest document.
pub(super) const MAX_STEPS: u64 = 200_000;

/// What an expression must come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// True or false.
    Bool,
    /// A scalar or a list of scalars.
    Scalars,
    /// A fact, which may be absent.
    Path,
}

/// Everything wrong with the expression, in the order written.
pub(super) fn check(
    expression: &IdedExpr,
    source: &SourceInfo,
    names: &Names,
    expected: Expected,
) -> Vec<Mistake> {
    let mut lint = Lint { names, source, mistakes: Vec::new(), steps: 0, weight: 1 };
    let scope = Scope::default();
    if expected == Expected::Path {
        lint.path(expression, &scope);
        return lint.mistakes;
    }
    let whole = lint.used(expression, &scope);
    match (expected, &whole) {
        (_, Type::Unknown) | (Expected::Bool, Type::Known(Shape::Bool)) => {}
        (Expected::Bool, other) => {
            let message = text!(
                "đây là {kind}, không phải đúng hoặc sai",
                "this is {kind}, not true or false";
                kind = other.kind()
            );
            lint.mistake(expression.id, message, None);
        }
        (Expected::Scalars | Expected::Path, other) if other.is_scalar_or_list_of_scalars() => {}
        (Expected::Scalars | Expected::Path, other) => {
            let help = (
                "kết thúc bằng một dữ kiện, ví dụ .map(c, c.name)",
                "end in one fact, as in .map(c, c.name)",
            );
            let message = text!(
                "bằng chứng là một giá trị hoặc một danh sách giá trị; đây là {kind}",
                "evidence is a value or a list of values; this is {kind}";
                kind = other.kind()
            );
            lint.mistake(expression.id, message, Some(help.into()));
        }
    }
    if lint.steps > MAX_STEPS {
        let message = text!(
            "có thể cần {steps} bước với hồ sơ lớn nhất; giới hạn là {MAX_STEPS}",
            "may take {steps} steps on the largest document; the limit is {MAX_STEPS}",
            steps = lint.steps
        );
        let help = (
            "bớt lồng all(), exists(), filter() và map() vào nhau",
            "nest fewer all(), exists(), filter() and map()",
        );
        lint.mistake(expression.id, message, Some(help.into()));
    }
    lint.mistakes.sort_by_key(|m| m.offset);
    lint.mistakes
}

/// Loop variables, and the optional facts known to be present, at one point of the expression.
#[derive(Clone, Default)]
pub(super) struct Scope<'s> {
    variables: Vec<(String, Type<'s>)>,
    present: Vec<String>,
}

impl<'s> Scope<'s> {
    fn given(&self, condition: &IdedExpr, truth: bool) -> Self {
        let mut scope = self.clone();
        presence(condition, truth, &mut scope.present);
        scope
    }

    fn with(&self, variable: &str, of: Type<'s>) -> Self {
        let mut scope = self.clone();
        // a loop variable hides what was known under its name
        scope.present.retain(|p| !p.starts_with(variable));
        scope.variables.push((variable.to_owned(), of));
        scope
    }
}

pub(super) struct Lint<'s> {
    names: &'s Names,
    source: &'s SourceInfo,
    mistakes: Vec<Mistake>,
    steps: u64,
    /// How often the part being walked may run.
    weight: u64,
}

impl<'s> Lint<'s> {
    pub(super) fn mistake(&mut self, id: u64, message: impl Into<Text>, help: Option<Text>) {
        let offset = self.source.offset_for(id).map_or(0, |(start, _)| start as usize);
        let mistake = Mistake::new(offset, message, help);
        if !self.mistakes.contains(&mistake) {
            self.mistakes.push(mistake);
        }
    }

    /// The fact at the end of a path; any part of it may be absent.
    fn path(&mut self, e: &IdedExpr, scope: &Scope<'s>) -> Type<'s> {
        let operand = match &e.expr {
            Expr::Select(select) => Some((&*select.operand, select.field.as_str())),
            Expr::Call(call) => match call.args.as_slice() {
                [operand, index] => literal_text(index).map(|key| (operand, key)),
                _ => None,
            },
            _ => None,
        };
        match operand {
            Some((operand, key)) => {
                let of = self.path(operand, scope);
                self.member(e.id, &of, &chain(operand).unwrap_or_default(), key).of
            }
            None => self.used(e, scope),
        }
    }

    /// The type of an expression whose value is used: an optional fact must be known to be present.
    pub(super) fn used(&mut self, e: &IdedExpr, scope: &Scope<'s>) -> Type<'s> {
        let typed = self.walk(e, scope);
        if let Some(path) = typed.optional.filter(|path| !scope.present.contains(path)) {
            let help = text!("ghi has({path}) && … phía trước", "write has({path}) && … before it");
            self.mistake(e.id, text!("`{path}` có thể không có", "`{path}` may be absent"), Some(help));
        }
        typed.of
    }

    fn walk(&mut self, e: &IdedExpr, scope: &Scope<'s>) -> Typed<'s> {
        self.steps = self.steps.saturating_add(self.weight);
        match &e.expr {
            Expr::Ident(name) => self.name(e.id, name, scope).into(),
            Expr::Literal(literal) => literal_type(literal).into(),
            Expr::Select(select) => {
                let operand = self.used(&select.operand, scope);
                let base = chain(&select.operand).unwrap_or_default();
                let typed = self.member(e.id, &operand, &base, &select.field);
                if select.test { Type::BOOL.into() } else { typed }
            }
            Expr::List(list) => {
                let mut element = Type::Unknown;
                for x in &list.elements {
                    element = self.used(x, scope);
                }
                Type::List(Box::new(element), list.elements.len()).into()
            }
            Expr::Call(call) => self.call(e, call, scope),
            Expr::Comprehension(comprehension) => self.comprehension(comprehension, scope).into(),
            Expr::Map(_) | Expr::Struct(_) | Expr::Unspecified => {
                let message = ("quy tắc không tạo được nhóm dữ kiện", "a rule cannot build records");
                self.mistake(e.id, message, None);
                Type::Unknown.into()
            }
        }
    }

    fn name(&mut self, id: u64, name: &str, scope: &Scope<'s>) -> Type<'s> {
        if let Some((_, of)) = scope.variables.iter().rev().find(|(v, _)| v == name) {
            return of.clone();
        }
        if let Some(member) = self.names.get(name) {
            return Type::Known(&member.shape);
        }
        let known = self.names.all();
        let help = match name {
            "endpoints" => Some(Text::new(
                "viết về `tls`, `certificate` hoặc `endpoint.http`: quy tắc được xét một lần cho mỗi địa chỉ",
                "write about `tls`, `certificate` or `endpoint.http`: the rule is asked once per address",
            )),
            _ => {
                nearest(name, known.chain(scope.variables.iter().map(|(v, _)| v.as_str()))).map(did_you_mean)
            }
        };
        self.mistake(id, text!("không có dữ kiện `{name}`", "no fact `{name}`"), help);
        Type::Unknown
    }

    pub(super) fn member(&mut self, id: u64, of: &Type<'s>, base: &str, name: &str) -> Typed<'s> {
        let path = catalogue::join(base, name);
        match of {
            Type::Unknown => Type::Unknown.into(),
            Type::Known(Shape::Record(fields)) => {
                if let Some(member) = fields.get(name) {
                    Typed { of: Type::Known(&member.shape), optional: member.optional.then_some(path) }
                } else {
                    let what =
                        if base == "params" { ("tham số", "parameter") } else { ("dữ kiện", "fact") };
                    let help = nearest(name, fields.keys().map(String::as_str)).map(did_you_mean);
                    self.mistake(
                        id,
                        text!("không có {what} `{path}`", "no {what} `{path}`"; what = what),
                        help,
                    );
                    Type::Unknown.into()
                }
            }
            other => {
                let message = text!(
                    "`{base}` là {kind}: bên trong không có dữ kiện nào",
                    "`{base}` is {kind}: it has no facts inside";
                    kind = other.kind()
                );
                self.mistake(id, message, None);
                Type::Unknown.into()
            }
        }
    }

    fn call(&mut self, e: &IdedExpr, call: &CallExpr, scope: &Scope<'s>) -> Typed<'s> {
        match (call.func_name.as_str(), call.args.as_slice()) {
            (op::LOGICAL_AND | op::LOGICAL_OR, [left, right]) => {
                let go_on = call.func_name == op::LOGICAL_AND;
                self.truth(left, scope);
                self.truth(right, &scope.given(left, go_on));
                Type::BOOL.into()
            }
            (op::LOGICAL_NOT, [x]) => {
                self.truth(x, scope);
                Type::BOOL.into()
            }
            (op::CONDITIONAL, [condition, yes, no]) => {
                self.truth(condition, scope);
                let yes = self.used(yes, &scope.given(condition, true));
                self.used(no, &scope.given(condition, false));
                yes.into()
            }
            (op::EQUALS | op::NOT_EQUALS, [left, right]) => {
                self.comparison(left, right, scope, true);
                Type::BOOL.into()
            }
            (op::LESS | op::LESS_EQUALS | op::GREATER | op::GREATER_EQUALS, [left, right]) => {
                self.comparison(left, right, scope, false);
                Type::BOOL.into()
            }
            (op::IN, [needle, haystack]) => {
                self.membership(needle, haystack, scope);
                Type::BOOL.into()
            }
            (op::INDEX, [operand, index]) => {
                let of = self.used(operand, scope);
                let base = chain(operand).unwrap_or_default();
                if let (Some(key), false) = (literal_text(index), of.is_list()) {
                    self.member(index.id, &of, &base, key)
                } else {
                    let help = ("dùng all(), exists() hoặc filter()", "use all(), exists() or filter()");
                    let message = (
                        "phần tử có thể không có: không dùng được [số]",
                        "an element may not be there: no [number]",
                    );
                    self.mistake(e.id, message, Some(help.into()));
                    Type::Unknown.into()
                }
            }
            (op::ADD | op::SUBSTRACT | op::MULTIPLY | op::DIVIDE | op::MODULO, [left, right]) => {
                self.arithmetic(e, call, left, right, scope).into()
            }
            (op::NEGATE, [x]) => {
                self.expect(x, scope, &Type::INT);
                Type::INT.into()
            }
            _ => self.function(e, call, scope).into(),
        }
    }

    fn truth(&mut self, e: &IdedExpr, scope: &Scope<'s>) {
        self.expect(e, scope, &Type::BOOL);
    }

    pub(super) fn expect(&mut self, e: &IdedExpr, scope: &Scope<'s>, wanted: &Type<'s>) {
        let of = self.used(e, scope);
        if !of.same_kind(wanted) {
            let message = text!(
                "đây là {kind}; chỗ này cần {wanted}",
                "this is {kind}; {wanted} is needed here";
                kind = of.kind(),
                wanted = wanted.kind()
            );
            self.mistake(e.id, message, None);
        }
    }

    fn function(&mut self, e: &IdedExpr, call: &CallExpr, scope: &Scope<'s>) -> Type<'s> {
        let name = call.func_name.as_str();
        let Some(function) = FUNCTIONS.iter().find(|f| f.name == name) else {
            let known = FUNCTIONS.iter().map(|f| f.name).chain(["all", "exists", "filter", "map", "has"]);
            let all = || FUNCTIONS.iter().map(|f| f.name).collect::<Vec<_>>().join(", ");
            let help = nearest(name, known)
                .map_or_else(|| text!("có các hàm {all}", "there are {all}", all = all()), did_you_mean);
            self.mistake(e.id, text!("không có hàm `{name}`", "no function `{name}`"), Some(help));
            return Type::Unknown;
        };
        let operands: Vec<&IdedExpr> = call.target.as_deref().into_iter().chain(&call.args).collect();
        let [of, arguments @ ..] = operands.as_slice() else {
            let message = text!("`{name}` cần một giá trị để áp dụng", "`{name}` needs something to work on");
            self.mistake(e.id, message, None);
            return function.result();
        };
        let target = self.used(of, scope);
        if arguments.len() != function.arguments {
            let message = text!(
                "`{name}` nhận {count} đối số",
                "`{name}` takes {count} argument(s)",
                count = function.arguments
            );
            self.mistake(e.id, message, None);
        }
        for argument in arguments {
            self.expect(argument, scope, &Type::TEXT);
        }
        if name == "size" {
            if target.may_be_cut() {
                let help = (
                    "dùng exists() hoặc all(): vẫn kết luận được khi danh sách bị cắt ngắn",
                    "use exists() or all(): they can be decided where the list was cut short",
                );
                let message =
                    ("có thể không biết danh sách này dài bao nhiêu", "the size of this list may be unknown");
                self.mistake(e.id, message, Some(help.into()));
            } else if !target.is_list() && !target.same_kind(&Type::TEXT) {
                let message =
                    text!("không đếm được độ dài của {kind}", "{kind} has no size"; kind = target.kind());
                self.mistake(of.id, message, None);
            }
        } else if !target.same_kind(&Type::TEXT) {
            let message = text!(
                "`{name}` chỉ dùng cho đoạn chữ; đây là {kind}",
                "`{name}` works on text; this is {kind}";
                kind = target.kind()
            );
            self.mistake(of.id, message, None);
        }
        if name == "matches" && !arguments.iter().all(|a| literal_text(a).is_some_and(is_regex)) {
            let help = ("viết thẳng mẫu thành một đoạn chữ", "write the pattern as a literal text");
            let message = (
                "không phải biểu thức chính quy kiểm tra được",
                "not a regular expression that can be checked",
            );
            self.mistake(e.id, message, Some(help.into()));
        }
        function.result()
    }

    fn comprehension(&mut self, c: &ComprehensionExpr, scope: &Scope<'s>) -> Type<'s> {
        let range = self.used(&c.iter_range, scope);
        let Some(element) = range.element() else {
            if !matches!(range, Type::Unknown) {
                self.mistake(c.iter_range.id, no_elements(&range), None);
            }
            return Type::Unknown;
        };
        if !uses(&c.loop_step, &c.iter_var, &c.accu_var) {
            // the unseen rest of a list that was cut short raises only where it is asked something
            let message = text!(
                "điều kiện không hề xét đến `{variable}`",
                "the condition never looks at `{variable}`",
                variable = c.iter_var
            );
            let help = text!(
                "xét một điều ở từng phần tử, ví dụ {variable}.name != \"\"",
                "ask something of each element, as in {variable}.name != \"\"",
                variable = c.iter_var
            );
            self.mistake(c.iter_range.id, message, Some(help));
        }
        let inner = scope.with(&c.iter_var, element.clone());
        let outer_weight = self.weight;
        self.weight = self.weight.saturating_mul(range.limit());
        let result = match &c.loop_step.expr {
            Expr::Call(step) => match (step.func_name.as_str(), step.args.as_slice()) {
                (op::LOGICAL_AND | op::LOGICAL_OR, [_, predicate]) => {
                    self.truth(predicate, &inner);
                    Type::BOOL
                }
                (op::CONDITIONAL, [predicate, kept, _]) => {
                    self.truth(predicate, &inner);
                    if matches!(c.accu_init.expr, Expr::List(_)) {
                        let element = self.appended(kept, &inner.given(predicate, true));
                        Type::List(Box::new(element), range.limit_usize())
                    } else {
                        Type::BOOL
                    }
                }
                (op::ADD, [_, _]) => {
                    let element = self.appended(&c.loop_step, &inner);
                    Type::List(Box::new(element), range.limit_usize())
                }
                _ => Type::Unknown,
            },
            _ => Type::Unknown,
        };
        self.weight = outer_weight;
        result
    }

    /// The type of `x` in the step `@result + [x]` of `map()` and `filter()`.
    fn appended(&mut self, step: &IdedExpr, scope: &Scope<'s>) -> Type<'s> {
        if let Expr::Call(call) = &step.expr
            && let [_, IdedExpr { expr: Expr::List(list), .. }] = call.args.as_slice()
            && let [x] = list.elements.as_slice()
        {
            return self.used(x, scope);
        }
        Type::Unknown
    }
}

fn is_regex(pattern: &str) -> bool {
    // the same engine that will run it
    let program = super::environment().compile("''.matches(pattern)");
    let mut context = cel::Context::with_env(super::environment());
    context.add_variable_from_value("pattern", pattern.to_owned());
    program.is_ok_and(|p| p.execute(&context).is_ok())
}

pub(super) fn no_elements(of: &Type<'_>) -> Text {
    text!("{kind} không có phần tử", "{kind} has no elements"; kind = of.kind())
}
