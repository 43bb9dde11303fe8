//! The lesson's notebook is legal, and its outputs belong to its code.
//!
//! That the code runs is tested with the documentation, whose chapter is made of the notebook.

use std::collections::HashSet;
use std::fs;
use std::path::Path;

use serde_json::Value;

fn notebook() -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../host/notebooks/lesson.ipynb");
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

fn text(lines: &Value) -> String {
    lines.as_array().unwrap().iter().map(|line| line.as_str().unwrap()).collect()
}

fn code_cells(notebook: &Value) -> Vec<&Value> {
    let cells = notebook["cells"].as_array().unwrap();
    cells.iter().filter(|cell| cell["cell_type"] == "code").collect()
}

#[test]
fn it_is_of_version_4_5_for_the_kernel_of_evcxr() {
    let notebook = notebook();
    assert_eq!((&notebook["nbformat"], &notebook["nbformat_minor"]), (&4.into(), &5.into()));
    assert_eq!(notebook["metadata"]["kernelspec"]["name"], "rust");
    let cells = notebook["cells"].as_array().unwrap();
    let names: HashSet<&str> = cells.iter().map(|cell| cell["id"].as_str().unwrap()).collect();
    assert_eq!(names.len(), cells.len(), "two cells have the same id");
}

#[test]
fn its_outputs_are_of_the_code_that_it_has() {
    let notebook = notebook();
    let code: Vec<String> =
        code_cells(&notebook).iter().map(|cell| text(&cell["source"])).collect();
    let crc = format!("{:08x}", inkbit_core::blob::crc32(code.join("\n").as_bytes()));
    assert_eq!(
        notebook["metadata"]["executed"]["crc32_of_code"], crc,
        "a cell has changed since it was executed: `cargo xtask notebook` executes it again"
    );
}

#[test]
fn every_cell_shows_something_and_every_picture_has_words() {
    let notebook = notebook();
    for (index, cell) in code_cells(&notebook).into_iter().enumerate() {
        let name = &cell["id"];
        assert_eq!(cell["execution_count"], index + 1, "{name}");
        let outputs = cell["outputs"].as_array().unwrap();
        assert!(!outputs.is_empty(), "{name} shows nothing");
        for data in outputs.iter().filter_map(|output| output.get("data")) {
            assert!(
                data["image/png"].as_str().is_some_and(|png| png.starts_with("iVBOR")),
                "{name}"
            );
            assert!(data["text/plain"].as_str().is_some_and(|alt| alt.len() > 20), "{name}");
        }
    }
}
