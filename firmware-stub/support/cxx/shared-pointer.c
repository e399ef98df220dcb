/* Whether a type is the tag by which std::make_shared finds its object: asked about type information from elsewhere,
 * and there is none. Names: libstdc++, bits/shared_ptr_base.h. */
#include <stdbool.h>

bool bw_is_make_shared_tag(const void *type) __asm__("_ZNSt19_Sp_make_shared_tag5_S_eqERKSt9type_info");
bool bw_is_make_shared_tag(const void *type) {
  (void)type;
  return false;
}
