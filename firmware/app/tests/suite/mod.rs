mod bench;
mod drivers;
mod line;
mod machine;
mod regions;
mod screens;
