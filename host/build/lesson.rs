//! Makes a chapter of the documentation from a notebook: its text, code, and stored outputs.
//!
//! Each code cell becomes an example that hides the lines of the earlier cells, so that it
//! compiles. The documentation tests run the last one, and with it the whole notebook.

use std::error::Error;
use std::fmt::Write;
use std::fs;
use std::path::Path;

use serde_json::Value;

/// The chapter in Markdown.
pub(crate) fn chapter(notebook: &Path) -> Result<String, Box<dyn Error>> {
    println!("cargo::rerun-if-changed={}", notebook.display());
    let failed = |error: &dyn std::fmt::Display| format!("{}: {error}", notebook.display());
    let text = fs::read_to_string(notebook).map_err(|error| failed(&error))?;
    let notebook: Value = serde_json::from_str(&text).map_err(|error| failed(&error))?;
    let cells = notebook["cells"].as_array().ok_or_else(|| failed(&"found no cells"))?;
    let last = cells.iter().rposition(|cell| cell["cell_type"] == "code");
    let mut chapter = String::new();
    let mut hidden = String::new();
    for (index, cell) in cells.iter().enumerate() {
        let source = joined(&cell["source"]);
        if cell["cell_type"] == "code" {
            let code = without_commands(&source);
            let run = if Some(index) == last { "rust" } else { "no_run" };
            write!(chapter, "```{run}\n{hidden}{code}\n{RESULT}\n```\n\n")?;
            code.lines().try_for_each(|line| writeln!(hidden, "# {line}"))?;
            let outputs = cell["outputs"].as_array().into_iter().flatten();
            outputs.for_each(|output| chapter += &shown(output));
        } else {
            write!(chapter, "{source}\n\n")?;
        }
    }
    Ok(chapter)
}

/// The last line of an example, which lets it use `?`.
const RESULT: &str = "# Ok::<(), Box<dyn std::error::Error>>(())";

/// A text as notebooks store it: whole or in lines.
fn joined(text: &Value) -> String {
    match text {
        Value::Array(lines) => lines.iter().filter_map(Value::as_str).collect(),
        text => text.as_str().unwrap_or_default().to_owned(),
    }
}

/// Code without the commands of the notebook's kernel, such as `:dep`.
fn without_commands(source: &str) -> String {
    let lines = source.lines().filter(|line| !line.starts_with(':'));
    lines.collect::<Vec<_>>().join("\n").trim().to_owned()
}

/// An output of a cell: a picture with its alternative text, or text.
fn shown(output: &Value) -> String {
    let data = &output["data"];
    let text = joined(if output["output_type"] == "stream" {
        &output["text"]
    } else {
        &data["text/plain"]
    });
    let png = joined(&data["image/png"]);
    if png.is_empty() {
        return format!("```text\n{}\n```\n\n", text.trim_end());
    }
    let alt = text.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;");
    let size = &output["metadata"]["image/png"];
    format!(
        "<img alt=\"{}\" width=\"{}\" src=\"data:image/png;base64,{}\">\n\n",
        alt.trim_end(),
        size["width"],
        png.replace('\n', "")
    )
}
