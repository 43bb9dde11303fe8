/* What inkbit.h promises beside logits, of either engine, for the blob in a file: a length that is too
 * small and an address that is not aligned have their errors. Prints what the model takes, all labels,
 * and every error with its text.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inkbit.h"

/* Beyond all numbers of errors. */
#define NUMBERS 256U

static void expect(inkbit_error found, inkbit_error expected) {
    if (found != expected) {
        printf("expected %d, found %d\n", (int)expected, (int)found);
        exit(1);
    }
}

int main(int count, char **arguments) {
    static uint64_t room[256];
    static uint8_t sample[1024];
    static uint32_t work[256];
    static int32_t logits[64];
    inkbit_model model;
    inkbit_answer answer;
    uint8_t *const blob = (uint8_t *)room;
    FILE *const file = (count == 2) ? fopen(arguments[1], "rb") : NULL;
    const size_t length = (file == NULL) ? 0 : fread(blob, 1, sizeof room - 8, file);
    expect(inkbit_read(&model, blob, length), INKBIT_OK);
    const size_t bytes = model.sample_bytes, words = model.work_words, classes = model.classes;
    expect(inkbit_infer(&model, sample, bytes, work, words, logits, classes, &answer), INKBIT_OK);
    expect(inkbit_infer(&model, sample, bytes - 1, work, words, logits, classes, &answer),
           INKBIT_SAMPLE_LENGTH);
    expect(inkbit_infer(&model, sample, bytes + 1, work, words, logits, classes, &answer),
           INKBIT_SAMPLE_LENGTH);
    expect(inkbit_infer(&model, sample, bytes, work, words - 1, logits, classes, &answer),
           INKBIT_WORK_TOO_SMALL);
    expect(inkbit_infer(&model, sample, bytes, work, words, logits, classes - 1, &answer),
           INKBIT_LOGITS_TOO_SMALL);
    printf("%d %d %u %u %u %u %u %u %u\n", model.is_image, model.is_signed, model.range_count,
           model.width, model.height, model.layout, model.ink, model.stage_count,
           model.layer_count);
    printf("%.*s\n", (int)model.name.length, model.name.start);
    for (uint16_t j = 0; j < classes; j++) {
        const inkbit_text label = inkbit_label(&model, j);
        printf("%.*s\n", (int)label.length, label.start);
    }
    if (inkbit_label(&model, model.classes).length != 0) { return 1; }
    printf("errors\n");
    for (unsigned number = 0; number < NUMBERS; number++) {
        const char *const text = inkbit_error_text((inkbit_error)number);
        if (strcmp(text, "an unknown error") != 0) { printf("%u %s\n", number, text); }
    }
    for (size_t past = 1; past < 8; past++) {
        memmove(blob + past, blob + past - 1, length);
        expect(inkbit_read(&model, blob + past, length), INKBIT_MISALIGNED);
    }
    return 0;
}
