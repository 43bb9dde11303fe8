//! A model as sources in C, with the engine of `templates/c` that runs it: a folder that a C
//! compiler, the Arduino IDE, `PlatformIO`, ESP-IDF, Zephyr and the Pico SDK take as it is.

use std::fmt::Write as _;

use inkbit_core::{Model, ModelError};

use crate::model::Blob;
use crate::support::replace::Kind;

/// What begins each file that has no mark of its own in `templates/c`.
const MARK: &str = "/* Written by `inkbit export`. */\n";

/// A file of the folder.
pub const KIND: Kind = Kind::beginning(
    "a file of `inkbit export`",
    &[
        b"/* Written by `inkbit export`",
        b"// Written by `inkbit export`",
        b"# Written by `inkbit export`",
        b"<!-- Written by `inkbit export`",
        b"{\n  \"description\": \"Written by `inkbit export`",
    ],
);

/// The macro of the blob's CRC-32. Both files of a model have it, and a compiler refuses those of two models:
/// an export may be interrupted between them.
const CRC: &str = "INKBIT_MODEL_CRC";

/// Bytes of the blob in a line.
const LINE: usize = 24;

/// The files that are the same for every model: their names in the folder, and what they hold.
const FILES: [(&str, &str); 9] = [
    ("examples/main/main.c", include_str!("../../templates/c/main.c")),
    ("examples/verify/verify.c", include_str!("../../templates/c/verify.c")),
    ("examples/Digits/Digits.ino", include_str!("../../templates/c/Digits.ino")),
    ("library.properties", include_str!("../../templates/c/library.properties")),
    ("library.json", include_str!("../../templates/c/library.json")),
    ("CMakeLists.txt", include_str!("../../templates/c/CMakeLists.txt")),
    ("idf_component.yml", include_str!("../../templates/c/idf_component.yml")),
    ("zephyr/module.yml", include_str!("../../templates/c/module.yml")),
    ("README.md", include_str!("../../templates/c/README.md")),
];

const HEADER: &str = include_str!("../../templates/c/inkbit.h");
const ENGINE: &str = include_str!("../../templates/c/inkbit.c");

/// The files of a model's folder: their paths in it, and what they hold.
///
/// ```
/// let blob = &inkbit::model::builtin::all()[6]; // nano
/// let files = inkbit::export::sources::files(blob)?;
/// let (_, sizes) = files.iter().find(|(path, _)| *path == "src/inkbit_model.h").unwrap();
/// assert!(sizes.contains("#define INKBIT_CLASSES 10U"));
/// # Ok::<_, inkbit_core::ModelError>(())
/// ```
///
/// # Errors
///
/// [`ModelError`] if the blob is no model.
pub fn files(blob: &Blob) -> Result<Vec<(&'static str, String)>, ModelError> {
    let model = blob.model()?;
    let mut files = vec![
        ("src/inkbit.h", MARK.to_owned() + HEADER),
        ("src/inkbit.c", MARK.to_owned() + ENGINE),
        ("src/inkbit_model.h", sizes(&model, blob)),
        ("src/inkbit_model.c", array(blob)),
    ];
    files.extend(FILES.map(|(path, text)| (path, text.to_owned())));
    Ok(files)
}

/// The header of the model: what of it is known when a program is compiled.
fn sizes(model: &Model<'_>, blob: &Blob) -> String {
    let numbers = [
        ("BLOB_BYTES", blob.bytes().len()),
        ("SAMPLE_BYTES", model.sample().bytes()),
        // Of core, which takes a few more than the engine in C.
        ("WORK_WORDS", model.scratch_cells()),
        ("CLASSES", model.classes()),
    ];
    let mut text = format!(
        "/* Written by `inkbit export`: the model \"{}\", whose CRC-32 is 0x{:08x}. */\n\
         #ifndef INKBIT_MODEL_H\n#define INKBIT_MODEL_H\n\n#include <stdint.h>\n\n\
         /* Lengths of the arrays that inkbit_read and inkbit_infer take. */\n",
        plain(model.header().name),
        blob.crc(),
    );
    for (name, number) in numbers {
        let _ = writeln!(text, "#define INKBIT_{name} {number}U");
    }
    let _ = writeln!(text, "/* Both files of the model must have it. */");
    let _ = writeln!(text, "#define {CRC} 0x{:08x}U", blob.crc());
    text + "\n#ifdef __cplusplus\nextern \"C\" {\n#endif\n\
            /* The blob, at a multiple of 8. */\n\
            extern const uint8_t inkbit_blob[INKBIT_BLOB_BYTES];\n\
            #ifdef __cplusplus\n}\n#endif\n\n#endif\n"
}

/// A text that can stand in a comment.
fn plain(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || " -_.".contains(c);
    text.chars().map(|c| if is_plain(c) { c } else { '?' }).collect()
}

/// The blob as an aligned array.
fn array(blob: &Blob) -> String {
    let mut text = format!(
        "/* Written by `inkbit export`. */\n\
         #include \"inkbit_model.h\"\n\n\
         #if {CRC} != 0x{:08x}U\n\
         #error \"inkbit_model.h is of another model: export it again\"\n\
         #endif\n\n",
        blob.crc()
    );
    text += "#if defined(__GNUC__)\n\
             #define ALIGNED __attribute__((aligned(8)))\n\
             #elif defined(__STDC_VERSION__) && (__STDC_VERSION__ >= 201112L)\n\
             #define ALIGNED _Alignas(8)\n\
             #else\n\
             #error \"say here how this compiler aligns an array to 8 bytes\"\n\
             #endif\n\n\
             ALIGNED const uint8_t inkbit_blob[INKBIT_BLOB_BYTES] = {\n";
    for line in blob.bytes().chunks(LINE) {
        line.iter().for_each(|byte| _ = write!(text, "{byte},"));
        text.push('\n');
    }
    text + "};\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::builtin;

    #[test]
    fn every_file_has_the_mark_by_which_it_is_known_again() {
        for (path, text) in files(&builtin::all()[0]).unwrap() {
            assert!(KIND.has(text.as_bytes()), "{path}");
        }
    }

    #[test]
    fn a_name_that_would_end_the_comment_does_not() {
        assert_eq!(plain("a*/ b\n\u{202e}-1.x_"), "a?? b??-1.x_");
    }
}
