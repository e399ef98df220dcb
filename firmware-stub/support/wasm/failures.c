/* What compiled code and libc++ call when a program cannot go on. */
#include <stdarg.h>

#include "../failure.h"

/* libc++ says why in printf's way, with nothing but %s in its formats. */
_Noreturn void bw_verbose_abort(const char *format, ...) __asm__("_ZNSt3__222__libcpp_verbose_abortEPKcz");

_Noreturn void bw_verbose_abort(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  while (*format != '\0') {
    if (format[0] == '%' && format[1] == 's') {
      say(va_arg(arguments, const char *));
      format += 2;
    } else {
      bw_output(format++, 1u);
    }
  }
  va_end(arguments);
  say("\n");
  bw_exit(BW_ABORTED);
}
