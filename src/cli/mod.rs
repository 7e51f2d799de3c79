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

use clap::{CommandFactory, Parser};

pub use exit::Exit;

use crate::rule::Lang;
use failed::Failed;

/// khien (khiên, a shield): how safe each agency's web sites are, and what to fix first.
#[derive(Debug, Parser)]
#[command(name = "khien", version, about, max_term_width = 100, propagate_version = true)]
struct Cli {
    /// Language of what is printed for people
    #[arg(long, global = true, value_enum, default_value_t = LangFlag::Vi)]
    lang: LangFlag,
    #[command(subcommand)]
    command: Command,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum LangFlag {
    /// Tiếng Việt
    Vi,
    /// English
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
    /// Print a completion script for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page
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

/// Runs a command line; prints; gives the exit code.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> Exit {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let cli = match Cli::try_parse_from(&arguments) {
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
