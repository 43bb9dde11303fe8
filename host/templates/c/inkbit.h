/* Inkbit: runs a quantized classifier, a blob of format version 3, with integers alone. C99 without
 * any library, heap or recursion. Its logits are equal, bit for bit, to those of `inkbit verify`.
 * core/FORMAT.md defines it all; main.c is an example; inkbit_model.h has the sizes of buffers. */
#ifndef INKBIT_H
#define INKBIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#ifdef __cplusplus
extern "C" {
#endif

/* What may be wrong. Numbers below 100 are those of Inkbit's other programs. */
#define INKBIT_ERRORS(ERROR) \
    ERROR(OK, 0, "no error") \
    ERROR(MISALIGNED, 1, "the blob does not begin at a multiple of 8") \
    ERROR(BLANK, 2, "no blob: the memory is all 0xFF or all zero") \
    ERROR(MAGIC, 3, "no blob: it does not begin with INKBIT") \
    ERROR(VERSION, 4, "a blob of another version than 3: export the model again") \
    ERROR(TRUNCATED, 5, "the blob is cut off") \
    ERROR(TRAILING, 6, "bytes follow the blob") \
    ERROR(CRC, 7, "the blob is damaged: its CRC is another") \
    ERROR(EXTENT, 8, "the fields do not end where the blob does") \
    ERROR(NUMBER, 9, "a number is out of range or not in its shortest form") \
    ERROR(UTF8, 10, "a text is not UTF-8") \
    ERROR(LAYER_COUNT, 11, "there are not 1 to 8 layers, or not as many as the stages say") \
    ERROR(WIDTH, 12, "a layer does not have 1 to 4096 inputs and outputs") \
    ERROR(INPUTS, 13, "a layer takes another number of values than it is given") \
    ERROR(BITS, 14, "weights do not have 8, 4 or 2 bits") \
    ERROR(MULTIPLIERS, 15, "a layer has a wrong number of multipliers") \
    ERROR(BIAS, 16, "a bias is beyond 2^30") \
    ERROR(DATA, 17, "the parameters are longer or shorter than the layers need") \
    ERROR(PADDING, 18, "the parameters are not aligned to 8 by as few zeros as possible") \
    ERROR(LABELS, 19, "there are not as many labels as classes") \
    ERROR(EMPTY_LABEL, 20, "a label is empty") \
    ERROR(TEXT, 21, "the name, the labels or the provenance are too long") \
    ERROR(INPUT, 22, "sample, crop and pool give no whole inputs") \
    ERROR(LOGIT_SCALE, 23, "the logit scale is not a positive finite number") \
    ERROR(STAGE_COUNT, 25, "there are not 1 to 4 stages") \
    ERROR(CLASS_COUNT, 26, "stages differ in their number of classes") \
    ERROR(INK, 27, "ink is larger than the image, or 0") \
    ERROR(RANGE_COUNT, 28, "there is neither one range nor one for each feature") \
    ERROR(OFFSET, 29, "a feature's offset is beyond 16 bits") \
    ERROR(SHIFT, 30, "narrow numbers are shifted too far") \
    ERROR(WORK_TOO_SMALL, 101, "the working memory has too few words") \
    ERROR(LOGITS_TOO_SMALL, 102, "the array of logits is too short") \
    ERROR(SAMPLE_LENGTH, 103, "the sample has another number of bytes than the model takes")
#define INKBIT_ENUMERATOR(name, number, text) INKBIT_##name = (number),
typedef enum { INKBIT_ERRORS(INKBIT_ENUMERATOR) INKBIT_ERROR_END /* none */ } inkbit_error;

/* A text in the blob: UTF-8, `length` bytes, no zero byte at its end. */
typedef struct { const char *start; uint32_t length; } inkbit_text;

/* A layer: its shape, and where its parameters lie in the blob. */
typedef struct {
    uint16_t inputs, outputs;
    uint16_t multiplier_count;
    uint8_t bits;
    bool is_narrow; /* multipliers and biases have 16 bits, and are shifted */
    uint8_t multiplier_shift, bias_shift;
    const uint8_t *multipliers, *biases, *codes;
} inkbit_layer;

/* One of the networks that are asked in turn. */
typedef struct {
    uint8_t crop[2], pool[2];
    uint8_t first_layer, layer_count;
    uint32_t inputs, margin, prominence;
    uint32_t logit_scale; /* the bits of a float, for display only */
} inkbit_stage;

/* A checked model. It borrows the blob, which has to stay where it is. */
typedef struct {
    inkbit_text name, labels; /* inkbit_label finds the label of a class */
    bool is_image, is_signed; /* pixels, else features; these have 16 bits, else 8 */
    uint16_t width, height;   /* of the image; `width` features */
    uint16_t layout, ink;     /* how ink lies: 0 as it is, 1 fitted, 2 centred, `ink` pixels long */
    uint32_t sample_bytes, work_words; /* what inkbit_infer needs */
    uint16_t classes, range_count, stage_count, layer_count;
    const uint8_t *ranges;
    inkbit_stage stages[4];
    inkbit_layer layers[8];
} inkbit_model;

/* What a model makes of a sample. */
typedef struct {
    uint16_t likeliest; /* the class of the greatest logit, the lowest among equals */
    uint8_t stage;      /* whose logits they are */
    bool stands;        /* if not, the sample is none of the classes */
} inkbit_answer;

/* Reads and checks the blob of exactly `length` bytes at a multiple of 8. */
inkbit_error inkbit_read(inkbit_model *model, const uint8_t *blob, size_t length);

/* Classifies a sample and writes `model->classes` logits. Pixels are bytes, row by row, 255 for
 * full ink; features of 16 bits are little-endian. Of a sound model, only lengths can be wrong. */
inkbit_error inkbit_infer(const inkbit_model *model, const uint8_t *sample, size_t sample_bytes,
                          uint32_t *work, size_t work_words, int32_t *logits, size_t logit_count,
                          inkbit_answer *answer);

/* The label of a class, empty if there is no such class; and what an error means, in English. */
inkbit_text inkbit_label(const inkbit_model *model, uint16_t number);
const char *inkbit_error_text(inkbit_error error);

#ifdef __cplusplus
}
#endif
#endif
