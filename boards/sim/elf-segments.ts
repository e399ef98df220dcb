// What a simulator needs of an ELF file: the bytes that a programmer would put into the board's memory.
// Specification: System V ABI, "Program Header".

import { BoardError } from './errors.js';

export interface Segment {
  /** Where the bytes are stored (the physical address; initialised data is copied from there by the start-up code). */
  readonly loadAddr: number;
  readonly bytes: Uint8Array;
}

const PT_LOAD = 1;
const EHDR_SIZE = 52;
const PHDR_SIZE = 32;

/** Reads the PT_LOAD segments of a little-endian ELF32 file.
 *  @throws BOARD_IMAGE when it is none, or is cut short */
export function readSegments(file: Uint8Array, name: string): Segment[] {
  const bad = (why: string) =>
    new BoardError('BOARD_IMAGE', `${name}: ${why}; build it again: npm run firmware`, { name });
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  if (file.length < EHDR_SIZE || view.getUint32(0) !== 0x7f454c46) throw bad('not an ELF file');
  if (file[4] !== 1 || file[5] !== 1) throw bad('not a 32-bit little-endian ELF file');
  const tableOffset = view.getUint32(28, true);
  const entrySize = view.getUint16(42, true);
  const count = view.getUint16(44, true);
  if (entrySize < PHDR_SIZE || tableOffset + count * entrySize > file.length)
    throw bad('its program headers are cut short');
  const segments: Segment[] = [];
  for (
    let offset = tableOffset;
    segments.length < count && offset < tableOffset + count * entrySize;
    offset += entrySize
  ) {
    const [type, fileOffset, , loadAddr, fileSize] = [0, 4, 8, 12, 16].map((at) => view.getUint32(offset + at, true));
    if (type !== PT_LOAD || fileSize === 0) continue;
    if (fileOffset! + fileSize! > file.length) throw bad(`the segment at 0x${loadAddr!.toString(16)} is cut short`);
    segments.push({ loadAddr: loadAddr!, bytes: file.subarray(fileOffset!, fileOffset! + fileSize!) });
  }
  if (segments.length === 0) throw bad('nothing to load');
  return segments;
}
