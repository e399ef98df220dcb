/* The oven's hardware: a heating element and a thermometer. There is none on the board, so a model of one is driven by
 * TIMER0 instead of the converter's interrupt; the rest of the firmware does not know. */
#ifndef HEATER_H
#define HEATER_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What the converter measured. */
struct heater_sample {
  int16_t raw;      /* twelfths of a degree */
  uint16_t number;  /* counts samples */
  bool saturated : 1;
  unsigned channel : 3;
};

/* Called in the interrupt, for each sample. */
typedef void (*heater_callback)(const struct heater_sample *sample);

void heater_start(heater_callback on_sample);

/* Heating power in per mille; what is out of range is cut off. */
void heater_set_power(int permille);
int heater_power(void);

/* Degrees of a sample. */
float heater_degrees(const struct heater_sample *sample);

/* Door of the oven: open, it loses heat ten times as quickly. */
extern bool heater_door_open;

#ifdef __cplusplus
}
#endif

#endif
