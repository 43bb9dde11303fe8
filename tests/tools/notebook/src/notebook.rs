//! Notebook files, version 4.5: <https://nbformat.readthedocs.io>.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::ser::PrettyFormatter;
use serde_json::{Serializer, Value, json};

use crate::kernel::Output;
use crate::picture::Rasterizer;

pub(crate) struct Notebook(Value);

pub(crate) struct Cell<'a>(&'a mut Value);

impl Notebook {
    pub(crate) fn load(path: &Path) -> Result<Self> {
        let text = fs::read_to_string(path).with_context(|| path.display().to_string())?;
        let notebook: Value =
            serde_json::from_str(&text).with_context(|| path.display().to_string())?;
        ensure!(
            notebook["nbformat"] == 4 && notebook["cells"].is_array(),
            "{} is no notebook of version 4: open it in Jupyter and save it",
            path.display()
        );
        Ok(Self(notebook))
    }

    pub(crate) fn code_cells(&mut self) -> impl Iterator<Item = Cell<'_>> {
        let cells = self.0["cells"].as_array_mut().into_iter().flatten();
        cells.filter(|cell| cell["cell_type"] == "code").map(Cell)
    }

    /// Stores the checksum of the executed code, which a test compares with the present code.
    pub(crate) fn seal(&mut self) {
        let code: Vec<String> = self.code_cells().map(|cell| cell.code()).collect();
        let crc = inkbit_core::blob::crc32(code.join("\n").as_bytes());
        self.0["metadata"]["executed"] = json!({ "crc32_of_code": format!("{crc:08x}") });
    }

    /// Writes in Jupyter's layout, so that a diff shows content only.
    pub(crate) fn save(&self, path: &Path) -> Result<()> {
        let mut text = Vec::new();
        let format = PrettyFormatter::with_indent(b" ");
        serde::Serialize::serialize(&self.0, &mut Serializer::with_formatter(&mut text, format))?;
        text.push(b'\n');
        let unfinished = path.with_extension("unfinished");
        fs::write(&unfinished, text)
            .and_then(|()| fs::rename(&unfinished, path))
            .with_context(|| path.display().to_string())
    }
}

impl Cell<'_> {
    pub(crate) fn id(&self) -> String {
        self.0["id"].as_str().unwrap_or_default().to_owned()
    }

    pub(crate) fn code(&self) -> String {
        let source = &self.0["source"];
        let lines = source.as_array().into_iter().flatten().filter_map(Value::as_str);
        source.as_str().map_or_else(|| lines.collect(), str::to_owned)
    }

    /// Replaces its outputs. An SVG is stored as pixels: it can contain a program, so viewers may
    /// refuse one in a notebook that they have not executed themselves.
    pub(crate) fn store(
        &mut self,
        number: usize,
        output: &Output,
        rasterizer: &Rasterizer,
    ) -> Result<()> {
        let mut outputs = Vec::new();
        if !output.lines.is_empty() {
            let text = output.lines.join("\n") + "\n";
            let lines: Vec<&str> = text.split_inclusive('\n').collect();
            outputs.push(json!({ "output_type": "stream", "name": "stdout", "text": lines }));
        }
        let mut data = serde_json::Map::new();
        let mut metadata = serde_json::Map::new();
        for (media_type, content) in &output.content {
            if media_type == "image/svg+xml" {
                let picture = rasterizer.png(content)?;
                data.insert("image/png".to_owned(), BASE64_STANDARD.encode(picture.png).into());
                let size = json!({ "width": picture.width, "height": picture.height });
                metadata.insert("image/png".to_owned(), size);
            } else {
                data.insert(media_type.clone(), content.as_str().into());
            }
        }
        if !data.is_empty() {
            outputs.push(json!({
                "output_type": "execute_result",
                "execution_count": number,
                "data": data,
                "metadata": metadata,
            }));
        }
        self.0["execution_count"] = number.into();
        self.0["outputs"] = outputs.into();
        Ok(())
    }
}
