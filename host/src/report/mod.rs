//! What people look at.

pub mod facts;
pub(crate) mod html;
pub(crate) mod model_tables;
pub mod notebook;
pub mod plot;
pub mod terminal;
pub mod text;
mod units;
pub mod summary;
