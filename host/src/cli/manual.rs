//! `inkbit completions` and `inkbit man`

use std::path::PathBuf;

use clap::CommandFactory;
use clap_complete::Shell;
use inkbit::files;

use super::Cli;

/// Print a script that completes commands, flags and files in a shell.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  inkbit completions bash > ~/.local/share/bash-completion/completions/inkbit
  inkbit completions zsh > ~/.zfunc/_inkbit        where ~/.zfunc is in $fpath
  inkbit completions fish > ~/.config/fish/completions/inkbit.fish")]
pub struct CompletionsArgs {
    /// The shell
    shell: Shell,
}

/// Write a man page for the command and for each subcommand.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  inkbit man ~/.local/share/man/man1    then `man inkbit-train`
  inkbit man pages && man pages/inkbit.1")]
pub struct ManArgs {
    /// Folder to write to, created if need be
    #[arg(value_name = "DIR")]
    folder: PathBuf,
}

pub fn completions(args: &CompletionsArgs) -> anyhow::Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "inkbit", &mut script);
    super::print(&String::from_utf8_lossy(&script))?;
    Ok(())
}

pub fn man(args: &ManArgs) -> anyhow::Result<()> {
    let mut command = Cli::command();
    command.build();
    let mut pages = Vec::new();
    for (name, command) in std::iter::once(("inkbit".to_owned(), &command))
        .chain(command.get_subcommands().map(|sub| (format!("inkbit-{}", sub.get_name()), sub)))
    {
        let mut page = Vec::new();
        clap_mangen::Man::new(command.clone()).title(&name).render(&mut page)?;
        pages.push((args.folder.join(name).with_extension("1"), page));
    }
    files::create_folder(&args.folder)?;
    for (path, page) in &pages {
        files::write(path, page)?;
    }
    super::print(&format!("wrote {} pages into {}\n", pages.len(), args.folder.display()))?;
    Ok(())
}
