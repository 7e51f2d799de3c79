//! The command line: one file per subcommand. The only place that prints or decides an exit code.

mod assess;
mod canary;
mod check;
mod demo;
mod exit;
mod facts;
mod failed;
mod inventory;
mod keeping;
mod misuse;
mod options;
mod outcome;
mod past;
mod probing;
mod progress;
mod recheck;
mod report;
mod rules;
mod scan;
mod survey;
mod targets;
mod writing;

use std::{
    ffi::OsString,
    io::{self, IsTerminal, Write},
};

use clap::{CommandFactory, FromArgMatches, Parser};

pub use exit::Exit;

use crate::rule::Lang;
use failed::Failed;

/// Trang web của từng cơ quan an toàn đến đâu, cần sửa gì trước · How safe each agency's web sites are, and what to fix first
#[derive(Debug, Parser)]
#[command(name = "khien", version, max_term_width = 100, propagate_version = true)]
#[command(disable_help_flag = true, disable_version_flag = true)]
struct Cli {
    /// Ngôn ngữ của kết quả và thông báo cho người đọc · Language of what is printed for people
    #[arg(long, global = true, value_enum, default_value_t = LangFlag::Vi)]
    lang: LangFlag,
    /// In trợ giúp (-h: tóm tắt) · Print help (-h: a summary)
    #[arg(short, long, global = true, action = clap::ArgAction::Help, display_order = 900)]
    help: Option<bool>,
    /// In phiên bản · Print version
    #[arg(short = 'V', long, global = true, action = clap::ArgAction::Version, display_order = 901)]
    version: Option<bool>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum LangFlag {
    /// Tiếng Việt · Vietnamese
    Vi,
    /// Tiếng Anh · English
    En,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Demo(demo::Demo),
    Check(check::Check),
    Scan(scan::Scan),
    Recheck(recheck::Recheck),
    Report(report::Report),
    Diff(report::Diff),
    Assess(assess::Assess),
    Rules(rules::Rules),
    Facts(facts::Facts),
    Targets(targets::Targets),
    Prune(report::Prune),
    /// In tệp gợi ý lệnh cho shell · Print a completion script
    Completions {
        /// Loại shell · The shell
        shell: clap_complete::Shell,
    },
    /// In trang hướng dẫn man · Print the manual page
    #[command(hide = true)]
    Man,
}

/// Where a command prints, and how.
struct Screen<'a> {
    /// Standard output: documents and results.
    out: &'a mut dyn Write,
    /// Standard error: progress and notes.
    err: &'a mut dyn Write,
    lang: Lang,
    /// Whether standard output takes colours.
    colour: bool,
    /// Whether progress is unwanted.
    quiet: bool,
}

fn parse(arguments: &[OsString]) -> Result<Cli, clap::Error> {
    let mut command = command();
    let matches = command.try_get_matches_from_mut(arguments)?;
    Cli::from_arg_matches(&matches).map_err(|error| error.format(&mut command))
}

/// The command line, with what clap itself writes into `--help` in both languages.
fn command() -> clap::Command {
    let mut command = Cli::command();
    // until then it has no `help`, and its commands not the flags that all have
    command.build();
    in_both_languages(command)
}

fn in_both_languages(command: clap::Command) -> clap::Command {
    command
        .help_template(
            "{before-help}{about-with-newline}\nCách dùng · Usage: {usage}\n\n{all-args}{after-help}",
        )
        .subcommand_help_heading("Lệnh · Commands")
        .mut_args(|argument| match (argument.get_help_heading(), argument.is_positional()) {
            (Some(_), _) => argument,
            (None, true) => argument.help_heading("Đối số · Arguments"),
            (None, false) => argument.help_heading("Tùy chọn · Options"),
        })
        .mut_subcommands(|inner| {
            in_both_languages(if inner.get_name() == "help" {
                inner.about("In trợ giúp của lệnh · Print the help of a command")
            } else {
                inner
            })
        })
}

/// Runs a command line; prints; gives the exit code.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> Exit {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let cli = match parse(&arguments) {
        Ok(cli) => cli,
        Err(error) => {
            if misuse::language(&arguments) == Lang::Vi
                && let Some(sentence) = misuse::vietnamese(&error)
            {
                let _ = writeln!(io::stderr(), "{sentence}\n");
            }
            // help and version are no errors; neither is a reader that has gone away
            let _ = error.print();
            return if error.use_stderr() { Exit::Usage } else { Exit::Done };
        }
    };
    let colour = io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty());
    let lang = match cli.lang {
        LangFlag::Vi => Lang::Vi,
        LangFlag::En => Lang::En,
    };
    let mut out = io::BufWriter::new(io::stdout().lock());
    let mut err = io::stderr();
    let mut screen = Screen { out: &mut out, err: &mut err, lang, colour, quiet: false };
    let result = cli.command.run(&mut screen).and_then(|exit| {
        screen.out.flush()?;
        Ok(exit)
    });
    match result {
        Ok(exit) => exit,
        Err(failed) => {
            if let Some(words) = failed.words {
                let _ = out.flush();
                let _ = writeln!(err, "{}", words.in_language(lang));
            }
            failed.exit
        }
    }
}

impl Command {
    fn run(&self, screen: &mut Screen<'_>) -> Result<Exit, Failed> {
        match self {
            Self::Demo(demo) => demo.run(screen),
            Self::Check(check) => check.run(screen),
            Self::Scan(scan) => scan.run(screen),
            Self::Recheck(recheck) => recheck.run(screen),
            Self::Report(report) => report.run(screen),
            Self::Diff(diff) => diff.run(screen),
            Self::Prune(prune) => prune.run(screen),
            Self::Assess(assess) => assess.run(screen),
            Self::Rules(rules) => rules.run(screen),
            Self::Facts(facts) => facts.run(screen),
            Self::Targets(targets) => targets.run(screen),
            Self::Completions { shell } => {
                clap_complete::generate(*shell, &mut Cli::command(), "khien", &mut screen.out);
                Ok(Exit::Done)
            }
            Self::Man => {
                clap_mangen::Man::new(Cli::command()).render(&mut screen.out)?;
                Ok(Exit::Done)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Vietnamese first, English beside it, for every command, argument and value that `--help` shows.
    #[test]
    fn help_is_in_both_languages() {
        let mut wrong = Vec::new();
        let mut commands = vec![command()];
        while let Some(mut command) = commands.pop() {
            let name = command.get_name().to_owned();
            let help = command.render_long_help().to_string();
            for heading in help.lines().filter(|line| line.ends_with(':') && !line.starts_with(' ')) {
                if !heading.contains(" · ") {
                    wrong.push(format!("{name}: {heading:?} is not «Tiếng Việt · English»"));
                }
            }
            let mut texts = vec![(name.clone(), command.get_about().map(ToString::to_string))];
            for argument in command.get_arguments() {
                let id = format!("{name} {}", argument.get_id());
                // a switch has no values, and the names of shells need no words
                let chosen = argument.get_action().takes_values() && id != "completions shell";
                for value in argument.get_possible_values().iter().filter(|_| chosen) {
                    let text = value.get_help().map(ToString::to_string);
                    texts.push((format!("{id} {}", value.get_name()), text));
                }
                texts.push((id, argument.get_help().map(ToString::to_string)));
            }
            for (what, text) in texts {
                let text = text.unwrap_or_default();
                let (vi, en) = text.split_once(" · ").unwrap_or_default();
                let composed = unicode_normalization::is_nfc(vi) && !vi.is_ascii();
                let blames = ["vi phạm", "hacker", "tấn công"].iter().any(|word| vi.contains(word));
                if !composed || !en.is_ascii() && !en.contains("Việt Nam") || en.is_empty() || blames {
                    wrong.push(format!("{what}: {text:?} is not «Tiếng Việt · English»"));
                }
            }
            commands.extend(command.get_subcommands().cloned());
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
}
