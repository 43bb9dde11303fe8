// Written by `inkbit export`: prints the label and the logits of a sample, once a second.

#include <inkbit.h>
#include <inkbit_model.h>

static inkbit_model model;
static uint32_t work[INKBIT_WORK_WORDS];
static int32_t logits[INKBIT_CLASSES];
// To be filled: pixels, 0 for paper and 255 for ink, or features.
static uint8_t sample[INKBIT_SAMPLE_BYTES];

void setup() {
    Serial.begin(115200);
    Serial.println(inkbit_error_text(inkbit_read(&model, inkbit_blob, INKBIT_BLOB_BYTES)));
}

void loop() {
    inkbit_answer answer;
    const inkbit_error error = inkbit_infer(&model, sample, sizeof sample, work, INKBIT_WORK_WORDS,
                                            logits, INKBIT_CLASSES, &answer);
    if (error == INKBIT_OK) {
        const inkbit_text label = inkbit_label(&model, answer.likeliest);
        Serial.write((const uint8_t *)label.start, label.length);
        for (uint16_t j = 0; j < INKBIT_CLASSES; j++) {
            Serial.print(' ');
            Serial.print((long)logits[j]);
        }
        Serial.println(answer.stands ? "" : " none of the classes");
    } else {
        Serial.println(inkbit_error_text(error));
    }
    delay(1000);
}
