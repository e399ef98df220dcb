// CRC-32/ISO-HDLC (the one of IEEE 802.3, zlib and PNG): polynomial 0x04C11DB7 reflected, initial value
// and final xor 0xFFFFFFFF. It guards every frame, sums ranges of device memory and hashes the tables.
// One lookup a byte is quick enough: the line is slower by orders of magnitude.

const TABLE = Uint32Array.from({ length: 256 }, (_, index) => {
  let value = index;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value >>> 0;
});

/** CRC-32 of `bytes`, as an unsigned 32-bit number.
 *  @param seed CRC of what stands before `bytes`, to sum a range in pieces: `crc32(b, crc32(a))` is that of a then b */
export function crc32(bytes: Uint8Array, seed = 0): number {
  let crc = ~seed;
  for (let i = 0; i < bytes.length; i++) crc = (crc >>> 8) ^ TABLE[(crc ^ bytes[i]!) & 0xff]!;
  return ~crc >>> 0;
}
