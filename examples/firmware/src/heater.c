#include "heater.h"

#include "mps2.h"

#define SAMPLES_PER_SECOND 100u
#define RAW_PER_DEGREE 12
#define RAW_MAX 4095

bool heater_door_open;

/* The model: temperatures in thousandths of a degree. */
static struct {
  int32_t element, air, room;
} model = {21000, 21000, 21000};

static int power;
static heater_callback callback;
static uint16_t samples;
static uint32_t noise_state = 0x1234567u;

/* xorshift: three to the left and right of the true value. */
static int noise(void) {
  noise_state ^= noise_state << 13;
  noise_state ^= noise_state >> 17;
  noise_state ^= noise_state << 5;
  return (int)(noise_state % 7u) - 3;
}

static void model_step(void) {
  const int32_t loss = heater_door_open ? 200 : 2000;
  model.element += power * 2 - (model.element - model.air) / 50;
  model.air += (model.element - model.air) / 100 - (model.air - model.room) / loss;
}

void TIMER0_Handler(void);
void TIMER0_Handler(void) {
  TIMER0->interrupt = 1;
  model_step();
  struct heater_sample sample = {.number = samples++, .channel = 2};
  int32_t raw = model.air * RAW_PER_DEGREE / 1000 + noise();
  if (raw > RAW_MAX) {
    raw = RAW_MAX;
    sample.saturated = true;
  }
  sample.raw = (int16_t)raw;
  if (callback) {
    callback(&sample);
  }
}

void heater_start(heater_callback on_sample) {
  callback = on_sample;
  TIMER0->reload = CPU_HZ / SAMPLES_PER_SECOND - 1u;
  TIMER0->value = TIMER0->reload;
  TIMER0->control = 1u << 3 | 1u << 0;
  NVIC_ENABLE = 1u << TIMER0_IRQ;
}

void heater_set_power(int permille) { power = permille < 0 ? 0 : permille > 1000 ? 1000 : permille; }

int heater_power(void) { return power; }

float heater_degrees(const struct heater_sample *sample) { return (float)sample->raw / RAW_PER_DEGREE; }
