//! Results as text, tables, figures and HTML.

pub(crate) mod cascade;
pub mod facts;
pub(crate) mod html;
pub(crate) mod model_tables;
pub mod notebook;
pub mod plot;
pub(crate) mod stages;
pub mod summary;
pub(crate) mod table;
pub mod terminal;
pub mod text;
mod units;
