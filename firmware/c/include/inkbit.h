/* Made by cbindgen of firmware/c in Inkbit's repository: `INKBIT_BLESS=1 cargo xtask header` writes it.
 *
 * inkbit-core as a static library: runs a quantized classifier, a blob of format version 3, with
 * integers alone, by the kernel in assembly of the target's processor. Its logits are equal, bit for
 * bit, to those of `inkbit verify`. Functions, structures and errors are called as in the engine in C
 * that `inkbit export --c` writes. */

#ifndef INKBIT_H
#define INKBIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Structures are not those of the engine in C, so what was compiled with its header does not link. */
#define inkbit_read inkbit_read_by_core

// Length of the storage in an inkbit_model.
#define INKBIT_STORAGE_WORDS 128

// What may be wrong. Numbers below 100 are those of Inkbit's other programs.
typedef enum {
  // No error.
  INKBIT_OK = 0,
  // The blob does not begin at a multiple of 8.
  INKBIT_MISALIGNED = 1,
  // No blob: the memory is all 0xFF or all zero.
  INKBIT_BLANK = 2,
  // No blob: it does not begin with INKBIT.
  INKBIT_MAGIC = 3,
  // A blob of another version than 3: export the model again.
  INKBIT_VERSION = 4,
  // The blob is cut off.
  INKBIT_TRUNCATED = 5,
  // Bytes follow the blob.
  INKBIT_TRAILING = 6,
  // The blob is damaged: its CRC is another.
  INKBIT_CRC = 7,
  // The fields do not end where the blob does.
  INKBIT_EXTENT = 8,
  // A number is out of range or not in its shortest form.
  INKBIT_NUMBER = 9,
  // A text is not UTF-8.
  INKBIT_UTF8 = 10,
  // There are not 1 to 8 layers, or not as many as the stages say.
  INKBIT_LAYER_COUNT = 11,
  // A layer does not have 1 to 4096 inputs and outputs.
  INKBIT_WIDTH = 12,
  // A layer takes another number of values than it is given.
  INKBIT_INPUTS = 13,
  // Weights do not have 8, 4 or 2 bits.
  INKBIT_BITS = 14,
  // A layer has a wrong number of multipliers.
  INKBIT_MULTIPLIERS = 15,
  // A bias is beyond 2^30.
  INKBIT_BIAS = 16,
  // The parameters are longer or shorter than the layers need.
  INKBIT_DATA = 17,
  // The parameters are not aligned to 8 by as few zeros as possible.
  INKBIT_PADDING = 18,
  // There are not as many labels as classes.
  INKBIT_LABELS = 19,
  // A label is empty.
  INKBIT_EMPTY_LABEL = 20,
  // The name, the labels or the provenance are too long.
  INKBIT_TEXT = 21,
  // Sample, crop and pool give no whole inputs.
  INKBIT_INPUT = 22,
  // The logit scale is not a positive finite number.
  INKBIT_LOGIT_SCALE = 23,
  // There are not 1 to 4 stages.
  INKBIT_STAGE_COUNT = 25,
  // Stages differ in their number of classes.
  INKBIT_CLASS_COUNT = 26,
  // Ink is larger than the image, or 0.
  INKBIT_INK = 27,
  // There is neither one range nor one for each feature.
  INKBIT_RANGE_COUNT = 28,
  // A feature's offset is beyond 16 bits.
  INKBIT_OFFSET = 29,
  // Narrow numbers are shifted too far.
  INKBIT_SHIFT = 30,
  // The blob has a fault that is newer than this library.
  INKBIT_OTHER = 100,
  // The working memory has too few words.
  INKBIT_WORK_TOO_SMALL = 101,
  // The array of logits is too short.
  INKBIT_LOGITS_TOO_SMALL = 102,
  // The sample has another number of bytes than the model takes.
  INKBIT_SAMPLE_LENGTH = 103,
  // A pointer is null or not aligned to what it points to, or a length is beyond the memory.
  INKBIT_POINTER = 104,
  // No model has been read to this inkbit_model without an error.
  INKBIT_UNREAD = 105,
} inkbit_error;

// A text in the blob: UTF-8, `length` bytes, no zero byte at its end.
typedef struct {
  // The first byte.
  const char *start;
  // Bytes.
  uint32_t length;
} inkbit_text;

// A checked model. It borrows the blob, which has to stay where it is. What is written here of it is
// for the program to read; the library looks at the storage alone.
typedef struct {
  // The model's name.
  inkbit_text name;
  // Class labels, joined by line feeds; inkbit_label finds that of a class.
  inkbit_text labels;
  // Pixels, else features.
  bool is_image;
  // Features have 16 bits, else 8.
  bool is_signed;
  // Pixels of a row, or number of features.
  uint16_t width;
  // Rows; 1 for features.
  uint16_t height;
  // How ink lies in the image: 0 as it is, 1 fitted, 2 centred.
  uint16_t layout;
  // Pixels of the longer side of ink.
  uint16_t ink;
  // Bytes of a sample, for inkbit_infer.
  uint32_t sample_bytes;
  // Words of working memory, for inkbit_infer.
  uint32_t work_words;
  // Classes, and so logits.
  uint16_t classes;
  // Ranges of features: one for all, or one for each; 0 for images.
  uint16_t range_count;
  // Stages: networks that are asked in turn.
  uint16_t stage_count;
  // Layers of all stages.
  uint16_t layer_count;
  // Tells a model that was read from memory that was cleared; and its type aligns the storage.
  uint64_t mark;
  // The library's own.
  size_t storage[INKBIT_STORAGE_WORDS];
} inkbit_model;

// What a model makes of a sample.
typedef struct {
  // The class of the greatest logit, the lowest among equals.
  uint16_t likeliest;
  // The stage whose logits they are.
  uint8_t stage;
  // If not, the sample is none of the classes.
  bool stands;
} inkbit_answer;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

// Reads and checks the blob of exactly `length` bytes at a multiple of 8. `model` may hold anything,
// also after an error, and then holds no model.
//
// # Safety
//
// `model` is null or points to an inkbit_model that nothing else uses meanwhile. `blob` is null or
// points to `length` bytes, which stay where and as they are for as long as `model` is used.
inkbit_error inkbit_read_by_core(inkbit_model *model,
                                 const uint8_t *blob,
                                 size_t length);

// Classifies a sample and writes `model->classes` logits. Pixels are bytes, row by row, 255 for
// full ink; features of 16 bits are little-endian. Of a sound model, only lengths can be wrong. It is
// quickest if the sample begins at a multiple of 4. `work` may hold any numbers, but was written to
// before, as a static array is.
//
// # Safety
//
// Each pointer is null or points to as much as its length says; `model` to what inkbit_read has written
// and nobody has changed, or to memory that was cleared. What is written to overlaps nothing else.
inkbit_error inkbit_infer(const inkbit_model *model,
                          const uint8_t *sample,
                          size_t sample_bytes,
                          uint32_t *work,
                          size_t work_words,
                          int32_t *logits,
                          size_t logit_count,
                          inkbit_answer *answer);

// The label of a class, empty if there is no such class or no model.
//
// # Safety
//
// `model` is null or points to what inkbit_read has written and nobody has changed, or to memory that
// was cleared.
inkbit_text inkbit_label(const inkbit_model *model,
                         uint16_t number);

// What an error means, in English.
const char *inkbit_error_text(uint32_t error);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* INKBIT_H */
