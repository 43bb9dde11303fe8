//! Memory map and constants from board.toml.

/// Where riscv-rt's linker script puts what.
const ALIASES: &str = r#"REGION_ALIAS("REGION_TEXT", FLASH);
REGION_ALIAS("REGION_RODATA", FLASH);
REGION_ALIAS("REGION_DATA", RAM);
REGION_ALIAS("REGION_BSS", RAM);
REGION_ALIAS("REGION_HEAP", RAM);
REGION_ALIAS("REGION_STACK", RAM);
"#;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    inkbit_board_build::build(&["memory.x", "link.x"], ALIASES)
}
