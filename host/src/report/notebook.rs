//! Figures in the cells of a notebook.
//!
//! [`evcxr`](https://github.com/evcxr/evcxr), the Rust kernel of Jupyter, takes what a cell prints
//! between two marks as content of a media type, at most one of each type to a cell. Anywhere else
//! it is text like any other.

use std::io::{self, Write};

use crate::report::plot::Figure;

/// Shows a picture below the cell that calls this, one to a cell, with its alternative text for a
/// viewer that has no pictures.
pub fn show(picture: &Figure) {
    // Like `println!`, and in one piece, whatever other threads print.
    let content = content(picture);
    io::stdout().lock().write_all(content.as_bytes()).expect("standard output takes a picture");
}

fn content(picture: &Figure) -> String {
    let part = |media_type: &str, content: &str| {
        format!("EVCXR_BEGIN_CONTENT {media_type}\n{}\nEVCXR_END_CONTENT\n", content.trim_end())
    };
    part("image/svg+xml", &picture.file()) + &part("text/plain", &picture.alt)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::synthetic;
    use crate::report::plot;

    #[test]
    fn a_picture_comes_with_its_alternative_text() {
        let data = synthetic::dataset(3, 0, 1);
        let picture = plot::images(&data.train, &data.classes, 3);
        let content = content(&picture);
        let svg = content.strip_prefix("EVCXR_BEGIN_CONTENT image/svg+xml\n").unwrap();
        let (svg, alt) = svg.split_once("\nEVCXR_END_CONTENT\n").unwrap();
        assert_eq!(svg, picture.file().trim_end());
        let alt = alt.strip_prefix("EVCXR_BEGIN_CONTENT text/plain\n").unwrap();
        assert_eq!(alt, format!("{}\nEVCXR_END_CONTENT\n", picture.alt));
    }
}
