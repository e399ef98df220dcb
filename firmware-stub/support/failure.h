/* The end of a program that cannot go on: says why and aborts. */
#ifndef BW_FAILURE_H
#define BW_FAILURE_H

#include "barewire.h"

static void say(const char *text) {
  uint32_t len = 0;
  while (text[len] != '\0') {
    len++;
  }
  if (len > 0u) {
    bw_output(text, len);
  }
}

__attribute__((unused)) static void say_number(uint32_t value) {
  char digits[11];
  char *first = &digits[sizeof digits - 1u];
  *first = '\0';
  do {
    *--first = (char)('0' + value % 10u);
    value /= 10u;
  } while (value > 0u);
  say(first);
}

#endif
