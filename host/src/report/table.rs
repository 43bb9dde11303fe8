//! Tables as text. The first row is the head. A cell stays in its line, whatever is in it.

use crate::support::visible;

/// Columns separated by two spaces; the first is left-aligned, all others are right-aligned.
pub(crate) fn plain(rows: &[Vec<String>]) -> String {
    let rows = shown(rows);
    let widths = widths(&rows);
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).enumerate().map(|(column, (cell, &width))| {
            if column == 0 { format!("{cell:width$}") } else { format!("  {cell:>width$}") }
        });
        cells.collect::<String>().trim_end().to_owned() + "\n"
    };
    rows.iter().map(line).collect()
}

pub(crate) fn markdown(rows: &[Vec<String>]) -> String {
    // A name may have what Markdown takes for a cell's end, or for HTML.
    let plain = |cell: &String| cell.replace('|', "\\|").replace('<', "\\<");
    let rows: Vec<Vec<String>> =
        shown(rows).iter().map(|row| row.iter().map(plain).collect()).collect();
    let widths: Vec<usize> = widths(&rows).into_iter().map(|width| width.max(3)).collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).map(|(cell, &width)| format!("| {cell:width$} "));
        cells.collect::<String>() + "|\n"
    };
    let rule: String = widths.iter().map(|width| format!("|{}", "-".repeat(width + 2))).collect();
    let mut lines: Vec<String> = rows.iter().map(line).collect();
    lines.insert(1.min(lines.len()), rule + "|\n");
    lines.concat()
}

pub(crate) fn row<const N: usize>(cells: [&str; N]) -> Vec<String> {
    cells.map(str::to_owned).to_vec()
}

fn shown(rows: &[Vec<String>]) -> Vec<Vec<String>> {
    rows.iter().map(|row| row.iter().map(|cell| visible::line(cell)).collect()).collect()
}

fn widths(rows: &[Vec<String>]) -> Vec<usize> {
    let width = |column| rows.iter().filter_map(move |row| row.get(column));
    (0..rows.iter().map(Vec::len).max().unwrap_or_default())
        .map(|column| width(column).map(|cell| cell.chars().count()).max().unwrap_or_default())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let rows = [row(["a", "count", ""]), row(["±±", "7", "*"])];
        assert_eq!(plain(&rows), "a   count\n±±      7  *\n");
        assert_eq!(plain(&[row(["a\nb"])]), "a\u{fffd}b\n");
        let expected = "| a   | count |     |\n|-----|-------|-----|\n| ±±  | 7     | *   |\n";
        assert_eq!(markdown(&rows), expected);
        assert!(markdown(&[row(["a|<b>"])]).starts_with(r"| a\|\<b> |"));
    }
}
