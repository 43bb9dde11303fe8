//! Drawings to pixels.

use anyhow::{Context as _, Result};
use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{Options, Tree};

/// Pixels of a picture to a pixel of its drawing, for screens that are finer.
const SCALE: u32 = 2;

/// Families that stand for `sans-serif`; the first that is installed is taken.
const SANS_SERIF: [&str; 5] = ["DejaVu Sans", "Liberation Sans", "Noto Sans", "Arial", "Helvetica"];

/// A picture, and the size that it is to be shown in.
pub(crate) struct Picture {
    /// A PNG file.
    pub(crate) png: Vec<u8>,
    /// In pixels of the drawing.
    pub(crate) width: u32,
    /// Likewise.
    pub(crate) height: u32,
}

/// Makes pictures of drawings.
pub(crate) struct Rasterizer(Options<'static>);

impl Rasterizer {
    /// Reads the installed fonts.
    pub(crate) fn new() -> Result<Self> {
        let mut options = Options::default();
        let fonts = options.fontdb_mut();
        fonts.load_system_fonts();
        let is_installed = |family: &&str| {
            fonts.faces().any(|face| face.families.iter().any(|(name, _)| name == family))
        };
        let family = SANS_SERIF.into_iter().find(is_installed).with_context(|| {
            format!("found none of the fonts {}; install one of them", SANS_SERIF.join(", "))
        })?;
        fonts.set_sans_serif_family(family);
        Ok(Self(options))
    }

    /// Draws an SVG file.
    pub(crate) fn png(&self, svg: &str) -> Result<Picture> {
        let tree = Tree::from_str(svg, &self.0)?;
        let size = tree.size().to_int_size();
        let (width, height) = (size.width(), size.height());
        let mut pixels =
            Pixmap::new(width * SCALE, height * SCALE).context("the drawing is too large")?;
        let scale = Transform::from_scale(SCALE as f32, SCALE as f32);
        resvg::render(&tree, scale, &mut pixels.as_mut());
        Ok(Picture { png: pixels.encode_png()?, width, height })
    }
}
