/* What the support library needs to know of the stub and of the host's linker. It is compiled without any
 * headers of the C library, so that it builds with a compiler alone. */
#ifndef BW_SUPPORT_H
#define BW_SUPPORT_H

#include <stddef.h>
#include <stdint.h>

/* In the stub. */
void bw_output(const char *bytes, uint32_t len);
_Noreturn void bw_exit(uint32_t code);
uint32_t bw_micros(void);

/* Exit code of a program that SIGABRT ended. */
#define BW_ABORTED 134u

#endif
