/* Where things lie on a Cortex-M board, and what its core is called. */
#ifndef STUB_MEMORY_H
#define STUB_MEMORY_H

#include "../linker_symbols.h"

#if defined(__ARM_ARCH_6M__)
#define STUB_ARCH BW_ARCH_ARMV6_M
#elif defined(__ARM_ARCH_7M__)
#define STUB_ARCH BW_ARCH_ARMV7_M
#elif defined(__ARM_ARCH_7EM__)
#define STUB_ARCH BW_ARCH_ARMV7E_M
#elif defined(__ARM_ARCH_8M_MAIN__)
#define STUB_ARCH BW_ARCH_ARMV8_M
#else
#error "no row of ARCHS for this core"
#endif

#endif
