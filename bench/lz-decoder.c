/* The smallest decoder that could unpack uploads on the board: LZ77 with byte tokens, straight into memory.
 *
 *   0x00…0x7f  n + 1 bytes follow as they are
 *   0x80…0xff  copy (n & 127) + 3 bytes from `distance:u16le` back, over what was just written too
 *
 * Only measured (bench/compress.ts), not part of any image. */
#include <stdint.h>

uint8_t *unpack(uint8_t *to, const uint8_t *from, const uint8_t *end, const uint8_t *limit) {
  while (from < end) {
    uint32_t token = *from++;
    const uint8_t *source;
    uint32_t count;
    if (token & 0x80u) {
      if (end - from < 2) {
        return 0;
      }
      source = to - (from[0] | from[1] << 8);
      from += 2;
      count = (token & 0x7Fu) + 3u;
    } else {
      source = from;
      count = token + 1u;
      if ((uint32_t)(end - from) < count) {
        return 0;
      }
      from += count;
    }
    if ((uint32_t)(limit - to) < count) {
      return 0;
    }
    while (count-- != 0) {
      *to++ = *source++;
    }
  }
  return to;
}
