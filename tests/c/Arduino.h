/* As much of Arduino's core as the example sketch uses, so that a compiler for this machine checks it. */
#ifndef ARDUINO_H
#define ARDUINO_H

#include <stddef.h>
#include <stdint.h>

void setup();
void loop();
void delay(unsigned long milliseconds);

struct HardwareSerial {
    void begin(unsigned long baud);
    size_t write(const uint8_t *bytes, size_t length);
    size_t print(char character);
    size_t print(long number);
    size_t println(const char *text);
};
extern HardwareSerial Serial;

#endif
