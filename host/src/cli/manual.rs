//! `inkbit completions` and `inkbit man`

use std::io;
use std::path::PathBuf;

use clap::{Command, CommandFactory};
use clap_complete::Shell;

use super::Cli;
use crate::support::files;
use crate::support::replace::Kind;
use crate::support::visible;

/// The first line of a page, a comment.
const PAGE_LINE: &str = ".\\\" Written by `inkbit man`.\n";
const PAGE: Kind = Kind::beginning("a man page of Inkbit", &[PAGE_LINE.as_bytes()]);

/// Print a script for a shell that completes commands, flags and files.
#[derive(Debug, clap::Args)]
#[command(after_help = include_str!("../../templates/help/completions.txt"))]
pub struct CompletionsArgs {
    /// The shell
    shell: Shell,
}

/// Write a man page for the command and for each subcommand.
#[derive(Debug, clap::Args)]
#[command(after_help = include_str!("../../templates/help/man.txt"))]
pub struct ManArgs {
    /// Folder to write to, created if need be
    #[arg(value_name = "DIR")]
    folder: PathBuf,
}

pub fn completions(args: &CompletionsArgs) -> anyhow::Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "inkbit", &mut script);
    super::print(&String::from_utf8_lossy(&script))
}

pub fn man(args: &ManArgs) -> anyhow::Result<()> {
    let mut command = Cli::command();
    command.build();
    let mut pages = Vec::new();
    add(&mut pages, "inkbit", &command)?;
    let path = |name: &str| args.folder.join(name).with_extension("1");
    for (name, _) in &pages {
        PAGE.check_own(&path(name))?;
    }
    files::create_folder(&args.folder)?;
    for (name, page) in &pages {
        PAGE.write_own(&path(name), page)?;
    }
    super::print(&format!("wrote {} pages into {}\n", pages.len(), visible::path(&args.folder)))
}

/// Adds the page of a command, and those of its subcommands except `help`.
fn add(pages: &mut Vec<(String, Vec<u8>)>, name: &str, command: &Command) -> io::Result<()> {
    let mut page = PAGE_LINE.as_bytes().to_vec();
    clap_mangen::Man::new(command.clone()).title(name).render(&mut page)?;
    pages.push((name.to_owned(), page));
    for command in command.get_subcommands().filter(|command| command.get_name() != "help") {
        add(pages, &format!("{name}-{}", command.get_name()), command)?;
    }
    Ok(())
}
