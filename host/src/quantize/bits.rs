//! The width of each layer's weights in bits.

use inkbit_core::{Layer, Model, WeightBits};

/// Widths that the format does not have, or not one for each layer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the messages name the fields")]
pub enum BitsError {
    #[error("weights have 8, 4 or 2 bits, but bits is {0}: give 8, 4, 2, or one of them per layer")]
    Width(String),
    #[error("bits lists {found} layers, but the network has {layers} with the output: give one \
             number for all, or {layers}, such as {}", example(*layers))]
    Layers { found: usize, layers: usize },
}

fn example(layers: usize) -> String {
    "8".to_owned() + &",4".repeat(layers.saturating_sub(1))
}

/// The width of each layer's weights from one number for all layers or one for each.
pub fn per_layer(bits: &[u8], layers: usize) -> Result<Vec<WeightBits>, BitsError> {
    let width =
        |&bits| WeightBits::from_bits(bits).ok_or_else(|| BitsError::Width(bits.to_string()));
    let widths = bits.iter().map(width).collect::<Result<Vec<_>, _>>()?;
    match widths[..] {
        [all] => Ok(vec![all; layers]),
        _ if widths.len() == layers => Ok(widths),
        _ => Err(BitsError::Layers { found: widths.len(), layers }),
    }
}

/// Parses one number of a list on the command line.
pub fn parse(text: &str) -> Result<u8, BitsError> {
    let bits = text.trim().parse().ok().filter(|&bits| WeightBits::from_bits(bits).is_some());
    bits.ok_or_else(|| BitsError::Width(text.to_owned()))
}

/// The widths as text: `4`, or `8/4/4` if they differ.
///
/// ```
/// assert_eq!(inkbit::quantize::bits::label(&[8, 4, 4]), "8/4/4");
/// ```
pub fn label<T: PartialEq + ToString>(bits: &[T]) -> String {
    match bits {
        [first, rest @ ..] if rest.iter().all(|bits| bits == first) => first.to_string(),
        _ => bits.iter().map(ToString::to_string).collect::<Vec<_>>().join("/"),
    }
}

/// The same of a model's layers.
pub(crate) fn of_model(model: &Model<'_>) -> String {
    of_layers(model.layers())
}

/// The same of layers.
pub(crate) fn of_layers(layers: &[Layer<'_>]) -> String {
    label(&layers.iter().map(|layer| layer.shape().bits).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_number_is_for_all_layers_and_a_list_has_one_for_each() {
        assert_eq!(per_layer(&[4], 3), Ok(vec![WeightBits::Four; 3]));
        let mixed = per_layer(&[8, 4, 2], 3).unwrap();
        assert_eq!(mixed, [WeightBits::Eight, WeightBits::Four, WeightBits::Two]);
        assert_eq!((label(&[8, 4, 2]), label(&[2; 3])), ("8/4/2".to_owned(), "2".to_owned()));
    }

    #[test]
    fn other_widths_and_lists_of_another_length_are_refused_with_what_would_do() {
        assert_eq!(
            per_layer(&[4, 3], 2).unwrap_err().to_string(),
            "weights have 8, 4 or 2 bits, but bits is 3: give 8, 4, 2, or one of them per layer"
        );
        assert_eq!(
            per_layer(&[8, 4], 3).unwrap_err().to_string(),
            "bits lists 2 layers, but the network has 3 with the output: give one number for all, \
             or 3, such as 8,4,4"
        );
        assert_eq!(per_layer(&[], 1).unwrap_err(), BitsError::Layers { found: 0, layers: 1 });
        assert!(parse("x").is_err() && parse("16").is_err());
        assert_eq!(parse(" 2"), Ok(2));
    }
}
