//! The running mean of the weights (Polyak averaging, with exponentially less weight for older
//! steps).

use crate::net::Mlp;

/// Moves the mean towards the parameters after a step, counted from 1. Early steps count more than
/// `decay` says, so that the random start is soon forgotten.
pub(super) fn update(mean: &mut Mlp, net: &Mlp, decay: f32, step: u64) {
    let decay = f64::from(decay).min((1 + step) as f64 / (10 + step) as f64);
    let rate = (1.0 - decay) as f32;
    for (mean, values) in mean.parameters_mut().zip(net.parameters()) {
        mean.iter_mut().zip(values).for_each(|(mean, value)| *mean += rate * (value - *mean));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_forgets_the_start_and_then_moves_slowly() {
        let mut mean = Mlp::zeros(&[1, 1]);
        let mut net = mean.clone();
        net.layers[0].bias[0] = 1.0;
        (1..=1000).for_each(|step| update(&mut mean, &net, 0.99, step));
        assert!(mean.layers[0].bias[0] > 0.9999, "{mean:?}");
        net.layers[0].bias[0] = 2.0;
        update(&mut mean, &net, 0.99, 1001);
        assert!((mean.layers[0].bias[0] - 1.01).abs() < 1e-4, "{mean:?}");
    }
}
