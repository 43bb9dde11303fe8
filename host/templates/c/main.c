/* Written by `inkbit export`: classifies one sample and prints label and logits. It is an example;
 * a firmware gives inkbit_infer its own samples, and needs no stdio.
 *
 *     cc -std=c99 -O2 -I src src/inkbit.c src/inkbit_model.c examples/main/main.c -o classify
 */
#include <stdio.h>

#include "inkbit.h"
#include "inkbit_model.h"

int main(int count, char **arguments) {
    static inkbit_model model;
    static uint32_t work[INKBIT_WORK_WORDS];
    static int32_t logits[INKBIT_CLASSES];
    static uint8_t sample[INKBIT_SAMPLE_BYTES];
    inkbit_answer answer;
    inkbit_error error = inkbit_read(&model, inkbit_blob, INKBIT_BLOB_BYTES);
    if (count == 2) { /* a file of raw samples, of which the first is read */
        FILE *const file = fopen(arguments[1], "rb");
        if ((file == NULL) || (fread(sample, 1, sizeof sample, file) != sizeof sample)) {
            fprintf(stderr, "%s has no sample of %u bytes\n", arguments[1], INKBIT_SAMPLE_BYTES);
            return 1;
        }
        (void)fclose(file);
    }
    if (error == INKBIT_OK) {
        error = inkbit_infer(&model, sample, sizeof sample, work, INKBIT_WORK_WORDS, logits,
                             INKBIT_CLASSES, &answer);
    }
    if (error != INKBIT_OK) {
        fprintf(stderr, "%s\n", inkbit_error_text(error));
        return 1;
    }
    const inkbit_text label = inkbit_label(&model, answer.likeliest);
    printf("%.*s%s:", (int)label.length, label.start, answer.stands ? "" : " (none of the classes)");
    for (uint16_t j = 0; j < INKBIT_CLASSES; j++) { printf(" %ld", (long)logits[j]); }
    printf("\n");
    return 0;
}
