// The image of the board `wasm`: an ELF file, as all images are, with the module of the stub's core in a section.

import { BoardError } from '../errors.js';

/** Section that holds the module. */
export const MODULE_SECTION = '.wasm';

/** The module in an image.
 *  @throws BOARD_IMAGE */
export function moduleOfImage(elf: Uint8Array, path: string): Uint8Array {
  const view = new DataView(elf.buffer, elf.byteOffset, elf.byteLength);
  const bad = (): BoardError =>
    new BoardError('BOARD_IMAGE', `${path} is no image of the board wasm: \`npm run firmware\` builds it`, { path });
  if (elf.length < 52 || view.getUint32(0) !== 0x7f454c46) throw bad();
  const headers = view.getUint32(32, true);
  const count = view.getUint16(48, true);
  if (headers + count * 40 > elf.length) throw bad();
  const field = (section: number, at: number): number => view.getUint32(headers + section * 40 + at, true);
  const names = field(view.getUint16(50, true), 16);
  for (let section = 1; section < count; section++) {
    const at = names + field(section, 0);
    const name = Buffer.from(elf.subarray(at, elf.indexOf(0, at))).toString('latin1');
    if (name !== MODULE_SECTION) continue;
    const offset = field(section, 16);
    return elf.slice(offset, offset + field(section, 20));
  }
  throw bad();
}
