/* std::__throw_out_of_range_fmt with the numbers in its text: the library's own leaves `%zu` as it stands where it was
 * made without verbose messages. This code is thrown through, so the part with a frame says how to unwind it.
 * Names: libstdc++, bits/functexcept.h. */
#include "../barewire.h"

#define TEXT_SIZE 160u

static char text[TEXT_SIZE];

static char *append(char *to, const char *from) {
  while (*from != '\0' && to < &text[TEXT_SIZE - 1u]) {
    *to++ = *from++;
  }
  return to;
}

static char *append_number(char *to, uint32_t value) {
  char digits[11];
  char *first = &digits[sizeof digits - 1u];
  *first = '\0';
  do {
    *--first = (char)('0' + value % 10u);
    value /= 10u;
  } while (value > 0u);
  return append(to, first);
}

/* The library's formats hold nothing but %s, %zu and %%: each argument is a word. */
const char *bw_format_words(const char *format, const uintptr_t *words);
const char *bw_format_words(const char *format, const uintptr_t *words) {
  char *to = text;
  while (*format != '\0') {
    if (format[0] == '%' && format[1] == 's') {
      to = append(to, (const char *)*words++);
      format += 2;
    } else if (format[0] == '%' && format[1] == 'z' && format[2] == 'u') {
      to = append_number(to, *words++);
      format += 3;
    } else {
      const char letter[] = {*format, '\0'};
      format += format[0] == '%' && format[1] == '%' ? 2 : 1;
      to = append(to, letter);
    }
  }
  *to = '\0';
  return text;
}

__asm__(
    "  .section .text._ZSt24__throw_out_of_range_fmtPKcz,\"ax\",%progbits\n"
    "  .global _ZSt24__throw_out_of_range_fmtPKcz\n"
    "  .type _ZSt24__throw_out_of_range_fmtPKcz, %function\n"
    "  .balign 2\n"
    "  .thumb\n"
    "  .thumb_func\n"
    "_ZSt24__throw_out_of_range_fmtPKcz:\n"
    "  .fnstart\n"
    "  push {r0, r1, r2, r3}\n" /* the arguments in registers join those on the stack */
    "  .pad #16\n"
    "  push {r4, lr}\n"
    "  .save {r4, lr}\n"
    "  add r1, sp, #12\n"
    "  bl bw_format_words\n"
    "  bl _ZSt20__throw_out_of_rangePKc\n"
    "  .fnend\n"
    "  .size _ZSt24__throw_out_of_range_fmtPKcz, . - _ZSt24__throw_out_of_range_fmtPKcz\n");
