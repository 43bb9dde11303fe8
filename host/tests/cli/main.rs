//! The `inkbit` command as users run it: output, files, exit codes.
#![allow(clippy::disallowed_methods, reason = "tests read what the command wrote")]

mod accessible;
mod bad_data;
mod book;
mod browser;
mod cascade;
mod collect;
mod compare;
mod data_forms;
mod data_import;
mod data_sources;
mod data_sources_refused;
mod device;
mod evaluate;
mod export;
mod features;
mod fine_tune;
mod firefox;
#[cfg(target_os = "linux")]
mod flash;
#[cfg(target_os = "linux")]
mod flash_faults;
mod foreign;
mod help;
mod import;
mod labels;
#[cfg(target_os = "linux")]
mod limits;
mod models;
mod new;
mod output;
mod own_files;
#[cfg(target_os = "linux")]
mod pico;
#[cfg(target_os = "linux")]
mod pico_page;
mod place;
mod play;
mod play_board;
mod play_open;
mod play_pictures;
mod predict;
mod quantize;
mod quickstart;
mod report;
mod resume;
mod robust;
mod stand_in;
#[cfg(target_os = "linux")]
mod stm32;
mod sweep;
mod train;
