//! How layers follow each other of which only names and shapes are known.

use inkbit_core::MAX_LAYERS;

use super::fault::{Fault, refused};
use super::graph::Graph;
use super::names::{numbered, numbers, order};
use super::tensor::Tensor;

/// In which order a matrix has its dimensions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Orientation {
    /// `[outputs, inputs]`, as in PyTorch.
    OutputsFirst,
    /// `[inputs, outputs]`, as in Keras and Inkbit.
    InputsFirst,
    /// The shapes must say it.
    Unknown,
}

/// The tensors of a layer, by what their names end in.
#[derive(Default)]
pub struct Group<'a> {
    pub weight: Option<Tensor<'a>>,
    pub bias: Option<Tensor<'a>>,
    pub mean: Option<Tensor<'a>>,
    pub variance: Option<Tensor<'a>>,
}

/// A dense layer whose dimensions are known.
pub struct Layer<'a> {
    pub name: String,
    /// `[inputs, outputs]`
    pub matrix: Tensor<'a>,
    pub bias: Option<Tensor<'a>>,
}

/// Batch normalization.
pub struct Norm<'a> {
    pub name: String,
    /// As many as it has values.
    pub width: usize,
    pub parts: Group<'a>,
}

/// Where batch normalization stands.
pub enum Spot {
    BeforeRelu(usize),
    AfterRelu(usize),
    Input,
}

/// Puts layers into the order in which each has as many inputs as the one before has outputs.
pub fn chained<'a>(
    dense: Vec<(String, Group<'a>)>,
    orientation: Orientation,
    graph: &mut Graph,
) -> Result<Vec<Layer<'a>>, Fault> {
    let of_file: Vec<usize> = (0..dense.len()).collect();
    let mut by_name = of_file.clone();
    by_name.sort_by_key(|&index| order(&dense[index].0));
    let tried: &[bool] = match orientation {
        Orientation::OutputsFirst => &[true],
        Orientation::InputsFirst => &[false],
        Orientation::Unknown => &[true, false],
    };
    // The inputs and outputs of each; `None` if it has not two dimensions, or a bias of another length.
    let sides = |is_outputs_first: bool| -> Vec<Option<[usize; 2]>> {
        let each = dense.iter().map(|(_, group)| {
            let &[first, second] = &group.weight.as_ref()?.shape[..] else { return None };
            let [inputs, outputs] =
                if is_outputs_first { [second, first] } else { [first, second] };
            let fits = group.bias.as_ref().is_none_or(|bias| bias.len() == outputs);
            fits.then_some([inputs, outputs])
        });
        each.collect()
    };
    let tried: Vec<(bool, Vec<Option<[usize; 2]>>)> =
        tried.iter().map(|&first| (first, sides(first))).collect();
    let found = [&by_name, &of_file].into_iter().find_map(|order| {
        let fitting: Vec<bool> = tried
            .iter()
            .filter(|(_, sides)| is_chain(order, sides))
            .map(|(first, _)| *first)
            .collect();
        fitting.first().map(|&first| (order.clone(), first, fitting.len() > 1))
    });
    let found = found.or_else(|| {
        let mut only: Vec<(Vec<usize>, bool)> = Vec::new();
        for (first, sides) in &tried {
            only.extend(only_chain(sides).map(|order| (order, *first)));
        }
        let (order, first) = only.pop().filter(|_| only.is_empty())?;
        Some((order, first, false))
    });
    let Some((order, is_outputs_first, is_ambiguous)) = found else {
        let shapes = by_name.iter().map(|&index| {
            let (name, group) = &dense[index];
            format!("`{name}` {:?}", group.weight.as_ref().map_or(&[][..], |weight| &weight.shape))
        });
        return Err(refused(format!(
            "its layers do not follow each other, in the order of their names: {}; export the network to \
             ONNX, which says how they do",
            shapes.collect::<Vec<_>>().join(", ")
        )));
    };
    if order != by_name {
        graph.note(
            "the layers were taken in the order in which their shapes follow each other, for in that of \
             their names they do not",
        );
    }
    if orientation == Orientation::Unknown {
        let kind = if is_outputs_first { "[outputs, inputs]" } else { "[inputs, outputs]" };
        let reason = if is_ambiguous { ", as PyTorch writes them; both would fit" } else { "" };
        graph.note(format!("matrices were taken as {kind}{reason}"));
    }
    let mut dense: Vec<Option<(String, Group<'a>)>> = dense.into_iter().map(Some).collect();
    let layers = order.into_iter().filter_map(|index| {
        let (name, group) = dense[index].take()?;
        let weight = group.weight?;
        let matrix = if is_outputs_first { weight.transposed() } else { weight };
        Some(Layer { name, matrix, bias: group.bias })
    });
    Ok(layers.collect())
}

/// Whether each layer has as many inputs as the one before has outputs.
fn is_chain(order: &[usize], sides: &[Option<[usize; 2]>]) -> bool {
    let mut before = None;
    order.iter().all(|&index| {
        sides[index].is_some_and(|[inputs, outputs]| {
            before.replace(outputs).is_none_or(|before| before == inputs)
        })
    })
}

/// The only order in which all layers follow each other; `None` if there is none or several, or over eight
/// layers.
fn only_chain(sides: &[Option<[usize; 2]>]) -> Option<Vec<usize>> {
    fn extend(chain: &mut Vec<usize>, sides: &[[usize; 2]], found: &mut Vec<Vec<usize>>) {
        if chain.len() == sides.len() {
            found.push(chain.clone());
        }
        let end = chain.last().map(|&last| sides[last][1]);
        for next in 0..sides.len() {
            let fits = end.is_none_or(|end| end == sides[next][0]);
            // Two are too many.
            if found.len() < 2 && fits && !chain.contains(&next) {
                chain.push(next);
                extend(chain, sides, found);
                chain.pop();
            }
        }
    }
    let sides: Vec<[usize; 2]> = sides.iter().copied().collect::<Option<_>>()?;
    let mut found = Vec::new();
    if sides.len() <= MAX_LAYERS {
        extend(&mut Vec::new(), &sides, &mut found);
    }
    found.pop().filter(|_| found.is_empty())
}

impl Spot {
    /// By which places are sorted.
    pub fn number(&self) -> usize {
        match self {
            Self::Input => 0,
            Self::BeforeRelu(layer) => 2 * layer + 1,
            Self::AfterRelu(layer) => 2 * layer + 2,
        }
    }
}

/// The place of batch normalization among dense layers.
pub fn spot(norm: &Norm<'_>, layers: &[Layer<'_>]) -> Result<Spot, Fault> {
    let width = norm.width;
    let fits = |index: usize| layers[index].matrix.shape[1] == width;
    // In a row of numbered modules, those of the activations are missing.
    let own = numbered(&norm.name);
    let others: Option<Vec<u64>> = layers
        .iter()
        .map(|layer| {
            let (stem, number) = numbered(&layer.name)?;
            (own.map(|(own, _)| own) == Some(stem)).then_some(number)
        })
        .collect();
    if let (Some((_, number)), Some(others)) = (own, others) {
        let before = others.iter().rposition(|&other| other < number);
        match before {
            None if layers[0].matrix.shape[0] == width => return Ok(Spot::Input),
            Some(index) if fits(index) && number - others[index] == 1 => {
                return Ok(Spot::BeforeRelu(index));
            }
            Some(index) if fits(index) => return Ok(Spot::AfterRelu(index)),
            _ => {}
        }
    }
    let alike: Vec<usize> = (0..layers.len())
        .filter(|&index| fits(index) && numbers(&layers[index].name) == numbers(&norm.name))
        .collect();
    let fitting: Vec<usize> = (0..layers.len()).filter(|&index| fits(index)).collect();
    match (&alike[..], &fitting[..]) {
        (&[index], _) | (_, &[index]) => Ok(Spot::BeforeRelu(index)),
        _ => Err(refused(format!(
            "batch normalization `{}` of {width} values belongs to none or to several of the dense \
             layers; export the network to ONNX, which says where it stands",
            norm.name
        ))),
    }
}
