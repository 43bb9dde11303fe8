/* What the header of the static library promises beyond the engine in C, for the blob in a file: null
 * pointers, pointers that are not aligned and models that were not read have their errors. Says "as
 * expected" if they do.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inkbit.h"

static void expect(int line, inkbit_error found, inkbit_error expected) {
    if (found != expected) {
        printf("line %d: expected %d, found %d\n", line, (int)expected, (int)found);
        exit(1);
    }
}

#define EXPECT(found, expected) expect(__LINE__, (found), (expected))

int main(int count, char **arguments) {
    static uint64_t room[256];
    static uint8_t sample[1024];
    static uint32_t work[256];
    static int32_t logits[64];
    static inkbit_model cleared;
    inkbit_model model;
    inkbit_answer answer;
    uint8_t *const blob = (uint8_t *)room;
    FILE *const file = (count == 2) ? fopen(arguments[1], "rb") : NULL;
    const size_t length = (file == NULL) ? 0 : fread(blob, 1, sizeof room, file);
    EXPECT(inkbit_read(NULL, blob, length), INKBIT_POINTER);
    EXPECT(inkbit_read(&model, NULL, length), INKBIT_POINTER);
    EXPECT(inkbit_read(&model, NULL, 0), INKBIT_POINTER);
    EXPECT(inkbit_read(&model, blob, SIZE_MAX), INKBIT_POINTER);
    EXPECT(inkbit_read((inkbit_model *)(uintptr_t)((uintptr_t)&model + 1), blob, length),
           INKBIT_POINTER);
    EXPECT(inkbit_read(&model, blob, length), INKBIT_OK);
    const size_t bytes = model.sample_bytes, words = model.work_words, classes = model.classes;
    uint32_t *const odd = (uint32_t *)(uintptr_t)((uintptr_t)work + 2);
    int32_t *const odd_logits = (int32_t *)(uintptr_t)((uintptr_t)logits + 1);
    EXPECT(inkbit_infer(NULL, sample, bytes, work, words, logits, classes, &answer),
           INKBIT_POINTER);
    EXPECT(inkbit_infer(&model, NULL, bytes, work, words, logits, classes, &answer),
           INKBIT_POINTER);
    EXPECT(inkbit_infer(&model, sample, bytes, NULL, words, logits, classes, &answer),
           INKBIT_POINTER);
    EXPECT(inkbit_infer(&model, sample, bytes, odd, words, logits, classes, &answer),
           INKBIT_POINTER);
    EXPECT(inkbit_infer(&model, sample, bytes, work, words, NULL, classes, &answer),
           INKBIT_POINTER);
    EXPECT(inkbit_infer(&model, sample, bytes, work, words, odd_logits, classes, &answer),
           INKBIT_POINTER);
    EXPECT(inkbit_infer(&model, sample, bytes, work, words, logits, classes, NULL),
           INKBIT_POINTER);
    /* Lengths that are too great are none of its faults: it takes what it needs. */
    EXPECT(inkbit_infer(&model, sample, bytes, work, SIZE_MAX, logits, SIZE_MAX, &answer),
           INKBIT_OK);
    EXPECT(inkbit_infer(&cleared, sample, 0, work, words, logits, classes, &answer),
           INKBIT_UNREAD);
    if ((inkbit_label(&cleared, 0).length != 0) || (inkbit_label(NULL, 0).length != 0)) { return 1; }
    /* What was read before is gone after an error. */
    EXPECT(inkbit_read(&model, blob, length - 1), INKBIT_TRUNCATED);
    EXPECT(inkbit_infer(&model, sample, bytes, work, words, logits, classes, &answer),
           INKBIT_UNREAD);
    if ((model.classes != 0) || (inkbit_label(&model, 0).length != 0)) { return 1; }
    const inkbit_error own[3] = {INKBIT_OTHER, INKBIT_POINTER, INKBIT_UNREAD};
    for (size_t k = 0; k < 3; k++) {
        if (strcmp(inkbit_error_text(own[k]), "an unknown error") == 0) { return 1; }
    }
    printf("as expected\n");
    return 0;
}
