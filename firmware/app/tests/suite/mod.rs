mod drivers;
mod line;
mod machine;
mod regions;
mod rig;
mod screens;
mod storage;
mod touch;
