/* Written by `inkbit export`: compares all logits of the samples in vectors.h, which
 * `inkbit export MODEL --vectors COUNT -o src/vectors.h` writes, with those that the model gives here.
 */
#include <stdio.h>

#include "inkbit.h"
#include "inkbit_model.h"
#include "vectors.h"

int main(void) {
    static inkbit_model model;
    static uint32_t work[INKBIT_WORK_WORDS];
    static int32_t logits[INKBIT_CLASSES];
    unsigned long differ = 0;
    inkbit_error error = inkbit_read(&model, inkbit_blob, INKBIT_BLOB_BYTES);
    for (uint32_t k = 0; (k < INKBIT_VECTORS) && (error == INKBIT_OK); k++) {
        inkbit_answer answer;
        error = inkbit_infer(&model, inkbit_samples[k], sizeof inkbit_samples[k], work,
                             INKBIT_WORK_WORDS, logits, INKBIT_CLASSES, &answer);
        for (uint32_t j = 0; j < INKBIT_CLASSES; j++) {
            differ += (logits[j] == inkbit_logits[k][j]) ? 0U : 1U;
        }
    }
    if (error != INKBIT_OK) {
        fprintf(stderr, "%s\n", inkbit_error_text(error));
        return 1;
    }
    printf("%lu samples, %lu logits, %lu differ\n", (unsigned long)INKBIT_VECTORS,
           (unsigned long)INKBIT_VECTORS * INKBIT_CLASSES, differ);
    return (differ == 0) ? 0 : 1;
}
