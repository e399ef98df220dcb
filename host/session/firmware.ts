// The board says which build it runs; the ELF file of that build gives the addresses of its services, so that
// the board needs no export table.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { deviceError } from '../diag/error.js';
import type { ObjectFile } from '../elf/object-file.js';
import { readObject } from '../elf/read-object.js';

/** A stub image on the host. */
export interface FirmwareImage {
  readonly path: string;
  readonly elf: ObjectFile;
  /** Lower-case hexadecimal. */
  readonly buildId: string;
}

const NT_GNU_BUILD_ID = 3;

/** The GNU build id of an executable in lower-case hexadecimal, if it has one. */
export function buildIdOf(elf: ObjectFile): string | undefined {
  return noteOf(elf)?.id;
}

const SHF_ALLOC = 2;

/** The note with the GNU build id of an executable. @see ELF gABI, note section */
export function noteOf(elf: ObjectFile): { id: string; bytes: Uint8Array; addr: number | undefined } | undefined {
  for (const section of elf.sections) {
    if (!section.name.startsWith('.note')) continue;
    const { bytes } = section;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (let at = 0; at + 12 <= bytes.length; ) {
      const nameSize = view.getUint32(at, true);
      const descSize = view.getUint32(at + 4, true);
      const type = view.getUint32(at + 8, true);
      const desc = at + 12 + ((nameSize + 3) & ~3);
      if (desc + descSize > bytes.length) break;
      if (type === NT_GNU_BUILD_ID) {
        const id = Buffer.from(bytes.subarray(desc, desc + descSize)).toString('hex');
        const addr = (section.flags & SHF_ALLOC) !== 0 ? section.addr + at : undefined;
        return { id, bytes: bytes.subarray(at, desc + descSize), addr };
      }
      at = desc + ((descSize + 3) & ~3);
    }
  }
  return undefined;
}

/** Finds the image with this build id in a folder of `.elf` files.
 *  @throws SESSION_UNKNOWN_BUILD when none has it */
export function findFirmware(folder: string, buildId: string): FirmwareImage {
  if (/^0*$/.test(buildId)) {
    throw deviceError(
      'SESSION_UNKNOWN_BUILD',
      'the board runs firmware that barewire is a part of: say which, with `barewire attach --elf FILE`',
      { buildId },
    );
  }
  const seen: string[] = [];
  for (const file of existsSync(folder) ? readdirSync(folder) : []) {
    if (!file.endsWith('.elf')) continue;
    const path = join(folder, file);
    const elf = readObject(readFileSync(path), file);
    const found = buildIdOf(elf);
    if (found === buildId) return { path, elf, buildId };
    seen.push(`${file} (${found ?? 'no build id'})`);
  }
  throw deviceError(
    'SESSION_UNKNOWN_BUILD',
    `the board runs build ${buildId}, which is none of those in ${folder}: ${seen.join(', ') || 'no images there'}\n` +
      'flash the board with an image of this barewire (`barewire flash BOARD`), or name its board file with --board',
    { buildId, folder, seen },
  );
}
