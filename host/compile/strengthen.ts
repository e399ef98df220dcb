// Makes weak functions strong again. host/unit declares the user's functions weak, so that the optimizer keeps the
// calls between them (any of them may be typed again). For the linker they are definitions like any other; only
// what is in a COMDAT group (templates, inline functions) stays weak. Source: ELF gABI, symbol table and groups.

const SHT_SYMTAB = 2;
const SHT_GROUP = 17;
const STB_GLOBAL = 1;
const STB_WEAK = 2;
const STT_FUNC = 2;
const SHN_LORESERVE = 0xff00;

/** Sets the binding of weak functions outside of groups to global.
 *  @param object ELF32 little-endian object as clang writes it; changed in place and returned. Anything else is
 *  left alone: the reader says what is wrong with it */
export function strengthen(object: Uint8Array): Uint8Array {
  const view = new DataView(object.buffer, object.byteOffset, object.byteLength);
  if (object.length < 52 || view.getUint32(0) !== 0x7f454c46 || object[4] !== 1 || object[5] !== 1) return object;
  const table = view.getUint32(0x20, true);
  const count = view.getUint16(0x30, true);
  if (table + count * 40 > object.length) return object;
  const sections = Array.from({ length: count }, (_, index) => {
    const at = table + index * 40;
    return {
      type: view.getUint32(at + 4, true),
      offset: view.getUint32(at + 16, true),
      size: view.getUint32(at + 20, true),
    };
  }).filter((section) => section.offset + section.size <= object.length);

  const grouped = new Set<number>();
  for (const { type, offset, size } of sections) {
    if (type !== SHT_GROUP) continue;
    for (let at = offset + 4; at + 4 <= offset + size; at += 4) grouped.add(view.getUint32(at, true));
  }
  for (const { type, offset, size } of sections) {
    if (type !== SHT_SYMTAB) continue;
    for (let at = offset; at + 16 <= offset + size; at += 16) {
      const info = object[at + 12] ?? 0;
      const section = view.getUint16(at + 14, true);
      const defined = section !== 0 && section < SHN_LORESERVE;
      if (info === ((STB_WEAK << 4) | STT_FUNC) && defined && !grouped.has(section)) {
        object[at + 12] = (STB_GLOBAL << 4) | STT_FUNC;
      }
    }
  }
  return object;
}
