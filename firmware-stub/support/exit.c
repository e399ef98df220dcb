#include "barewire.h"

_Noreturn void _exit(int code) { bw_exit((uint32_t)code); }
