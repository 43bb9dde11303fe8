//! The kernel for AVX-512 with BW, VBMI and VNNI.

use std::arch::x86_64::*;
use std::array::from_fn;
use std::cell::Cell;

use inkbit_core::Layer;
use inkbit_core::kernel::{List, ListWriter};

use super::Avx512;
use crate::windows::{Blocks, Sums, Windows, by_windows};

/// [`by_windows`], compiled for the instruction set.
#[target_feature(enable = "avx512f,avx512bw,avx512vbmi,avx512vnni,popcnt")]
pub(super) fn layer(simd: Avx512, layer: &Layer<'_>, list: &List<'_>, out: &mut [i32]) -> bool {
    by_windows(simd, layer, list, out)
}

/// [`Simd::sums`](super::Simd::sums).
///
/// A lane has four products more for each window: in all it has the sum of at most 4096 products
/// of at most 255 · 128, as `vpdpbusd` does not saturate.
#[inline(never)]
#[target_feature(enable = "avx512f,avx512bw,avx512vbmi,avx512vnni")]
pub(super) fn sums<const BITS: usize, const N: usize>(
    Blocks { codes, stride }: Blocks<'_>,
    windows: &Windows,
    sums: &mut Sums,
) {
    const { assert!(BITS == 8 || BITS == 4 || BITS == 2) };
    let row = const { if BITS == 8 { 8 } else { 4 } };
    let Some(last) = stride.checked_sub(64) else { return };
    if size_of_val(codes) < N * stride {
        return;
    }
    // Brings the codes of four neighbouring inputs to one output side by side: to the bytes of
    // lane g · row + b those at byte b of the rows from 4 g on. Group g of the values goes there.
    let shuffle: [u8; 64] = from_fn(|to| {
        let (lane, input) = (to / 4, to % 4);
        ((lane / row * 4 + input) * row + lane % row) as u8
    });
    let groups: [i32; 16] = from_fn(|lane| (lane / row) as i32);
    let (shuffle, groups) = (load_512(&shuffle), load_512(&groups));
    let flip = _mm512_set1_epi8(-128);
    let mask = _mm512_set1_epi8((1 << (BITS % 8)) - 1);
    let mut acc = [[_mm512_setzero_si512(); 4]; N];
    for (values, start) in windows.iter() {
        // SAFETY: these are the 16 bytes of an array.
        let values = unsafe { _mm_loadu_si128(values.as_ptr().cast()) };
        let values = _mm512_permutexvar_epi32(groups, _mm512_castsi128_si512(values));
        for (block, acc) in acc.iter_mut().enumerate() {
            // SAFETY: 64 bytes from there end within the block, and there are `N` blocks.
            let rows = unsafe {
                let block = codes.as_ptr().cast::<u8>().add(block * stride);
                _mm512_loadu_si512(block.add(start.min(last)).cast())
            };
            let codes = _mm512_permutexvar_epi8(shuffle, rows);
            if BITS == 8 {
                // Code − 128, which is the weight, as a signed byte.
                let weights = _mm512_xor_si512(codes, flip);
                acc[0] = _mm512_dpbusd_epi32(acc[0], values, weights);
                continue;
            }
            for (plane, acc) in acc.iter_mut().take(8 / BITS).enumerate() {
                let count = _mm_cvtsi32_si128((plane * BITS) as i32);
                let codes = _mm512_and_si512(_mm512_srl_epi16(codes, count), mask);
                *acc = _mm512_dpbusd_epi32(*acc, values, codes);
            }
        }
    }
    for (sums, acc) in sums.chunks_exact_mut(8 / BITS * row).zip(acc) {
        for (sums, acc) in sums.chunks_exact_mut(row).zip(acc) {
            let (low, high) = (_mm512_castsi512_si256(acc), _mm512_extracti64x4_epi64::<1>(acc));
            let eight = _mm256_add_epi32(low, high);
            let (low, high) = (_mm256_castsi256_si128(eight), _mm256_extracti128_si256::<1>(eight));
            let four = _mm_add_epi32(low, high);
            // SAFETY: eight words or four are as long as the chunk, which is one of `row`.
            unsafe {
                if row == 8 {
                    _mm256_storeu_si256(sums.as_mut_ptr().cast(), eight);
                } else {
                    _mm_storeu_si128(sums.as_mut_ptr().cast(), four);
                }
            }
        }
    }
}

#[target_feature(enable = "avx512f")]
fn load_512<T: bytemuck::Pod, const N: usize>(from: &[T; N]) -> __m512i {
    const { assert!(size_of::<[T; N]>() == 64) };
    // SAFETY: the array's 64 bytes are read, and any are legal.
    unsafe { _mm512_loadu_si512(from.as_ptr().cast()) }
}

/// Output cursor of a list.
struct Writer<'c> {
    places: &'c [Cell<i32>],
    room: usize,
    /// The offset of the first input.
    offset: u32,
    /// By how much it grows from input to input.
    row: u32,
    /// By how much in each lane.
    lanes: __m512i,
    /// The sum of the values so far, in 16 parts.
    totals: __m512i,
}

impl<'c> Writer<'c> {
    #[target_feature(enable = "avx512f")]
    fn new(list: &ListWriter<'c>) -> Self {
        let (places, offset, row) = list.free();
        let lanes = load_512(&from_fn::<u32, 16, _>(|lane| lane as u32 * row));
        Self { places, room: places.len(), offset, row, lanes, totals: _mm512_setzero_si512() }
    }

    /// Entries for 16 inputs with values below 256, but for the zeros, of which the first would have
    /// this offset. Whether there are many or none, 16 words are written, if there is room.
    #[target_feature(enable = "avx512f,popcnt")]
    fn write(&mut self, values: __m512i, offset: u32) {
        self.totals = _mm512_add_epi32(self.totals, values);
        let offsets = _mm512_add_epi32(self.lanes, _mm512_set1_epi32(offset.cast_signed()));
        let entries = _mm512_or_si512(offsets, _mm512_slli_epi32::<16>(values));
        let active = _mm512_test_epi32_mask(values, values);
        let entries = _mm512_maskz_compress_epi32(active, entries);
        let room = self.places.len().min(16);
        // SAFETY: no more words are written than there are; they are cells, which may be written
        // through a shared reference.
        unsafe {
            let places = self.places.as_ptr().cast_mut().cast();
            if room == 16 {
                _mm512_storeu_si512(places, entries);
            } else {
                _mm512_mask_storeu_epi32(places.cast(), first(room), entries);
            }
        }
        let count = active.count_ones() as usize;
        self.places = self.places.get(count..).unwrap_or_default();
    }

    /// Gives the list the inputs that are written.
    #[target_feature(enable = "avx512f")]
    fn finish(self, list: &mut ListWriter<'_>, inputs: usize) {
        let total = _mm512_reduce_add_epi32(self.totals).cast_unsigned();
        // SAFETY: `write` wrote their entries, from the first free cell on.
        unsafe { list.advance(inputs, self.room - self.places.len(), total) }
    }
}

/// A mask of the first lanes, of which there are 16.
#[inline(always)]
fn first(lanes: usize) -> __mmask16 {
    ((1_u32 << lanes.min(16)) - 1) as u16
}

/// `Kernel::gather`.
#[target_feature(enable = "avx512f,popcnt")]
pub(super) fn gather(eights: &[u64], list: &mut ListWriter<'_>) {
    let (sixteens, last) = eights.as_chunks::<2>();
    let mut writer = Writer::new(list);
    let (mut offset, step) = (writer.offset, 16 * writer.row);
    for part in sixteens.chunks(64) {
        // First find the groups with foreground, without a branch: they are unpredictable.
        let mut inked = [0; 64];
        let mut count = 0;
        for (number, &[low, high]) in part.iter().enumerate() {
            if let Some(place) = inked.get_mut(count) {
                *place = number as u8;
            }
            count += usize::from(low | high != 0);
        }
        for &number in inked.iter().take(count) {
            let &[low, high] = part.get(usize::from(number)).unwrap_or(&[0; 2]);
            let pixels = _mm_set_epi64x(high.cast_signed(), low.cast_signed());
            writer.write(_mm512_cvtepu8_epi32(pixels), offset + step * u32::from(number));
        }
        offset += step * 64;
    }
    writer.finish(list, 16 * sixteens.len());
    list.push_all(bytemuck::cast_slice(last));
}

/// `Kernel::activate`.
#[target_feature(enable = "avx512f,popcnt")]
pub(super) fn activate(layer: &Layer<'_>, sums: &[Cell<i32>], list: &mut ListWriter<'_>) {
    let mut writer = Writer::new(list);
    let mut offset = writer.offset;
    let (mut biases, mut multipliers) = ([0; 16], [0; 16]);
    for (part, sums) in sums.chunks(16).enumerate() {
        layer.numbers(16 * part, &mut biases, &mut multipliers);
        // SAFETY: as many words are read as the slice has, and as the arrays have.
        let (sums, bias, multipliers) = unsafe {
            let lanes = first(sums.len());
            let sums = _mm512_maskz_loadu_epi32(lanes, sums.as_ptr().cast());
            let bias = _mm512_maskz_loadu_epi32(lanes, biases.as_ptr());
            (sums, bias, _mm512_loadu_epi32(multipliers.as_ptr().cast()))
        };
        let acc = _mm512_max_epi32(_mm512_add_epi32(sums, bias), _mm512_setzero_si512());
        let even = _mm512_srli_epi64::<32>(_mm512_mul_epu32(acc, multipliers));
        let odd =
            _mm512_mul_epu32(_mm512_srli_epi64::<32>(acc), _mm512_srli_epi64::<32>(multipliers));
        let scaled = _mm512_mask_blend_epi32(0xAAAA, even, odd);
        // There are no more entries than sums have been read before, so the 16 words that are written
        // reach no sum that is still to be read.
        writer.write(_mm512_min_epu32(scaled, _mm512_set1_epi32(255)), offset);
        offset += 16 * writer.row;
    }
    writer.finish(list, sums.len());
}
