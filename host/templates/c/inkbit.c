/* Reader and engine; see inkbit.h. Fields are called as in core/FORMAT.md. */
#include "inkbit.h"

#define PREFIX_BYTES 12U
#define CRC_BYTES 4U
/* Tells the compiler that a word of the blob is aligned, so that it is loaded at once. */
#if defined(__GNUC__)
#define AT_WORD(pointer) ((const uint8_t *)__builtin_assume_aligned((pointer), 4))
#else
#define AT_WORD(pointer) (pointer)
#endif

/* Numbers in memory are little-endian. */
static uint32_t half_at(const uint8_t *at) { return (uint32_t)at[0] | ((uint32_t)at[1] << 8); }
static uint32_t word_at(const uint8_t *at) { return half_at(at) | (half_at(&at[2]) << 16); }

/* The number of 16 or 32 bits, in two's complement, whose bits these are. */
static int32_t signed_of(uint32_t bits, uint32_t width) {
    const uint32_t most = 0xFFFFFFFFU >> (33U - width);
    return (bits <= most) ? (int32_t)bits : -(int32_t)(2U * most + 1U - bits) - 1;
}

/* Outputs whose codes lie together, and the bytes of such a row. */
static uint32_t block_of(const inkbit_layer *layer) { return (layer->bits == 2U) ? 16U : 8U; }
static uint32_t row_bytes_of(const inkbit_layer *layer) { return (layer->bits == 8U) ? 8U : 4U; }

static int32_t bias_at(const inkbit_layer *layer, uint32_t j) {
    if (!layer->is_narrow) { return signed_of(word_at(AT_WORD(&layer->biases[4U * j])), 32U); }
    return signed_of(half_at(&layer->biases[2U * j]), 16U) * ((int32_t)1 << layer->bias_shift);
}

/* The bytes that are still to be read. The first fault stays, and nothing is read after it. */
typedef struct {
    const uint8_t *next;
    uint32_t left;
    inkbit_error error;
} reader;

static void demand(reader *from, bool holds, inkbit_error otherwise) {
    if (!holds && (from->error == INKBIT_OK)) { from->error = otherwise; }
}

/* The next bytes; NULL after a fault. */
static const uint8_t *take(reader *from, uint32_t length) {
    const uint8_t *const taken = from->next;
    demand(from, length <= from->left, INKBIT_EXTENT);
    if (from->error != INKBIT_OK) { return NULL; }
    from->next += length; from->left -= length;
    return taken;
}

/* A byte of at most `limit`. */
static uint8_t byte_of(reader *from, uint32_t limit) {
    const uint8_t *const byte = take(from, 1U);
    demand(from, (byte == NULL) || (*byte <= limit), INKBIT_NUMBER);
    return (from->error == INKBIT_OK) ? *byte : 0U;
}

/* A varint of at most `bits` bits in its shortest form. */
static uint32_t number_of(reader *from, uint32_t bits) {
    uint32_t value = 0U, shift = 0U;
    uint8_t byte;
    do {
        byte = byte_of(from, (bits - shift < 7U) ? (1U << (bits - shift)) - 1U : 0xFFU);
        value |= ((uint32_t)byte & 0x7FU) << shift;
        demand(from, (byte != 0U) || (shift == 0U), INKBIT_NUMBER);
        shift += 7U;
    } while (byte >= 0x80U);
    return (from->error == INKBIT_OK) ? value : 0U;
}

static uint16_t half_of(reader *from) { return (uint16_t)number_of(from, 16U); }
static uint32_t word_of(reader *from) { return number_of(from, 32U); }

static inkbit_text text_of(reader *from, uint32_t limit) {
    const uint32_t length = word_of(from);
    const uint8_t *const bytes = take(from, length);
    const inkbit_text text = {(const char *)bytes, (bytes == NULL) ? 0U : length};
    /* Of a character's bytes `more` are to come. The limits of the second one exclude forms that
     * are too long, surrogates, and what is beyond U+10FFFF. */
    uint8_t more = 0U, least = 0U, most = 0U;
    for (uint32_t at = 0U; at < text.length; at++) {
        const uint8_t byte = bytes[at];
        if (more > 0U) {
            demand(from, (byte >= least) && (byte <= most), INKBIT_UTF8);
            least = 0x80U; most = 0xBFU; more--;
        } else {
            demand(from, (byte < 0x80U) || ((byte >= 0xC2U) && (byte <= 0xF4U)), INKBIT_UTF8);
            more = (byte < 0x80U) ? 0U : (byte < 0xE0U) ? 1U : (byte < 0xF0U) ? 2U : 3U;
            least = (byte == 0xE0U) ? 0xA0U : (byte == 0xF0U) ? 0x90U : 0x80U;
            most = (byte == 0xEDU) ? 0x9FU : (byte == 0xF4U) ? 0x8FU : 0xBFU;
        }
    }
    demand(from, more == 0U, INKBIT_UTF8);
    demand(from, text.length <= limit, INKBIT_TEXT);
    return text;
}

static void read_sample(reader *from, inkbit_model *model) {
    model->is_image = byte_of(from, 1U) == 0U;
    model->width = half_of(from);
    model->height = model->is_image ? half_of(from) : 1U;
    if (model->is_image) {
        const uint16_t most = (model->width < model->height) ? model->width : model->height;
        model->layout = byte_of(from, 2U);
        model->ink = (model->layout == 2U) ? half_of(from) : most;
        demand(from, (model->layout != 2U) || (model->ink - 1U < most), INKBIT_INK);
    } else {
        model->is_signed = byte_of(from, 1U) == 1U;
        const uint16_t count = model->range_count = half_of(from);
        demand(from, (count == 1U) || (count == model->width), INKBIT_RANGE_COUNT);
    }
    model->sample_bytes = (uint32_t)model->width * model->height * (model->is_signed ? 2U : 1U);
}

/* The inputs that a stage makes of an axis of the sample; 0 if crop or pool do not fit. */
static uint32_t axis_inputs(const inkbit_model *model, const inkbit_stage *stage, uint32_t axis) {
    const uint32_t side = (axis == 0U) ? model->width : model->height;
    const uint32_t cropped = 2U * (uint32_t)stage->crop[axis], pool = stage->pool[axis];
    const bool is_pool = (pool == 1U) || (model->is_image && ((pool == 2U) || (pool == 4U)));
    const bool is_side = model->is_image ? side <= 1024U : (side <= 4096U) && (cropped == 0U);
    if (!is_pool || !is_side || (cropped >= side) || ((side - cropped) % pool != 0U)) { return 0U; }
    return (side - cropped) / pool;
}

static void read_stages(reader *from, inkbit_model *model) {
    const uint32_t count = word_of(from);
    demand(from, (count >= 1U) && (count <= 4U), INKBIT_STAGE_COUNT);
    for (; (model->stage_count < count) && (from->error == INKBIT_OK); model->stage_count++) {
        inkbit_stage *const stage = &model->stages[model->stage_count];
        for (uint32_t axis = 0U; axis < 2U; axis++) { stage->crop[axis] = byte_of(from, 0xFFU); }
        for (uint32_t axis = 0U; axis < 2U; axis++) { stage->pool[axis] = byte_of(from, 0xFFU); }
        const uint8_t *const scale = take(from, 4U);
        stage->logit_scale = (scale == NULL) ? 0U : word_at(scale);
        stage->margin = word_of(from);
        stage->prominence = word_of(from);
        stage->layer_count = byte_of(from, 0xFFU);
        stage->inputs = axis_inputs(model, stage, 0U) * axis_inputs(model, stage, 1U);
        demand(from, stage->inputs != 0U, INKBIT_INPUT);
        /* Above zero and finite, by its bits. */
        demand(from, stage->logit_scale - 1U < 0x7F800000U - 1U, INKBIT_LOGIT_SCALE);
    }
}

/* `given` is the number of values that the layer gets. */
static void read_layer(reader *from, inkbit_layer *layer, uint32_t given, bool is_last) {
    const uint32_t inputs = layer->inputs = half_of(from);
    const uint32_t outputs = layer->outputs = half_of(from);
    const uint8_t bits = layer->bits = byte_of(from, 0xFFU);
    const uint32_t count = layer->multiplier_count = half_of(from);
    layer->is_narrow = byte_of(from, 1U) == 1U;
    layer->multiplier_shift = layer->is_narrow ? byte_of(from, 0xFFU) : 0U;
    layer->bias_shift = layer->is_narrow ? byte_of(from, 0xFFU) : 0U;
    demand(from, (inputs - 1U < 4096U) && (outputs - 1U < 4096U), INKBIT_WIDTH);
    demand(from, inputs == given, INKBIT_INPUTS);
    demand(from, (bits == 8U) || (bits == 4U) || (bits == 2U), INKBIT_BITS);
    demand(from, is_last ? count == 0U : (count == 1U) || (count == outputs), INKBIT_MULTIPLIERS);
    demand(from, (layer->multiplier_shift <= 16U) && (layer->bias_shift <= 14U), INKBIT_SHIFT);
}

/* Gives each stage its layers, and finds the sizes of buffers. */
static void read_layers(reader *from, inkbit_model *model) {
    const uint32_t count = word_of(from);
    uint8_t next = 0U;
    demand(from, (count >= 1U) && (count <= 8U), INKBIT_LAYER_COUNT);
    for (uint8_t number = 0U; number < model->stage_count; number++) {
        inkbit_stage *const stage = &model->stages[number];
        uint32_t given = stage->inputs;
        stage->first_layer = next;
        demand(from, stage->layer_count >= 1U, INKBIT_LAYER_COUNT);
        for (uint8_t left = stage->layer_count; left > 0U; left--) {
            inkbit_layer *const layer = &model->layers[next];
            demand(from, next < count, INKBIT_LAYER_COUNT);
            if (from->error != INKBIT_OK) { return; }
            read_layer(from, layer, given, left == 1U);
            const uint32_t words = (uint32_t)layer->inputs + ((left > 1U) ? layer->outputs : 0U);
            model->work_words = (words > model->work_words) ? words : model->work_words;
            given = layer->outputs; next++;
        }
        demand(from, (number == 0U) || (given == model->classes), INKBIT_CLASS_COUNT);
        model->classes = (uint16_t)given;
    }
    model->layer_count = next;
    demand(from, next == count, INKBIT_LAYER_COUNT);
}

static void check_labels(reader *from, const inkbit_text *labels, uint16_t classes) {
    uint32_t count = 0U, start = 0U;
    for (uint32_t at = 0U; (labels->length > 0U) && (at <= labels->length); at++) {
        if ((at == labels->length) || (labels->start[at] == '\n')) {
            demand(from, at > start, INKBIT_EMPTY_LABEL);
            start = at + 1U; count++;
        }
    }
    demand(from, (labels->length == 0U) ? classes <= 10U : count == classes, INKBIT_LABELS);
}

/* A part of the parameters, with the bytes that pad it to a multiple of 4. */
static const uint8_t *part_of(reader *data, uint32_t count, uint32_t bytes) {
    return take(data, (count * bytes + 3U) & ~(uint32_t)3U);
}

/* Finds the parameters. Offsets are within 16 bits with a sign, biases within 2^30; narrow biases
 * always are. */
static void read_data(reader *data, inkbit_model *model) {
    model->ranges = part_of(data, model->range_count, 8U);
    for (uint32_t k = 0U; (k < model->range_count) && (data->error == INKBIT_OK); k++) {
        demand(data, word_at(&model->ranges[8U * k]) + 0x8000U < 0x10000U, INKBIT_OFFSET);
    }
    for (uint8_t number = 0U; number < model->layer_count; number++) {
        inkbit_layer *const layer = &model->layers[number];
        const uint32_t bytes = layer->is_narrow ? 2U : 4U;
        const uint32_t blocks = (layer->outputs + block_of(layer) - 1U) / block_of(layer);
        layer->multipliers = part_of(data, layer->multiplier_count, bytes);
        layer->biases = part_of(data, layer->outputs, bytes);
        layer->codes = part_of(data, blocks * layer->inputs, row_bytes_of(layer));
        for (uint32_t j = 0U; (j < layer->outputs) && (data->error == INKBIT_OK); j++) {
            const uint32_t bias = layer->is_narrow ? 0U : word_at(&layer->biases[4U * j]);
            demand(data, bias + 0x40000000U <= 0x80000000U, INKBIT_BIAS);
        }
    }
    demand(data, data->left == 0U, INKBIT_DATA);
    data->error = (data->error == INKBIT_EXTENT) ? INKBIT_DATA : data->error;
}

/* CRC-32/ISO-HDLC, four bits at a time. */
static uint32_t crc32(const uint8_t *bytes, size_t length) {
    static const uint32_t table[16] = {
        0x00000000, 0x1DB71064, 0x3B6E20C8, 0x26D930AC, 0x76DC4190, 0x6B6B51F4, 0x4DB26158,
        0x5005713C, 0xEDB88320, 0xF00F9344, 0xD6D6A3E8, 0xCB61B38C, 0x9B64C2B0, 0x86D3D2D4,
        0xA00AE278, 0xBDBDF21C};
    uint32_t crc = 0xFFFFFFFFU;
    for (size_t at = 0U; at < length; at++) {
        crc ^= bytes[at];
        for (uint8_t k = 0U; k < 2U; k++) { crc = (crc >> 4) ^ table[crc & 15U]; }
    }
    return ~crc;
}

/* The first checks, up to the CRC. */
static inkbit_error check_frame(const uint8_t *blob, size_t length) {
    static const uint8_t start[8] = {'I', 'N', 'K', 'B', 'I', 'T', 3U, 0U};
    uint32_t alike = 1U, equal = 0U;
    if ((uintptr_t)blob % 8U != 0U) { return INKBIT_MISALIGNED; }
    if (length < PREFIX_BYTES) { return INKBIT_TRUNCATED; }
    while ((alike < PREFIX_BYTES) && (blob[alike] == blob[0])) { alike++; }
    while ((equal < sizeof start) && (blob[equal] == start[equal])) { equal++; }
    if ((alike == PREFIX_BYTES) && ((blob[0] == 0U) || (blob[0] == 0xFFU))) { return INKBIT_BLANK; }
    if (equal < sizeof start) { return (equal < 6U) ? INKBIT_MAGIC : INKBIT_VERSION; }
    const uint32_t stated = word_at(&blob[8]);
    if ((stated < PREFIX_BYTES + CRC_BYTES) || (stated > length)) { return INKBIT_TRUNCATED; }
    if (stated < length) { return INKBIT_TRAILING; }
    const uint32_t crc = word_at(&blob[length - CRC_BYTES]);
    return (crc32(blob, length - CRC_BYTES) == crc) ? INKBIT_OK : INKBIT_CRC;
}

inkbit_error inkbit_read(inkbit_model *model, const uint8_t *blob, size_t length) {
    static const inkbit_model nothing;
    reader from = {NULL, 0U, check_frame(blob, length)};
    *model = nothing;
    if (from.error != INKBIT_OK) { return from.error; }
    from.next = &blob[PREFIX_BYTES];
    from.left = (uint32_t)length - PREFIX_BYTES - CRC_BYTES;
    model->name = text_of(&from, 32U);
    model->labels = text_of(&from, 65535U);
    read_sample(&from, model);
    read_stages(&from, model);
    read_layers(&from, model);
    check_labels(&from, &model->labels, model->classes);
    const uint32_t provenance = word_of(&from);
    (void)take(&from, provenance);
    demand(&from, provenance <= 631U, INKBIT_TEXT);
    const uint32_t pad = word_of(&from);
    const uint8_t *const padding = take(&from, pad);
    reader data = {NULL, word_of(&from), INKBIT_OK};
    data.next = take(&from, data.left);
    demand(&from, from.left == 0U, INKBIT_EXTENT);
    if (from.error != INKBIT_OK) { return from.error; }
    demand(&data, (pad < 8U) && ((uintptr_t)data.next % 8U == 0U), INKBIT_PADDING);
    for (uint32_t at = 0U; at < pad; at++) { demand(&data, padding[at] == 0U, INKBIT_PADDING); }
    read_data(&data, model);
    return data.error;
}

inkbit_text inkbit_label(const inkbit_model *model, uint16_t number) {
    inkbit_text label = model->labels;
    uint32_t end = 0U;
    if (number >= model->classes) { return (inkbit_text){"", 0U}; }
    if (label.length == 0U) { return (inkbit_text){&"0123456789"[number], 1U}; }
    for (uint16_t left = number; left > 0U; label.start++, label.length--) {
        if (*label.start == '\n') { left--; }
    }
    while ((end < label.length) && (label.start[end] != '\n')) { end++; }
    label.length = end;
    return label;
}

const char *inkbit_error_text(inkbit_error error) {
#define CASE_OF_ERROR(name, number, text) case INKBIT_##name: return text;
    switch (error) {
        INKBIT_ERRORS(CASE_OF_ERROR)
    default: return "an unknown error";
    }
}

/* The non-zero inputs of a layer; a zero adds nothing. The lower 8 bits of an entry are the input's
 * value, the others say where its row begins in each block of codes, in bytes. */
typedef struct {
    uint32_t *entries;
    uint32_t count, total; /* `total` is the sum of the values */
    uint32_t row_bytes;    /* of the layer that takes the list */
} list;

static void push(list *to, uint32_t input, uint32_t value) {
    if (value == 0U) { return; }
    to->entries[to->count] = ((input * to->row_bytes) << 8) | value;
    to->count++; to->total += value;
}

/* Lists the rounded means of the rectangles of an image. */
static void list_pixels(const inkbit_model *model, const inkbit_stage *stage, const uint8_t *pixels,
                        list *to) {
    const uint32_t width = model->width, wide = stage->pool[0], high = stage->pool[1];
    const uint32_t columns = axis_inputs(model, stage, 0U), area = wide * high;
    uint32_t shift = 0U; /* log2 of the area */
    while (((uint32_t)1U << shift) < area) { shift++; }
    for (uint32_t input = 0U; input < stage->inputs; input += columns) {
        const uint32_t row = stage->crop[1] + high * (input / columns);
        const uint8_t *corner = &pixels[row * width + stage->crop[0]];
        for (uint32_t j = 0U; j < columns; j++) {
            uint32_t sum = (area == 1U) ? *corner : area / 2U;
            for (uint32_t at = 0U; (area > 1U) && (at < high * width); at += width) {
                for (uint32_t v = 0U; v < wide; v++) { sum += corner[at + v]; }
            }
            push(to, input + j, sum >> shift);
            corner += wide;
        }
    }
}

static void list_features(const inkbit_model *model, const uint8_t *values, list *to) {
    for (uint32_t k = 0U; k < model->width; k++) {
        const uint8_t *const range = &model->ranges[(model->range_count == 1U) ? 0U : 8U * k];
        const int32_t value = model->is_signed ? signed_of(half_at(&values[2U * k]), 16U)
                                               : (int32_t)values[k];
        const int32_t above = value - signed_of(word_at(range), 32U);
        const uint64_t product = ((above > 0) ? (uint64_t)above : 0U) * word_at(&range[4]);
        const uint64_t input = (product + 0x800000U) >> 24;
        push(to, k, (input < 255U) ? (uint32_t)input : 255U);
    }
}

/* Below, `sums` of the outputs of a block gain code times value over a part of a list, so short
 * that no sum outgrows its place in a word that several share.
 *
 * 8 bits, at most 256 entries: 256 * 255 * 255 < 2^24. Of a word with the codes c0 to c3, three
 * words hold the sums s0 to s3, modulo 2^32, so that they follow from one another:
 *     whole = s0 + s1 2^8 + s2 2^16 + s3 2^24,   upper = s2 + s3 2^8,   odd = s1 + s3 2^16 */
static void take_apart(uint32_t whole, uint32_t upper, uint32_t odd, uint32_t *sums) {
    const uint32_t lower = whole - (upper << 16);
    const uint32_t s0 = ((lower << 8) - (odd << 16)) >> 8;
    const uint32_t s1 = (lower - s0) >> 8;
    const uint32_t s2 = ((upper << 8) - (odd - s1)) >> 8;
    sums[0] += s0; sums[1] += s1; sums[2] += s2; sums[3] += (upper - s2) >> 8;
}

static void sum_8_bits(const uint8_t *codes, const uint32_t *entry, const uint32_t *end,
                       uint32_t *sums) {
    uint32_t whole = 0U, upper = 0U, odd = 0U, whole4 = 0U, upper4 = 0U, odd4 = 0U;
    for (; entry != end; entry++) {
        const uint8_t *const row = AT_WORD(&codes[*entry >> 8]);
        const uint32_t value = *entry & 0xFFU, word = word_at(row), word4 = word_at(&row[4]);
        whole += word * value; upper += (word >> 16) * value;
        odd += ((word >> 8) & 0x00FF00FFU) * value;
        whole4 += word4 * value; upper4 += (word4 >> 16) * value;
        odd4 += ((word4 >> 8) & 0x00FF00FFU) * value;
    }
    take_apart(whole, upper, odd, sums);
    take_apart(whole4, upper4, odd4, &sums[4]);
}

static void add_pair(uint32_t pair, uint32_t *low, uint32_t *high) {
    *low += pair & 0xFFFFU;
    *high += pair >> 16;
}

/* 4 bits, at most 17 entries: 17 * 15 * 255 < 2^16. */
static void sum_4_bits(const uint8_t *codes, const uint32_t *entry, const uint32_t *end,
                       uint32_t *sums) {
    uint32_t s02 = 0U, s13 = 0U, s46 = 0U, s57 = 0U;
    for (; entry != end; entry++) {
        const uint32_t value = *entry & 0xFFU, word = word_at(AT_WORD(&codes[*entry >> 8]));
        s02 += (word & 0x000F000FU) * value;
        s46 += ((word >> 4) & 0x000F000FU) * value;
        s13 += ((word >> 8) & 0x000F000FU) * value;
        s57 += ((word >> 12) & 0x000F000FU) * value;
    }
    add_pair(s02, &sums[0], &sums[2]); add_pair(s13, &sums[1], &sums[3]);
    add_pair(s46, &sums[4], &sums[6]); add_pair(s57, &sums[5], &sums[7]);
}

/* 2 bits, at most 85 entries: 85 * 3 * 255 < 2^16. */
static void sum_2_bits(const uint8_t *codes, const uint32_t *entry, const uint32_t *end,
                       uint32_t *sums) {
    uint32_t p[8] = {0U};
    for (; entry != end; entry++) {
        const uint32_t x = *entry & 0xFFU, word = word_at(AT_WORD(&codes[*entry >> 8]));
        p[0] += (word & 0x00030003U) * x; p[1] += ((word >> 2) & 0x00030003U) * x;
        p[2] += ((word >> 4) & 0x00030003U) * x; p[3] += ((word >> 6) & 0x00030003U) * x;
        p[4] += ((word >> 8) & 0x00030003U) * x; p[5] += ((word >> 10) & 0x00030003U) * x;
        p[6] += ((word >> 12) & 0x00030003U) * x; p[7] += ((word >> 14) & 0x00030003U) * x;
    }
    for (uint32_t o = 0U; o < 8U; o++) { add_pair(p[o], &sums[2U * o], &sums[2U * o + 1U]); }
}

static uint32_t activation(const inkbit_layer *layer, uint32_t j, int32_t acc) {
    const uint32_t at = (layer->multiplier_count == 1U) ? 0U : j;
    const uint32_t m = !layer->is_narrow ? word_at(AT_WORD(&layer->multipliers[4U * at]))
                       : half_at(&layer->multipliers[2U * at]) << layer->multiplier_shift;
    const uint32_t y = (acc > 0) ? (uint32_t)(((uint64_t)acc * m) >> 32) : 0U;
    return (y < 255U) ? y : 255U;
}

/* Evaluates a layer: its activations go to the list `to`, or if that is NULL its logits. */
static void evaluate(const inkbit_layer *layer, const list *from, list *to, int32_t *logits) {
    /* A code c is the weight step * c - offset; the offset comes off with the sum of all values. */
    const uint8_t bits = layer->bits, *codes = layer->codes;
    const int32_t step = (bits == 8U) ? 1 : 2, offset = (bits == 8U) ? 128 : (bits == 4U) ? 15 : 3;
    const uint32_t block = block_of(layer), most = (bits == 8U) ? 256U : (bits == 4U) ? 17U : 85U;
    for (uint32_t first = 0U; first < layer->outputs; first += block) {
        uint32_t sums[16] = {0U};
        for (uint32_t at = 0U; at < from->count; at += most) {
            const uint32_t *const entry = &from->entries[at];
            const uint32_t *const end = &entry[(from->count - at < most) ? from->count - at : most];
            if (bits == 8U) { sum_8_bits(codes, entry, end, sums); }
            if (bits == 4U) { sum_4_bits(codes, entry, end, sums); }
            if (bits == 2U) { sum_2_bits(codes, entry, end, sums); }
        }
        codes += (uint32_t)layer->inputs * from->row_bytes;
        for (uint32_t j = first; (j < first + block) && (j < layer->outputs); j++) {
            const int32_t sum = step * (int32_t)sums[j - first] - offset * (int32_t)from->total;
            const int32_t acc = bias_at(layer, j) + sum;
            if (to == NULL) { logits[j] = acc; } else { push(to, j, activation(layer, j, acc)); }
        }
    }
}

/* The class of the greatest logit, and whether the stage's answer stands. */
static void judge(const inkbit_stage *stage, const int32_t *logits, uint16_t classes,
                  inkbit_answer *answer) {
    uint64_t differences = 0U;
    uint16_t g = 0U;
    for (uint16_t j = 1U; j < classes; j++) { g = (logits[j] > logits[g]) ? j : g; }
    answer->likeliest = g;
    answer->stands = true;
    for (uint16_t j = 0U; j < classes; j++) {
        const uint32_t difference = (uint32_t)logits[g] - (uint32_t)logits[j];
        differences += difference;
        answer->stands = answer->stands && ((j == g) || (difference >= stage->margin));
    }
    answer->stands = answer->stands && (differences >= stage->prominence);
}

inkbit_error inkbit_infer(const inkbit_model *model, const uint8_t *sample, size_t sample_bytes,
                          uint32_t *work, size_t work_words, int32_t *logits, size_t logit_count,
                          inkbit_answer *answer) {
    if (sample_bytes != model->sample_bytes) { return INKBIT_SAMPLE_LENGTH; }
    if (work_words < model->work_words) { return INKBIT_WORK_TOO_SMALL; }
    if (logit_count < model->classes) { return INKBIT_LOGITS_TOO_SMALL; }
    answer->stands = false;
    for (uint8_t number = 0U; (number < model->stage_count) && !answer->stands; number++) {
        const inkbit_stage *const stage = &model->stages[number];
        const inkbit_layer *layer = &model->layers[stage->first_layer];
        list from = {work, 0U, 0U, row_bytes_of(layer)};
        if (model->is_image) { list_pixels(model, stage, sample, &from); }
        if (!model->is_image) { list_features(model, sample, &from); }
        for (uint8_t left = stage->layer_count; left > 1U; left--) {
            /* A layer's inputs lie at one end of the memory, its outputs at the other. */
            uint32_t *const end = &work[work_words - layer->outputs];
            list to = {(from.entries == work) ? end : work, 0U, 0U, row_bytes_of(&layer[1])};
            evaluate(layer, &from, &to, NULL);
            from = to; layer++;
        }
        evaluate(layer, &from, NULL, logits);
        judge(stage, logits, model->classes, answer);
        answer->stage = number;
    }
    return INKBIT_OK;
}
