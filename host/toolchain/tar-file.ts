// Single files out of an uncompressed tar file, without reading the rest. Source: POSIX, pax Interchange Format (ustar).

import { closeSync, openSync, readSync } from 'node:fs';

const BLOCK = 512;

/** The contents of the named files, in the order of `names`; undefined for what is not there. */
export function readTarFiles(path: string, names: readonly string[]): (Uint8Array | undefined)[] {
  const found = new Map<string, Uint8Array>();
  const wanted = new Set(names);
  const file = openSync(path, 'r');
  try {
    const header = Buffer.alloc(BLOCK);
    for (let at = 0; found.size < wanted.size && readSync(file, header, 0, BLOCK, at) === BLOCK; ) {
      const name = textAt(header, 0, 100);
      if (name === '') break;
      const prefix = textAt(header, 345, 155);
      const size = Number.parseInt(textAt(header, 124, 12), 8);
      if (Number.isNaN(size)) break;
      const whole = prefix === '' ? name : `${prefix}/${name}`;
      if (wanted.has(whole)) {
        const bytes = Buffer.allocUnsafeSlow(size);
        readSync(file, bytes, 0, size, at + BLOCK);
        found.set(whole, bytes);
      }
      at += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
    }
  } finally {
    closeSync(file);
  }
  return names.map((name) => found.get(name));
}

function textAt(header: Buffer, offset: number, length: number): string {
  const bytes = header.subarray(offset, offset + length);
  const end = bytes.indexOf(0);
  return bytes.toString('utf8', 0, end < 0 ? length : end).trim();
}
