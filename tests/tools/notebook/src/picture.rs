//! Renders SVG as PNG.

use anyhow::{Context as _, Result};
use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{Options, Tree};

/// Pixels of the PNG for each pixel of the SVG, for screens of high resolution.
const SCALE: u32 = 2;

/// Fonts for `sans-serif`; the first installed one is used.
const SANS_SERIF: [&str; 5] = ["DejaVu Sans", "Liberation Sans", "Noto Sans", "Arial", "Helvetica"];

/// A rendered SVG and its size on the page.
pub(crate) struct Picture {
    pub(crate) png: Vec<u8>,
    pub(crate) width: u32,
    pub(crate) height: u32,
}

pub(crate) struct Rasterizer(Options<'static>);

impl Rasterizer {
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
