#include "barewire.h"

_Noreturn void abort(void) { bw_exit(BW_ABORTED); }
