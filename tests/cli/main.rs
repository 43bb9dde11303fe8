//! The `inkbit` command as users meet it: what it prints, what it writes, how it ends.

mod bad_data;
mod device;
mod evaluate;
mod help;
mod models;
mod place;
mod predict;
mod quantize;
mod quickstart;
mod resume;
mod robust;
mod sweep;
mod train;
