//! Proof that two implementations give the same integers.

use inkbit_core::kernel::{Kernel, Portable};
use inkbit_core::{LayerOutput, Model};
use inkbit_simd::Fastest;

use crate::data::Images;
use crate::evaluate::reference::Reference;
use crate::model::{HostEngine, ImagesError, check_images, dense};

/// Images that go through burn's tensors at once.
const BATCH: usize = 500;

/// What has been compared without a difference.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Agreement {
    /// Images compared.
    pub images: usize,
    /// Logits compared.
    pub logits: usize,
    /// Activations of hidden layers compared.
    pub activations: usize,
}

/// The first place where two implementations differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "mismatch at image {image}, layer {layer}, unit {unit}: the reference says {reference}, the core's {kernel} \
     kernel says {core}; please report this with the model and the data set"
)]
pub struct Mismatch {
    /// Image, from 0.
    pub image: usize,
    /// Layer, from 0.
    pub layer: usize,
    /// Unit of the layer, from 0.
    pub unit: usize,
    /// The core's kernel: "native", the quickest for this machine, or "portable".
    pub kernel: &'static str,
    /// Value by burn's integer tensors.
    pub reference: i64,
    /// Value by the core.
    pub core: i64,
}

/// Why a model could not be verified.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// Two implementations differ.
    #[error(transparent)]
    Mismatch(#[from] Mismatch),
    /// The images do not fit the model.
    #[error(transparent)]
    Images(#[from] ImagesError),
}

/// Compares every activation and every logit of every image between burn's integer tensors and both
/// kernels of the core, the quickest for this machine and the portable one. `progress` is told how many images are done.
///
/// ```
/// use inkbit::net::Backend;
/// use inkbit::data::synthetic::{Part, images};
/// use inkbit::evaluate::reference::Reference;
/// let blob = &inkbit::model::builtin::all()[6]; // nano
/// let model = blob.model()?;
/// let reference = Reference::new(&model, &Backend::Ndarray.device()?);
/// let verified = inkbit::evaluate::verify::verify(&reference, &model, &images(Part::Test, 5, 1), |_done| {})?;
/// # let _ = verified; // no error: every activation and every logit is the same
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// [`Mismatch`] at the first difference, or images that do not fit the model.
pub fn verify(
    reference: &Reference,
    model: &Model<'_>,
    images: &Images,
    mut progress: impl FnMut(usize),
) -> Result<Agreement, VerifyError> {
    check_images(images, usize::from(model.input().side), model.classes())?;
    let mut engine = HostEngine::new(model);
    let size = model.input().pixels();
    let mut agreement = Agreement::default();
    for (batch, pixels) in images.pixels.chunks(BATCH * size).enumerate() {
        let expected = reference.layers(pixels);
        for (index, pixels) in pixels.chunks_exact(size).enumerate() {
            let image = batch * BATCH + index;
            let expected = Expected { layers: &expected, image, index };
            expected.compare::<Fastest>("fastest", model, &mut engine, pixels)?;
            let compared = expected.compare::<Portable>("portable", model, &mut engine, pixels)?;
            agreement.images += compared.images;
            agreement.logits += compared.logits;
            agreement.activations += compared.activations;
        }
        progress(agreement.images);
    }
    Ok(agreement)
}

/// What the reference says of one image.
struct Expected<'r> {
    /// Of each layer the values of all images of the batch.
    layers: &'r [Vec<i64>],
    image: usize,
    /// The image's place in the batch.
    index: usize,
}

impl Expected<'_> {
    /// Compares it with what a kernel gives, and says how much that was.
    fn compare<K: Kernel>(
        &self,
        kernel: &'static str,
        model: &Model<'_>,
        engine: &mut HostEngine<'_>,
        pixels: &[u8],
    ) -> Result<Agreement, Mismatch> {
        let &Self { layers, image, index } = self;
        let mut compared = Agreement { images: 1, ..Agreement::default() };
        let mut first = None;
        engine.infer_by::<K>(pixels, |layer, output| {
            let width = model.layers()[layer].outputs();
            let expected = &layers[layer][index * width..(index + 1) * width];
            let found = dense(output, width);
            match output {
                LayerOutput::Activations(_) => compared.activations += width,
                LayerOutput::Logits(_) => compared.logits += width,
            }
            let differs = expected.iter().zip(&found).position(|(a, b)| a != b);
            if let (None, Some(unit)) = (first, differs) {
                let (reference, core) = (expected[unit], found[unit]);
                first = Some(Mismatch { image, layer, unit, kernel, reference, core });
            }
        });
        first.map_or(Ok(compared), Err)
    }
}
