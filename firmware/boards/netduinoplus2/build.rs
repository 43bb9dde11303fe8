//! Memory map and constants from the board's file.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    inkbit_board_build::build()
}
