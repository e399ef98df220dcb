// A stub image in the formats that boards and their programs take, all made from the ELF file's segments.
//
//   uf2   512-byte blocks with 256 bytes each, as boot loaders take them off a drive
//   hex   Intel HEX, as DAPLink does
//   bin   the bytes alone, from the lowest address on
//   esp   what the boot ROM of Espressif's chips loads into RAM
//
// Sources: Microsoft, "USB Flashing Format (UF2)"; Intel, "Hexadecimal Object File Format Specification", revision A;
// Espressif, esptool documentation, "Firmware Image Format".

import { readSegments, type Segment } from '../../boards/sim/elf-segments.js';

export type ImageFormat = 'elf' | 'uf2' | 'hex' | 'bin' | 'esp';

const UF2_BLOCK = 512;
const UF2_PAYLOAD = 256;
const UF2_MAGIC = [0x0a32_4655, 0x9e5d_5157] as const;
const UF2_MAGIC_END = 0x0ab1_6f30;
const UF2_FAMILY_PRESENT = 0x2000;

const HEX_PAYLOAD = 16;
const HEX_DATA = 0;
const HEX_END = 1;
const HEX_UPPER_ADDRESS = 4;

const ERASED = 0xff;

const ESP_MAGIC = 0xe9;
const ESP_CHECKSUM_SEED = 0xef;
const ESP_HEADER = 24;
const ESP32_C3 = 5;

/** 256-byte pages of flash by address, in order. What no segment fills is as erased flash is. */
function pagesOf(segments: readonly Segment[]): Map<number, Uint8Array> {
  const pages = new Map<number, Uint8Array>();
  for (const { loadAddr, bytes } of segments) {
    for (const [index, byte] of bytes.entries()) {
      const addr = loadAddr + index;
      const start = addr - (addr % UF2_PAYLOAD);
      const page = pages.get(start) ?? new Uint8Array(UF2_PAYLOAD).fill(ERASED);
      page[addr - start] = byte;
      pages.set(start, page);
    }
  }
  return new Map([...pages].sort(([a], [b]) => a - b));
}

/** @param familyId chips that are to take it; others pass over it */
export function encodeUf2(segments: readonly Segment[], familyId: number): Uint8Array {
  const pages = pagesOf(segments);
  const out = new Uint8Array(pages.size * UF2_BLOCK);
  const view = new DataView(out.buffer);
  for (const [number, [addr, page]] of [...pages].entries()) {
    const at = number * UF2_BLOCK;
    const head = [...UF2_MAGIC, UF2_FAMILY_PRESENT, addr, UF2_PAYLOAD, number, pages.size, familyId];
    for (const [index, word] of head.entries()) view.setUint32(at + 4 * index, word, true);
    out.set(page, at + 4 * head.length);
    view.setUint32(at + UF2_BLOCK - 4, UF2_MAGIC_END, true);
  }
  return out;
}

function hexLine(offset: number, type: number, data: Uint8Array): string {
  const bytes = Uint8Array.of(data.length, offset >>> 8, offset, type, ...data);
  const sum = bytes.reduce((total, byte) => total + byte, 0);
  return `:${Buffer.from([...bytes, -sum & 0xff])
    .toString('hex')
    .toUpperCase()}\n`;
}

export function encodeHex(segments: readonly Segment[]): Uint8Array {
  let text = '';
  let upper = 0;
  for (const { loadAddr, bytes } of segments) {
    for (let offset = 0; offset < bytes.length; ) {
      const addr = loadAddr + offset;
      if (addr >>> 16 !== upper) {
        upper = addr >>> 16;
        text += hexLine(0, HEX_UPPER_ADDRESS, Uint8Array.of(upper >>> 8, upper));
      }
      const length = Math.min(HEX_PAYLOAD - (addr % HEX_PAYLOAD), bytes.length - offset);
      text += hexLine(addr & 0xffff, HEX_DATA, bytes.subarray(offset, offset + length));
      offset += length;
    }
  }
  return Buffer.from(text + hexLine(0, HEX_END, new Uint8Array()), 'ascii');
}

export function encodeBin(segments: readonly Segment[]): Uint8Array {
  const start = Math.min(...segments.map(({ loadAddr }) => loadAddr));
  const end = Math.max(...segments.map(({ loadAddr, bytes }) => loadAddr + bytes.length));
  const out = new Uint8Array(end - start).fill(ERASED);
  for (const { loadAddr, bytes } of segments) out.set(bytes, loadAddr - start);
  return out;
}

/** For the ESP32-C3. Segments have whole words; the last byte is a checksum, at the end of 16 bytes. */
export function encodeEsp(segments: readonly Segment[], entryAddr: number): Uint8Array {
  const padded = segments.map(({ loadAddr, bytes }) => {
    const words = new Uint8Array((bytes.length + 3) & ~3);
    words.set(bytes);
    return { loadAddr, bytes: words };
  });
  const length = padded.reduce((sum, { bytes }) => sum + 8 + bytes.length, ESP_HEADER);
  const out = new Uint8Array((length + 16) & ~15);
  const view = new DataView(out.buffer);
  out[0] = ESP_MAGIC;
  out[1] = segments.length;
  out[2] = 2; // DIO, as every image says; nothing is read from flash
  view.setUint32(4, entryAddr, true);
  out[8] = 0xee; // no pin for WP
  view.setUint16(12, ESP32_C3, true);
  view.setUint16(17, 0xffff, true); // any revision of the chip
  let at = ESP_HEADER;
  let checksum = ESP_CHECKSUM_SEED;
  for (const { loadAddr, bytes } of padded) {
    view.setUint32(at, loadAddr, true);
    view.setUint32(at + 4, bytes.length, true);
    out.set(bytes, at + 8);
    at += 8 + bytes.length;
    for (const byte of bytes) checksum ^= byte;
  }
  out[out.length - 1] = checksum;
  return out;
}

/** The image of an ELF file in another format.
 *  @param familyId for UF2
 *  @throws BOARD_IMAGE when it is no ELF file with anything to load */
export function convertImage(elf: Uint8Array, name: string, format: ImageFormat, familyId = 0): Uint8Array {
  const segments = readSegments(elf, name);
  switch (format) {
    case 'elf':
      return elf;
    case 'uf2':
      return encodeUf2(segments, familyId);
    case 'hex':
      return encodeHex(segments);
    case 'bin':
      return encodeBin(segments);
    case 'esp':
      return encodeEsp(segments, new DataView(elf.buffer, elf.byteOffset).getUint32(24, true));
  }
}
