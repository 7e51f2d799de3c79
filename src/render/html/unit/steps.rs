//! The steps of a fix: a tab per server software, without script; the site's own come first and the first is chosen. Indented lines of a step
//! are configuration to copy.

use maud::{Markup, html};

use crate::{
    render::{escape, html::view::View, html::words},
    report::UnitCard,
    rule::{Fix, FixText, Lang, Server},
};

use super::Fault;

const SERVERS: [Server; 4] = [Server::Nginx, Server::Apache, Server::Iis, Server::Tomcat];

/// A step: what to do, and what to type or write.
#[derive(Debug, PartialEq, Eq)]
struct Step {
    text: String,
    code: String,
}

pub(super) fn steps(view: View<'_, '_>, card: &UnitCard, fault: &Fault<'_>, fix: &Fix) -> Markup {
    let text = match view.lang {
        Lang::Vi => &fix.vi,
        Lang::En => &fix.en,
    };
    let seen = seen(fault);
    let place = |server: &Server| seen.iter().position(|one| one == server).unwrap_or(seen.len());
    let mut servers = SERVERS;
    servers.sort_by_key(place);
    let tabs: Vec<(Server, &str)> =
        servers.into_iter().filter_map(|server| Some((server, text.for_server(server)?))).collect();
    let any = text.steps().find(|(name, _)| *name == "any").map(|(_, text)| text);
    html! {
        @if let Some(any) = any {
            h3 { (view.say(if tabs.is_empty() { "Các bước sửa" } else { "Trước hết" }, if tabs.is_empty() { "Steps" } else { "First" })) }
            (list(view, fault, any))
        }
        @if !tabs.is_empty() { (choice(view, card, fault, fix, &tabs)) }
        (undo(view, fault, text))
    }
}

/// The software of the sites, of the first that tells first.
fn seen(fault: &Fault<'_>) -> Vec<Server> {
    let mut seen = Vec::new();
    for server in fault.places.iter().flat_map(|place| words::software(place.site)) {
        if !seen.contains(&server) {
            seen.push(server);
        }
    }
    seen
}

fn choice(
    view: View<'_, '_>,
    card: &UnitCard,
    fault: &Fault<'_>,
    fix: &Fix,
    tabs: &[(Server, &str)],
) -> Markup {
    let seen = seen(fault);
    let chosen = tabs.first().map(|(server, _)| *server);
    let name = view.anchor(card, &format!("may-{}", fault.rule));
    html! {
        fieldset.tabs {
            legend { (view.say("Các bước sửa", "Steps")) }
            @for (server, _) in tabs {
                @let id = format!("{name}-{}", words::server(*server).to_lowercase());
                input type="radio" name=(name) id=(id) checked[chosen == Some(*server)];
                label for=(id) {
                    (words::server(*server))
                    @if seen.contains(server) { " " small { (view.say("(đã nhận diện)", "(seen here)")) } }
                }
            }
            div.panes {
                @for (server, text) in tabs {
                    div.pane {
                        p.server-name { (words::server(*server)) }
                        (list(view, fault, text))
                        p.fine { (tried(view, fix, *server)) }
                    }
                }
            }
        }
    }
}

fn tried(view: View<'_, '_>, fix: &Fix, server: Server) -> String {
    let name = words::server(server);
    match (fix.tried_on.contains(&server), view.lang) {
        (true, Lang::Vi) => format!("✓ Đã thử trên {name}."),
        (true, Lang::En) => format!("✓ Tried on {name}."),
        (false, Lang::Vi) => "Chưa kiểm chứng tại đây: sao lưu cấu hình trước khi sửa.".to_owned(),
        (false, Lang::En) => "Not tried here: back the configuration up before you change it.".to_owned(),
    }
}

fn undo(view: View<'_, '_>, fault: &Fault<'_>, text: &FixText) -> Markup {
    html! {
        h3 { (view.say("Nếu có trục trặc, quay lại như cũ", "If something goes wrong, undo it")) }
        @for step in parse(&for_host(fault, &text.undo)) {
            p { (step.text) }
            @if !step.code.is_empty() { pre tabindex="0" { (step.code) } }
        }
    }
}

fn list(view: View<'_, '_>, fault: &Fault<'_>, text: &str) -> Markup {
    let steps = parse(&for_host(fault, text));
    let body = |step: &Step| {
        html! {
            (step.text)
            @if !step.code.is_empty() { pre tabindex="0" aria-label=(view.say("Lệnh hoặc cấu hình", "Command or configuration")) { (step.code) } }
        }
    };
    html! {
        @match steps.as_slice() {
            [only] => div.steps { (body(only)) },
            many => ol.steps { @for step in many { li { (body(step)) } } },
        }
    }
}

/// Rules write `TEN-TRANG` or `YOUR-HOST` where the site's name belongs: filled in where there is only one, and it is
/// nothing but a host name.
fn for_host(fault: &Fault<'_>, text: &str) -> String {
    let [only] = fault.places.as_slice() else { return text.to_owned() };
    let host = &only.site.host;
    if host.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-')) {
        text.replace("TEN-TRANG", host).replace("YOUR-HOST", host)
    } else {
        text.to_owned()
    }
}

/// Lines of prose begin a step; indented lines below one are its configuration.
fn parse(text: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let mut code: Vec<&str> = Vec::new();
    let close = |steps: &mut Vec<Step>, code: &mut Vec<&str>| {
        let lines = std::mem::take(code);
        if lines.is_empty() {
            return;
        }
        let indent = lines.iter().map(|line| line.len() - line.trim_start().len()).min().unwrap_or(0);
        let lines: Vec<_> = lines.iter().map(|line| escape(line.get(indent..).unwrap_or(line))).collect();
        if steps.is_empty() {
            steps.push(Step { text: String::new(), code: String::new() });
        }
        if let Some(step) = steps.last_mut() {
            step.code = lines.join("\n");
        }
    };
    for line in text.lines() {
        if line.trim().is_empty() {
            continue;
        }
        if line.starts_with([' ', '\t']) {
            code.push(line);
        } else {
            close(&mut steps, &mut code);
            steps.push(Step { text: escape(line.trim()).into_owned(), code: String::new() });
        }
    }
    close(&mut steps, &mut code);
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prose_begins_a_step_and_indented_lines_are_its_configuration() {
        let steps = parse("Một:\n  a {\n    b;\n  }\nHai\n\nBa:\n  c\n");
        let expected = [("Một:", "a {\n  b;\n}"), ("Hai", ""), ("Ba:", "c")];
        let expected: Vec<Step> = expected
            .iter()
            .map(|(text, code)| Step { text: (*text).to_owned(), code: (*code).to_owned() })
            .collect();
        assert_eq!(steps, expected);
        assert_eq!(parse("  only code"), [Step { text: String::new(), code: "only code".to_owned() }]);
        assert!(parse("\n \n").is_empty());
    }
}
