//! A run's float network as safetensors.

use std::collections::HashMap;

use safetensors::tensor::{Dtype, TensorView};

use crate::net::Mlp;
use crate::support::replace::Kind;

/// Bytes of the header's length, which comes first.
const LENGTH: usize = 8;
const MARK: &[u8] = b"{\"__metadata__\":{\"written_by\":\"inkbit export ";

/// A file of this module's.
pub const KIND: Kind =
    Kind::known("weights that `inkbit export` wrote", LENGTH + MARK.len(), |start| {
        start.get(LENGTH..) == Some(MARK)
    });

/// The safetensors file of a network, as PyTorch has the state of a `Sequential` of `Linear` and `ReLU`:
/// `0.weight` is `[outputs, inputs]`, `0.bias` `[outputs]`, and `2.weight` comes after the first ReLU.
/// Scales of quantization-aware training are left out.
///
/// ```
/// use inkbit::net::Mlp;
/// use inkbit::support::rng::Rng;
/// let network = Mlp::glorot(&[64, 16, 10], &mut Rng::new(1, &[]));
/// let file = inkbit::export::safetensors::file(&network);
/// # #[cfg(feature = "import")]
/// assert_eq!(inkbit::import::parse(file, &Default::default())?.network, network);
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
pub fn file(network: &Mlp) -> Vec<u8> {
    let mut tensors = Vec::new();
    for (number, layer) in network.layers.iter().enumerate() {
        let (inputs, outputs) = (layer.inputs, layer.outputs);
        let weight = |index: usize| layer.weight[index % inputs * outputs + index / inputs];
        let weight = (0..inputs * outputs).flat_map(|index| weight(index).to_le_bytes());
        let bias = layer.bias.iter().flat_map(|bias| bias.to_le_bytes());
        tensors.push((format!("{}.weight", 2 * number), vec![outputs, inputs], weight.collect()));
        tensors.push((format!("{}.bias", 2 * number), vec![outputs], bias.collect::<Vec<u8>>()));
    }
    let views = tensors.iter().map(|(name, shape, bytes)| {
        let view = TensorView::new(Dtype::F32, shape.clone(), bytes);
        (name, view.expect("the shape fits the values"))
    });
    let writer = format!("inkbit export {}", env!("CARGO_PKG_VERSION"));
    // One entry: a map of several has no fixed order, and equal networks must have equal files.
    let texts = HashMap::from([("written_by".to_owned(), writer)]);
    safetensors::serialize(views, Some(texts)).expect("the names differ")
}
