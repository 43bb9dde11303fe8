//! `inkbit licences`

/// Print the licence notices of all crates that are linked into the command, or into the firmware.
#[derive(Debug, clap::Args)]
#[command(after_help = include_str!("../../templates/help/licences.txt"))]
pub struct Args {
    /// Print the notices for the firmware instead
    #[arg(long)]
    firmware: bool,
}

pub fn run(args: &Args) -> anyhow::Result<()> {
    super::print(if args.firmware {
        include_str!("../../licences/firmware.txt")
    } else {
        include_str!("../../licences/command.txt")
    })
}
