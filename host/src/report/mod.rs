//! What people look at.

pub mod facts;
pub mod html;
pub mod models;
pub mod notebook;
pub mod plot;
pub mod terminal;
pub mod text;
pub mod units;
pub mod words;
