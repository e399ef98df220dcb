/* What libstdc++ calls where it would throw. The library's own versions bring the unwinder, the exception classes
 * and the demangler along (tens of kilobytes) and say nothing in the end; these say what was wrong.
 * Names: libstdc++, bits/functexcept.h, mangled by the Itanium C++ ABI. */
#include <stdarg.h>

#include "failure.h"

static _Noreturn void fail(const char *kind, const char *what) {
  say(kind);
  if (what != (const char *)0) {
    say(": ");
    say(what);
  }
  say("\n");
  bw_exit(BW_ABORTED);
}

#define THROWS(symbol, kind)                                            \
  _Noreturn void bw_throw_##kind(const char *what) __asm__(symbol);     \
  _Noreturn void bw_throw_##kind(const char *what) { fail("std::" #kind, what); }

#define THROWS_PLAIN(symbol, kind)                       \
  _Noreturn void bw_throw_##kind(void) __asm__(symbol);  \
  _Noreturn void bw_throw_##kind(void) { fail("std::" #kind, (const char *)0); }

THROWS("_ZSt19__throw_logic_errorPKc", logic_error)
THROWS("_ZSt20__throw_domain_errorPKc", domain_error)
THROWS("_ZSt24__throw_invalid_argumentPKc", invalid_argument)
THROWS("_ZSt20__throw_length_errorPKc", length_error)
THROWS("_ZSt20__throw_out_of_rangePKc", out_of_range)
THROWS("_ZSt21__throw_runtime_errorPKc", runtime_error)
THROWS("_ZSt19__throw_range_errorPKc", range_error)
THROWS("_ZSt22__throw_overflow_errorPKc", overflow_error)
THROWS("_ZSt23__throw_underflow_errorPKc", underflow_error)
THROWS("_ZSt19__throw_ios_failurePKc", ios_failure)
THROWS_PLAIN("_ZSt16__throw_bad_castv", bad_cast)
THROWS_PLAIN("_ZSt17__throw_bad_allocv", bad_alloc)
THROWS_PLAIN("_ZSt18__throw_bad_typeidv", bad_typeid)
THROWS_PLAIN("_ZSt21__throw_bad_exceptionv", bad_exception)
THROWS_PLAIN("_ZSt25__throw_bad_function_callv", bad_function_call)
THROWS_PLAIN("_ZSt28__throw_bad_array_new_lengthv", bad_array_new_length)

_Noreturn void bw_throw_out_of_range_fmt(const char *format, ...) __asm__("_ZSt24__throw_out_of_range_fmtPKcz");

/* The library's formats hold nothing but %s, %zu and %%. */
_Noreturn void bw_throw_out_of_range_fmt(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  say("std::out_of_range: ");
  while (*format != '\0') {
    if (format[0] == '%' && format[1] == 's') {
      say(va_arg(arguments, const char *));
      format += 2;
    } else if (format[0] == '%' && format[1] == 'z' && format[2] == 'u') {
      say_number(va_arg(arguments, uint32_t));
      format += 3;
    } else {
      format += format[0] == '%' && format[1] == '%';
      bw_output(format, 1u);
      format++;
    }
  }
  va_end(arguments);
  say("\n");
  bw_exit(BW_ABORTED);
}
