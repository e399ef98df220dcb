// Numbers and sections of WebAssembly binaries, written.

/** Unsigned LEB128. */
export function uleb(value: number): number[] {
  const bytes: number[] = [];
  let rest = value >>> 0;
  do {
    const low = rest & 0x7f;
    rest >>>= 7;
    bytes.push(rest === 0 ? low : low | 0x80);
  } while (rest !== 0);
  return bytes;
}

/** Signed LEB128. */
export function sleb(value: number): number[] {
  const bytes: number[] = [];
  let rest = value | 0;
  for (;;) {
    const low = rest & 0x7f;
    rest >>= 7;
    const isLast = (rest === 0 && (low & 0x40) === 0) || (rest === -1 && (low & 0x40) !== 0);
    bytes.push(isLast ? low : low | 0x80);
    if (isLast) return bytes;
  }
}

/** A section: its number, its length, its contents. */
export function section(id: number, ...contents: readonly (readonly number[] | Uint8Array)[]): Uint8Array {
  const parts = contents.map((each) => Uint8Array.from(each));
  const length = parts.reduce((sum, each) => sum + each.length, 0);
  return Buffer.concat([Uint8Array.of(id, ...uleb(length)), ...parts]);
}

/** A name: its length, then UTF-8. */
export function text(value: string): number[] {
  const bytes = Buffer.from(value);
  return [...uleb(bytes.length), ...bytes];
}
