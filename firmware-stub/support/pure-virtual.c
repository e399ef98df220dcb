/* Called through the vtable of a class whose constructor or destructor is at work. Itanium C++ ABI, 3.2.6. */
#include "barewire.h"

_Noreturn void __cxa_pure_virtual(void) {
  static const char MESSAGE[] = "pure virtual function called\n";
  bw_output(MESSAGE, sizeof MESSAGE - 1u);
  bw_exit(BW_ABORTED);
}
