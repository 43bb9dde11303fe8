//! What people look at.

pub mod facts;
pub(crate) mod html;
pub(crate) mod models;
pub mod notebook;
pub mod plot;
pub mod terminal;
pub mod text;
mod units;
pub mod words;
