//! Figures in the cells of a notebook.
//!
//! [`evcxr`](https://github.com/evcxr/evcxr), the Rust kernel of Jupyter, treats what a cell prints
//! between two marks as content of a media type, at most one of each type per cell. Other programs
//! treat it as text.

use crate::report::plot::Figure;
use crate::support::output;

/// Shows a figure below the cell that calls this, at most one per cell. A viewer without images gets
/// the alternative text.
pub fn show(figure: &Figure) {
    // Panics like `println!`, but writes in one piece even if other threads print.
    output::print(&content(figure)).expect("standard output is open");
}

fn content(figure: &Figure) -> String {
    let part = |media_type: &str, content: &str| {
        format!("EVCXR_BEGIN_CONTENT {media_type}\n{}\nEVCXR_END_CONTENT\n", content.trim_end())
    };
    part("image/svg+xml", &figure.file()) + &part("text/plain", &figure.alt)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::synthetic;
    use crate::report::plot;

    #[test]
    fn a_figure_has_its_alternative_text() {
        let data = synthetic::dataset(3, 0, 1);
        let figure = plot::images(&data.train, &data.classes, 3);
        let content = content(&figure);
        let svg = content.strip_prefix("EVCXR_BEGIN_CONTENT image/svg+xml\n").unwrap();
        let (svg, alt) = svg.split_once("\nEVCXR_END_CONTENT\n").unwrap();
        assert_eq!(svg, figure.file().trim_end());
        let alt = alt.strip_prefix("EVCXR_BEGIN_CONTENT text/plain\n").unwrap();
        assert_eq!(alt, format!("{}\nEVCXR_END_CONTENT\n", figure.alt));
    }
}
