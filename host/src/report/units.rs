//! Units of the first layer.

use inkbit_core::Model;

/// The weights of a unit, in order of its inputs.
pub fn weights(model: &Model<'_>, unit: usize) -> Vec<i32> {
    let Some(layer) = model.layers().first() else { return Vec::new() };
    (0..layer.inputs()).map(|input| layer.weight(unit, input)).collect()
}

/// The units with the greatest weights, at most `count`, in ascending order.
pub fn strongest(model: &Model<'_>, count: usize) -> Vec<usize> {
    let Some(layer) = model.layers().first() else { return Vec::new() };
    let strength = |&unit: &usize| -> f64 {
        // Multipliers are proportional to the scales of weights; the last layer has a single scale.
        let step = f64::from(layer.multiplier(unit).max(1));
        weights(model, unit).iter().map(|&weight| (f64::from(weight) * step).powi(2)).sum()
    };
    let mut units: Vec<usize> = (0..layer.outputs()).collect();
    units.sort_by_cached_key(|unit| std::cmp::Reverse(strength(unit).to_bits()));
    units.truncate(count);
    units.sort_unstable();
    units
}

/// The name of a unit: its number, or the label of its class in a model of one layer.
pub fn name(model: &Model<'_>, classes: &[String], unit: usize) -> String {
    match classes.get(unit) {
        Some(label) if model.layers().len() == 1 => label.clone(),
        _ => format!("unit {unit}"),
    }
}
