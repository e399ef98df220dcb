// The second-stage boot code of the Pico's image: what the boot ROM asks of it, and what it does, run in rp2040js.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { RP2040 } from 'rp2040js';
import { describe, expect, test } from 'vitest';
import { readSegments } from '../../boards/sim/elf-segments.js';
import { packageRoot } from '../../host/diag/package-root.js';
import { encodeUf2 } from '../../host/flash/image-formats.js';

const SIZE = 256;
const FLASH_ADDR = 0x1000_0000;
/** Where the boot ROM copies it. RP2040 data sheet, 2.8.1.3 */
const SRAM_OFFSET = 0x4_1f00;
const SSI_ADDR = 0x1800_0000;

const segments = readSegments(readFileSync(join(packageRoot(), 'firmware-stub/build/pico.elf')), 'pico.elf');
const boot2 = segments.find(({ loadAddr }) => loadAddr === FLASH_ADDR)!.bytes;
const image = segments.find(({ loadAddr }) => loadAddr === FLASH_ADDR + SIZE)!.bytes;

/** CRC-32 with the bits of each byte from the highest on, begun with ones, not inverted. RP2040 data sheet, 2.8.1.3.1 */
function bootCrc(bytes: Uint8Array): number {
  let crc = 0xffff_ffff;
  for (const byte of bytes) {
    crc ^= byte << 24;
    for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000_0000 ? (crc << 1) ^ 0x04c1_1db7 : crc << 1;
  }
  return crc >>> 0;
}

describe("the Pico's second-stage boot code", () => {
  test('has 256 bytes and the CRC that the boot ROM checks', () => {
    expect(bootCrc(new TextEncoder().encode('123456789'))).toBe(0x0376_e6e7); // CRC-32/MPEG-2
    expect(boot2.length).toBe(SIZE);
    const stored = new DataView(boot2.buffer, boot2.byteOffset).getUint32(SIZE - 4, true);
    expect(stored.toString(16)).toBe(bootCrc(boot2.subarray(0, SIZE - 4)).toString(16));
  });

  test('comes first in the file that is copied to the drive', () => {
    const file = encodeUf2(segments, 0);
    expect(new DataView(file.buffer).getUint32(12, true)).toBe(FLASH_ADDR);
    expect([...file.subarray(32, 32 + SIZE)]).toEqual([...boot2]);
  });

  test('sets the flash interface up and starts the image with its stack and vectors', () => {
    const chip = new RP2040();
    chip.sram.set(boot2, SRAM_OFFSET);
    chip.flash.set(image, SIZE);
    const writes: string[] = [];
    const ssi = chip.findPeripheral(SSI_ADDR)!;
    ssi.writeUint32 = (offset: number, value: number) =>
      void writes.push(`${offset.toString(16)}=${value.toString(16)}`);
    chip.core.PC = 0x2000_0000 + SRAM_OFFSET;
    for (let left = 40; left > 0 && chip.core.PC >= 0x2000_0000; left--) chip.core.executeInstruction();
    // Off; a quarter of the clock; 32-bit frames; one an access; command 03h with 24 bits of address; on.
    expect(writes).toEqual(['8=0', '14=4', '0=1f0300', '4=0', 'f4=3000218', '8=1']);
    const vectors = new DataView(image.buffer, image.byteOffset);
    expect(chip.core.VTOR).toBe(FLASH_ADDR + SIZE);
    expect(chip.core.SP).toBe(vectors.getUint32(0, true));
    expect(chip.core.PC).toBe(vectors.getUint32(4, true) & ~1);
  });
});
