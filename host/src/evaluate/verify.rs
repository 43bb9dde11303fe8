//! Verification that independent implementations compute the same integers.

use inkbit_core::kernel::{Kernel, Portable};
use inkbit_core::{Layer, Model};
use inkbit_simd::Fastest;

use crate::data::{Images, Shape};
use crate::evaluate::reference::Reference;
use crate::model::{HostEngine, ImagesError, check_images, dense};

/// Batch size of the reference.
const BATCH: usize = 500;

/// Numbers of compared values, all of them equal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Agreement {
    /// Images.
    pub images: usize,
    /// Logits.
    pub logits: usize,
    /// Activations of hidden layers.
    pub activations: usize,
}

/// The first place where two implementations differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "mismatch at image {image}, layer {layer}, unit {unit}: the reference gives {reference}, the \
     {kernel} kernel of inkbit-core gives {core}; please report this with the model and the data set"
)]
pub struct Mismatch {
    /// Index of the image, from 0.
    pub image: usize,
    /// Index of the layer, from 0.
    pub layer: usize,
    /// Index of the unit in the layer, from 0.
    pub unit: usize,
    /// Kernel of inkbit-core: "fastest" on this machine, or "portable".
    pub kernel: &'static str,
    /// Value computed by burn's integer tensors.
    pub reference: i64,
    /// Value computed by the kernel.
    pub core: i64,
}

/// An image that another stage decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "mismatch at image {image}: stage {} decides it by the reference, stage {} by the {kernel} kernel of \
     inkbit-core; please report this with the model and the data set",
    reference + 1, core + 1
)]
#[expect(missing_docs, reason = "the message names the fields")]
pub struct StageMismatch {
    pub image: usize,
    pub kernel: &'static str,
    pub reference: usize,
    pub core: usize,
}

/// A failed verification.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// Two implementations differ.
    #[error(transparent)]
    Mismatch(#[from] Mismatch),
    /// They ask other stages.
    #[error(transparent)]
    Stage(#[from] StageMismatch),
    /// The images do not fit the model.
    #[error(transparent)]
    Images(#[from] ImagesError),
}

/// Compares every activation and every logit of every image between burn's integer tensors and two
/// kernels of inkbit-core: the fastest on this machine and the portable one. `progress` gets the
/// number of images compared.
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
/// [`Mismatch`] at the first difference; [`ImagesError`] if the images do not fit the model.
pub fn verify(
    reference: &Reference,
    model: &Model<'_>,
    images: &Images,
    mut progress: impl FnMut(usize),
) -> Result<Agreement, VerifyError> {
    check_images(images, &Shape::of_model(model), model.classes())?;
    let mut engine = HostEngine::new(model);
    let size = model.sample().bytes();
    let widths: Vec<usize> = model.layers().iter().map(Layer::outputs).collect();
    let mut agreement = Agreement::default();
    for batch in images.pixels.chunks(BATCH * size) {
        let layers = reference.layers(batch);
        for (index, pixels) in batch.chunks_exact(size).enumerate() {
            let pairs = layers.iter().zip(&widths);
            let expected: Vec<&[i64]> =
                pairs.map(|(values, width)| &values[index * width..][..*width]).collect();
            let (image, stage) = (agreement.images, reference.deciding(&expected));
            let expected = (expected.as_slice(), stage);
            compare::<Fastest>("fastest", &mut engine, image, pixels, expected)?;
            compare::<Portable>("portable", &mut engine, image, pixels, expected)?;
            agreement.images += 1;
            for layers in (0..=stage).map(|stage| model.layers_of(stage)) {
                let outputs: usize = layers.iter().map(Layer::outputs).sum();
                agreement.logits += model.classes();
                agreement.activations += outputs - model.classes();
            }
        }
        progress(agreement.images);
    }
    Ok(agreement)
}

/// Compares the outputs of a kernel for one image with the expected values of every layer, and the stage
/// that decides.
fn compare<K: Kernel>(
    kernel: &'static str,
    engine: &mut HostEngine<'_>,
    image: usize,
    pixels: &[u8],
    (layers, reference): (&[&[i64]], usize),
) -> Result<(), VerifyError> {
    let mut first = None;
    let answer = engine.infer_by::<K>(pixels, |layer, output| {
        let expected = layers[layer];
        let found = dense(output, expected.len());
        let differs = expected.iter().zip(&found).position(|(a, b)| a != b);
        if let (None, Some(unit)) = (first, differs) {
            let (reference, core) = (expected[unit], found[unit]);
            first = Some(Mismatch { image, layer, unit, kernel, reference, core });
        }
    });
    let core = answer.stage();
    match first {
        Some(mismatch) => Err(mismatch.into()),
        None if core != reference => Err(StageMismatch { image, kernel, reference, core }.into()),
        None => Ok(()),
    }
}
