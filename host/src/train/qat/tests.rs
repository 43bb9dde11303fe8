use super::*;
use crate::backend::Backend;
use crate::net::{self, Dense};
use crate::quantize::simulate::round_activations;
use crate::rng::Rng;
use burn::tensor::{Tensor, TensorData};

const BITS: [WeightBits; 3] = [WeightBits::Eight, WeightBits::Four, WeightBits::Two];

fn network() -> Mlp {
    let mut net = Mlp::glorot(&[16, 6, 5, 3], &mut Rng::new(1, &[]));
    net.layers[0].bias = vec![0.1; 6];
    net
}

fn images() -> Images {
    let mut rng = Rng::new(2, &[]);
    let pixels = (0..16 * 20).map(|_| rng.bits() as u8).collect();
    Images { side: 4, pixels, labels: vec![0; 20] }
}

fn start(granularity: Granularity) -> Scales {
    Scales::start(&network(), &images(), &BITS, granularity).unwrap()
}

#[test]
fn scales_start_at_those_of_post_training_and_rounding_agrees_with_its() {
    for granularity in [Granularity::Layer, Granularity::Output] {
        let fitted = Quantized::fit(&network(), &images(), &BITS, granularity, COVERED).unwrap();
        let started = start(granularity).quantized(&network());
        assert_eq!(started.scales.len(), 3);
        for (fitted, started) in fitted.scales.iter().zip(&started.scales) {
            assert_eq!((fitted.bits, fitted.weight.len()), (started.bits, started.weight.len()));
            let pairs = fitted.weight.iter().zip(&started.weight);
            for (a, b) in pairs.chain(fitted.activation.iter().zip(&started.activation)) {
                assert!((a / b - 1.0).abs() < 1e-5, "{a} {b}");
            }
        }
        for (fitted, started) in fitted.net.parameters().zip(started.net.parameters()) {
            for (a, b) in fitted.iter().zip(started) {
                assert!((a - b).abs() < 1e-5, "{a} {b}");
            }
        }
    }
}

/// The loss is Σ coefficient · rounded weight, whose gradient is the coefficients.
#[test]
fn a_scales_gradient_is_the_losss_change_less_what_rounding_passes_on() {
    let scales = start(Granularity::Output);
    let latent = network();
    let mut rng = Rng::new(3, &[]);
    let mut first = Mlp::zeros(&latent.widths());
    first.parameters_mut().for_each(|values| values.fill_with(|| rng.unit() - 0.5));
    let coefficients = first.clone();
    let mut second = Mlp::zeros(&latent.widths());
    let found = scales.straight_through(&latent, [&mut first, &mut second], &[0.25, 0.5]);

    let loss = |scales: &Scales| -> f64 {
        let rounded = scales.round(&latent);
        let values = rounded.parameters().zip(coefficients.parameters());
        values.flat_map(|(a, b)| a.iter().zip(b)).map(|(a, b)| f64::from(a * b)).sum()
    };
    for (number, layer) in scales.layers.iter().enumerate() {
        for (output, place) in layer.weight.clone().enumerate() {
            // So little that no weight changes its level.
            let mut changed = scales.clone();
            changed.logarithms[place] += 1e-4;
            let slope = (loss(&changed) - loss(&scales)) / 1e-4;
            let scale = scales.logarithms[place].exp();
            let greatest = layer.bits.max_weight() as f32 * scale;
            let columns =
                if layer.weight.len() == 1 { 0..layer.outputs } else { output..output + 1 };
            let passed: f64 = columns
                .flat_map(|column| {
                    let Dense { outputs, weight, .. } = &latent.layers[number];
                    let gradients = &coefficients.layers[number].weight;
                    let pairs = weight.iter().zip(gradients).skip(column).step_by(*outputs);
                    pairs.filter(|(weight, _)| weight.abs() <= greatest).collect::<Vec<_>>()
                })
                .map(|(weight, gradient)| f64::from(weight * gradient))
                .sum();
            let (found, expected) = (f64::from(found[place]), slope - passed);
            assert!((found - expected).abs() < 2e-3, "layer {number}: {found} {expected}");
        }
    }
    assert_eq!(scales.layers[1].activation.map(|place| found[place]), Some(0.5));
}

#[test]
fn clipped_weights_get_no_gradient_and_others_all_of_it() {
    let mut latent = Mlp::zeros(&[2, 1]);
    latent.layers[0].weight = vec![3.5, -2.0];
    let scales = Scales::new(&[2, 1], &[WeightBits::Two], Granularity::Layer);
    let gradient = |value: f32| {
        let mut gradient = Mlp::zeros(&[2, 1]);
        gradient.layers[0].weight = vec![value; 2];
        gradient
    };
    let (mut first, mut second) = (gradient(1.0), gradient(0.5));
    let found = scales.straight_through(&latent, [&mut first, &mut second], &[]);
    assert_eq!(
        (&first.layers[0].weight[..], &second.layers[0].weight[..]),
        (&[0.0, 1.0][..], &[0.0, 0.5][..])
    );
    let nearest = scales.round(&latent).layers[0].weight[1];
    assert_eq!(found, [1.5 * (3.0 + nearest + 2.0)]);
}

#[test]
fn activations_are_rounded_and_gradients_pass_where_nothing_is_clipped() {
    let device = Backend::default().device().unwrap();
    let step = 0.5_f32;
    let sums = vec![-1.0, 0.6, 10.3, 300.0];
    let row = |values| Tensor::<2>::from_data(TensorData::new(values, [1, 4]), &device);
    let leaf = row(sums.clone()).autodiff().require_grad();
    let steps = [step];
    let mut rounding = Rounding::new(&steps);
    let activations = rounding.activate(leaf.clone());
    assert_eq!(net::values(activations.clone().inner()), [0.0, 0.5, 10.5, 127.5]);
    let mut simulated = sums;
    round_activations(&mut simulated, step);
    assert_eq!(net::values(activations.clone().inner()), simulated);

    let factors = row(vec![1.0, 2.0, 3.0, 4.0]).autodiff();
    let mut gradients = (activations * factors).sum().backward();
    assert_eq!(net::values(leaf.grad(&gradients).unwrap()), [0.0, 2.0, 3.0, 0.0]);
    let found = rounding.gradients(&mut gradients);
    // Each factor by what rounding added, and 4 by all of the clipped one.
    let expected = 2.0 * (0.5 - 0.6) + 3.0 * (10.5 - 10.3) + 4.0 * 127.5;
    assert!((found[0] - expected).abs() < 1e-3, "{found:?} {expected}");
}

#[test]
fn a_step_moves_scales_by_a_share_of_their_size() {
    let config = AdamConfig { beta1: 0.9, beta2: 0.99, epsilon: 1e-7 };
    let mut scales = Scales::new(&[2, 3, 1], &[WeightBits::Four; 2], Granularity::Layer);
    scales.logarithms = vec![-7.0, 2.0, 0.5];
    ScaleAdam::new(&scales).step(&config, 0.01, &mut scales, &[1e-3, -20.0, 0.0]);
    let moved: Vec<f32> =
        scales.logarithms.iter().zip([-7.0, 2.0, 0.5]).map(|(a, b)| a - b).collect();
    assert!((moved[0] + 0.01).abs() < 1e-4 && (moved[1] - 0.01).abs() < 1e-4, "{moved:?}");
    assert_eq!(moved[2], 0.0);
}
