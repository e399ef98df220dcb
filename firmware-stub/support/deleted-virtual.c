/* Called through the vtable of a class with a deleted virtual function. Itanium C++ ABI, 3.2.6. */
#include "barewire.h"

_Noreturn void __cxa_deleted_virtual(void) {
  static const char MESSAGE[] = "deleted virtual function called\n";
  bw_output(MESSAGE, sizeof MESSAGE - 1u);
  bw_exit(BW_ABORTED);
}
