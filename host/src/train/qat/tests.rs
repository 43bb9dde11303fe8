use super::*;
use crate::net;
use crate::net::rounding::round_activations;
use crate::net::{Backend, Dense};
use crate::quantize::Quantized;
use crate::support::rng::Rng;

const BITS: [WeightBits; 3] = [WeightBits::Eight, WeightBits::Four, WeightBits::Two];

fn network() -> Mlp {
    let mut net = Mlp::glorot(&[16, 6, 5, 3], &mut Rng::new(1, &[]));
    net.layers[0].bias = vec![0.1; 6];
    net
}

fn images() -> Images {
    let mut rng = Rng::new(2, &[]);
    let pixels = (0..16 * 20).map(|_| rng.bits() as u8).collect();
    Images { shape: crate::data::Shape::square(4), pixels, labels: vec![0; 20] }
}

fn started(granularity: Granularity) -> Mlp {
    let mut latent = network();
    start(&mut latent, &network(), &images(), &BITS, granularity).unwrap();
    latent
}

#[test]
fn scales_start_near_those_of_post_training_and_rounding_agrees_with_its() {
    for granularity in [Granularity::Layer, Granularity::Output] {
        let fitted = Quantized::post_training(&network(), &images(), &BITS, granularity).unwrap();
        let found = Quantized::learned(&round(&started(granularity), &BITS), &BITS);
        assert_eq!(found.scales.len(), 3);
        for (fitted, found) in fitted.scales.iter().zip(&found.scales) {
            assert_eq!((fitted.bits, fitted.weight.len()), (found.bits, found.weight.len()));
            let pairs = fitted.weight.iter().zip(&found.weight);
            for (a, b) in pairs.chain(fitted.activation.iter().zip(&found.activation)) {
                assert!((a / b - 1.0).abs() < 1e-5, "{a} {b}");
            }
        }
        for (fitted, found) in fitted.net.layers.iter().zip(&found.net.layers) {
            for (a, b) in fitted.weight.iter().zip(&found.weight) {
                assert!((a - b).abs() < 1e-5, "{a} {b}");
            }
        }
    }
}

/// The loss is Σ coefficient · rounded weight, whose gradient is the coefficients.
#[test]
fn a_scales_gradient_is_the_losss_change_less_what_rounding_passes_on() {
    for granularity in [Granularity::Layer, Granularity::Output] {
        let latent = started(granularity);
        let mut rng = Rng::new(3, &[]);
        let mut gradient = latent.zeroed();
        for dense in &mut gradient.layers {
            dense.weight.fill_with(|| rng.unit() - 0.5);
        }
        let coefficients = gradient.clone();
        straight_through(&latent, &BITS, &mut gradient);
        for (number, dense) in latent.layers.iter().enumerate() {
            let products = |weights: &Dense| -> Vec<f64> {
                let pairs = weights.weight.iter().zip(&coefficients.layers[number].weight);
                pairs.map(|(&a, &b)| f64::from(a) * f64::from(b)).collect()
            };
            let loss = |latent: &Mlp| products(&round(latent, &BITS).layers[number]);
            for place in 0..dense.weight_scale.len() {
                // So little that no weight changes its level.
                let mut changed = latent.clone();
                changed.layers[number].weight_scale[place] += 1e-4;
                let shared = dense.weight_scale.len() == 1;
                let mut expected = 0.0;
                let values = loss(&changed).into_iter().zip(loss(&latent)).zip(products(dense));
                for (index, ((changed, found), passed)) in values.enumerate() {
                    let output = index % dense.outputs;
                    let scale = crate::net::rounding::step_of(dense.weight_scale[place]);
                    let greatest = BITS[number].max_weight() as f32 * scale;
                    if shared || output == place {
                        expected += (changed - found) / 1e-4;
                        let inside = dense.weight[index].abs() <= greatest;
                        expected -= if inside { passed } else { 0.0 };
                    }
                }
                let found = f64::from(gradient.layers[number].weight_scale[place]);
                assert!((found - expected).abs() < 5e-3, "layer {number}: {found} {expected}");
            }
        }
    }
}

#[test]
fn clipped_weights_get_no_gradient_and_others_all_of_it() {
    let mut latent = Mlp::zeros(&[2, 1]);
    latent.layers[0].weight = vec![3.5, -2.5];
    latent.layers[0].weight_scale = vec![0.0];
    let mut gradient = latent.zeroed();
    gradient.layers[0].weight = vec![1.5; 2];
    straight_through(&latent, &[WeightBits::Two], &mut gradient);
    assert_eq!(gradient.layers[0].weight, [0.0, 1.5]);
    // 3 for the clipped weight, and the half step by which the other one was rounded down.
    assert_eq!(gradient.layers[0].weight_scale, [1.5 * (3.0 - 0.5)]);
}

#[test]
fn activations_are_rounded_and_gradients_pass_where_nothing_is_clipped() {
    let device = Backend::default().device().unwrap();
    let sums = vec![-1.0, 0.6, 10.3, 300.0];
    let row = |values| net::tensor(values, [1, 4], &device);
    let leaf = row(sums.clone()).autodiff().require_grad();
    let step = net::tensor(vec![0.5_f32.ln()], [1, 1], &device);
    let step = step.autodiff().require_grad();
    let activations = rounded(leaf.clone(), &step);
    let mut simulated = sums;
    round_activations(&mut simulated, 0.5);
    assert_eq!(simulated, [0.0, 0.5, 10.5, 127.5]);
    for (a, b) in net::values(activations.clone().inner()).iter().zip(simulated) {
        assert!((a - b).abs() < 1e-5, "{a} {b}");
    }

    let factors = row(vec![1.0, 2.0, 3.0, 4.0]).autodiff();
    let gradients = (activations * factors).sum().backward();
    assert_eq!(net::values(leaf.grad(&gradients).unwrap()), [0.0, 2.0, 3.0, 0.0]);
    // Each factor by what rounding added, and 4 by all of the clipped one.
    let expected = 2.0 * (0.5 - 0.6) + 3.0 * (10.5 - 10.3) + 4.0 * 127.5;
    let found = net::values(step.grad(&gradients).unwrap())[0];
    assert!((found - expected).abs() < 1e-3, "{found} {expected}");
}
