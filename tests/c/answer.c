/* Answers questions to the engine of host/templates/c, for the tests: reads jobs and writes what the
 * engine says. Every number is an unsigned word of 32 bits, little-endian.
 *
 * job:    bytes of the blob (0: the one that is linked), the blob, bytes of a sample, their number,
 *         the samples
 * answer: error of inkbit_read; if there is none: bytes of a sample, words of memory, classes, then
 *         for each sample: error of inkbit_infer; if there is none: stage, whether the answer
 *         stands, likeliest class, logits
 *
 * Buffers are exactly as long as the model says, so that a sanitizer sees each byte beyond them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inkbit.h"

static bool read_bytes(void *bytes, size_t length) {
    return fread(bytes, 1, length, stdin) == length;
}

static bool read_word(uint32_t *word) {
    uint8_t bytes[4];
    const bool is_there = read_bytes(bytes, sizeof bytes);
    *word = is_there ? (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16
                           | (uint32_t)bytes[3] << 24
                     : 0;
    return is_there;
}

static void write_word(uint32_t word) {
    const uint8_t bytes[4] = {(uint8_t)word, (uint8_t)(word >> 8), (uint8_t)(word >> 16),
                              (uint8_t)(word >> 24)};
    if (fwrite(bytes, 1, sizeof bytes, stdout) != sizeof bytes) { exit(3); }
}

/* Memory of just this length, which begins at a multiple of 8. */
static void *memory(size_t length) {
    void *const found = malloc(length);
    if ((found == NULL) && (length > 0)) { exit(4); }
    return found;
}

static void infer_all(const inkbit_model *model, uint32_t sample_bytes, uint32_t samples) {
    uint32_t *const work = memory(model->work_words * sizeof *work);
    int32_t *const logits = memory(model->classes * sizeof *logits);
    uint8_t *const sample = memory(sample_bytes);
    for (; samples > 0; samples--) {
        inkbit_answer answer;
        if (!read_bytes(sample, sample_bytes)) { exit(5); }
        const inkbit_error error = inkbit_infer(model, sample, sample_bytes, work,
                                                model->work_words, logits, model->classes, &answer);
        write_word((uint32_t)error);
        if (error != INKBIT_OK) { continue; }
        write_word(answer.stage);
        write_word(answer.stands);
        write_word(answer.likeliest);
        for (uint16_t j = 0; j < model->classes; j++) { write_word((uint32_t)logits[j]); }
    }
    free(work);
    free(logits);
    free(sample);
}

int main(void) {
    uint32_t length;
    while (read_word(&length)) {
        uint32_t sample_bytes, samples;
        inkbit_model model;
        uint8_t *const blob = memory(length);
        if (!read_bytes(blob, length) || !read_word(&sample_bytes) || !read_word(&samples)) {
            return 5;
        }
        const inkbit_error error = inkbit_read(&model, blob, length);
        write_word((uint32_t)error);
        if (error == INKBIT_OK) {
            write_word(model.sample_bytes);
            write_word(model.work_words);
            write_word(model.classes);
            infer_all(&model, sample_bytes, samples);
        } else {
            for (; samples > 0; samples--) {
                for (uint32_t at = 0; at < sample_bytes; at++) {
                    if (getchar() == EOF) { return 5; }
                }
            }
        }
        free(blob);
        if (fflush(stdout) != 0) { return 3; }
    }
    return 0;
}
