//! Programs without `unsafe` that would read or write outside a buffer, or trust a list that no
//! model has. None compiles, and each for the reason that its error code names; `cargo xtask trust`
//! has a compiler that compares the codes.
//!
//! What they have in common compiles:
//!
//! ```
//! #![deny(unsafe_code)]
//! use inkbit_core::{Engine, LayerOutput, Model, Scratch, include_blob};
//! static ODD: &[u8] = include_blob!("../../core/golden/odd-widths.inkbit");
//! let model = Model::parse(ODD)?;
//! let mut units = Vec::new();
//! let mut engine = Engine::new(model, Scratch::<1040>::new())?;
//! engine.infer_observed(&[255; 25], |_, output| {
//!     if let LayerOutput::Activations(active) = output {
//!         units.push(active.iter().count());
//!     }
//! })?;
//! assert_eq!(units.len(), 3);
//! # Ok::<_, inkbit_core::Error>(())
//! ```
//!
//! A list of a layer cannot be given to a kernel with another layer, whose rows are longer:
//!
//! ```compile_fail,E0308
//! #![deny(unsafe_code)]
//! use inkbit_core::kernel::{Kernel, Native};
//! use inkbit_core::{Engine, LayerOutput, Model, Scratch, include_blob};
//! static ODD: &[u8] = include_blob!("../../core/golden/odd-widths.inkbit");
//! let model = Model::parse(ODD)?;
//! let wide = model.layers()[0];
//! let mut engine = Engine::new(model, Scratch::<1040>::new())?;
//! engine.infer_observed(&[255; 25], |_, output| {
//!     if let LayerOutput::Activations(active) = output {
//!         Native::sum(&wide, &active, &mut [0; 17]);
//!     }
//! })?;
//! # Ok::<_, inkbit_core::Error>(())
//! ```
//!
//! The same by the field that a kernel would want:
//!
//! ```compile_fail,E0616
//! # use inkbit_core::kernel::{Kernel, Native};
//! # use inkbit_core::{LayerOutput, Layer};
//! fn observe(wide: &Layer<'_>, output: LayerOutput<'_>) {
//!     if let LayerOutput::Activations(active) = output {
//!         Native::sum(wide, &active.0, &mut [0; 17]);
//!     }
//! }
//! ```
//!
//! A safe type cannot be a kernel, which might return an old list, or one with offsets of its own:
//!
//! ```compile_fail,E0200
//! #![deny(unsafe_code)]
//! use inkbit_core::Layer;
//! use inkbit_core::kernel::{Kernel, List, ListWriter};
//! enum Old {}
//! impl Kernel for Old {
//!     const NAME: &'static str = "old";
//!     fn sum(_: &Layer<'_>, _: &List<'_>, _: &mut [i32]) {}
//!     fn gather(_: &[u8], list: &mut ListWriter<'_>) {
//!         list.skip(1 << 29);
//!     }
//! }
//! ```
//!
//! Nor say that entries are written:
//!
//! ```compile_fail,E0133
//! fn give(list: &mut inkbit_core::kernel::ListWriter<'_>) {
//!     list.advance(1, 1, 255);
//! }
//! ```
//!
//! Neither kind of list can be made:
//!
//! ```compile_fail,E0624
//! let list = inkbit_core::kernel::ListWriter::new(&[], inkbit_core::WeightBits::Two);
//! ```
//!
//! ```compile_fail,E0603
//! fn list(list: inkbit_core::kernel::List<'_>) -> inkbit_core::kernel::Active<'_> {
//!     inkbit_core::kernel::Active(list)
//! }
//! ```
//!
//! ```compile_fail,E0451
//! let bits = inkbit_core::WeightBits::Two;
//! let list = inkbit_core::kernel::List { entries: &[-1], end: 0, total: 0, bits };
//! ```
//!
//! What an observer is shown cannot be kept until another inference has overwritten it:
//!
//! ```compile_fail,E0521
//! use inkbit_core::kernel::Active;
//! use inkbit_core::{Engine, LayerOutput, Scratch};
//! fn keep<'k>(engine: &mut Engine<'_, Scratch<99>>, kept: &mut Vec<Active<'k>>) {
//!     let _ = engine.infer_observed(&[0; 25], |_, output| {
//!         if let LayerOutput::Activations(active) = output {
//!             kept.push(active);
//!         }
//!     });
//! }
//! ```
//!
//! Nor logits:
//!
//! ```compile_fail,E0499
//! fn both(engine: &mut inkbit_core::Engine<'_, inkbit_core::Scratch<99>>) {
//!     let first = engine.infer(&[0; 25]);
//!     let second = engine.infer(&[1; 25]);
//!     assert!(first != second);
//! }
//! ```
//!
//! Memory that shrinks after it was measured cannot be given to an engine:
//!
//! ```compile_fail,E0277
//! struct Shrinking(Vec<i32>);
//! impl inkbit_core::Memory for Shrinking {}
//! ```
//!
//! A layer is what a checked model has:
//!
//! ```compile_fail,E0451
//! use inkbit_core::{Layer, Model};
//! fn longer<'m>(model: &Model<'m>, other: &Model<'m>) -> Layer<'m> {
//!     Layer { shape: other.layers()[0].shape(), ..model.layers()[0] }
//! }
//! ```
//!
//! A model cannot be placed where a program calls the words that it finds, unless the program says
//! that this is unsafe:
//!
//! ```compile_fail
//! #![deny(unsafe_code)]
//! static BLOB: &[u8] = inkbit_core::include_blob!(
//!     "../../core/golden/odd-widths.inkbit",
//!     #[unsafe(link_section = ".init_array")]
//! );
//! ```
//!
//! The proof that a processor has its vector instructions cannot be made:
//!
#![cfg_attr(target_arch = "x86_64", doc = "```compile_fail,E0423")]
#![cfg_attr(target_arch = "x86_64", doc = "let proof = inkbit_simd::Avx512(());")]
#![cfg_attr(target_arch = "x86_64", doc = "```")]
