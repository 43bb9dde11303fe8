//! Agreement across host, core and devices. One binary, so that it links once.

#[cfg(feature = "host")]
mod agreement;
mod any_input;
#[cfg(feature = "wasm")]
mod batch;
mod blob;
#[cfg(unix)]
mod bounds;
mod c_engine;
mod centring;
mod damage;
#[cfg(feature = "host")]
mod data;
#[cfg(feature = "host")]
mod device_bits;
#[cfg(feature = "host")]
mod device_faults;
#[cfg(feature = "host")]
mod device_image;
#[cfg(feature = "host")]
mod device_lights;
#[cfg(feature = "host")]
mod device_line;
#[cfg(feature = "host")]
mod device_matrix;
#[cfg(feature = "host")]
mod device_model;
#[cfg(feature = "host")]
mod device_pico;
#[cfg(feature = "host")]
mod device_pico_touch;
#[cfg(feature = "host")]
mod device_screen;
#[cfg(feature = "host")]
mod device_storage;
#[cfg(feature = "host")]
mod download;
mod equivalence;
mod errors;
mod features;
#[cfg(feature = "host")]
mod figures;
#[cfg(feature = "host")]
mod finder;
mod formats;
#[cfg(feature = "host")]
mod frameworks;
mod golden;
mod module_order;
#[cfg(feature = "host")]
mod notebook;
#[cfg(feature = "host")]
mod onnx;
#[cfg(feature = "host")]
mod picture;
#[cfg(feature = "host")]
mod reference_models;
#[cfg(feature = "host")]
mod report;
mod sizes;
mod softmax;
mod stages;
#[cfg(feature = "host")]
mod synthetic;
mod systems;
#[cfg(feature = "host")]
mod train;
#[cfg(feature = "host")]
mod web;
