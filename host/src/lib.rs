//! Training, quantizing and verifying small neural networks for microcontrollers.
//!
//! Data flows one way: [`data`] → [`net`] and [`train`] → [`quantize`](mod@quantize) →
//! [`model_file`] → [`evaluate`] and [`verify`](mod@verify). What the bits mean is defined in
//! [`inkbit_core`].

pub mod activity;
pub mod backend;
pub mod builtin;
pub mod compare;
pub mod config;
pub mod data;
pub mod device;
pub mod evaluate;
pub mod files;
pub mod labels;
#[doc = include_str!(concat!(env!("OUT_DIR"), "/lesson.md"))]
pub mod lesson {}
pub mod model_file;
pub mod models;
pub mod net;
pub mod notebook;
pub mod picture;
pub mod predictions;
pub mod preset;
pub mod quantize;
pub mod reference;
pub mod report;
pub mod rng;
pub mod robust;
pub mod run;
pub mod shell;
pub mod significance;
pub mod sweep;
pub mod terminal;
pub mod train;
pub mod verify;
