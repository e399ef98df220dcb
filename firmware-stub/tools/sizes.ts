// What an image costs: bytes of flash and of RAM by output section, read from its section headers, and the
// table that shows them beside the recorded ones.

import { readObject } from '../../host/elf/read-object.js';
import { FirmwareError } from './error.js';

/** Limits of the stub, in bytes: flash, and RAM beside the frame buffers and the stub's own stack. */
export const FLASH_LIMIT = 4096;
export const RAM_LIMIT = 1024;
/** What it may take as a part of somebody's firmware. */
export const LIBRARY_LIMIT = 3072;
/** Begins the names of its rows. */
export const LIBRARY_PREFIX = 'library ';

/** Bytes an image takes. */
export interface ImageSizes {
  /** Vector table, code, constants and build id. */
  readonly flash: number;
  /** Driver of a line that is no UART, beside the stub. */
  readonly driver: number;
  /** Static variables beside the frame buffers. */
  readonly ram: number;
  /** Two received frames, the stored reply, and output that is not acknowledged yet. */
  readonly frames: number;
  /** The stub's own stack: main loop, then receive, service and fault interrupt on top of each other. */
  readonly stack: number;
  /** What is left for the user's code and variables. */
  readonly arena: number;
}

export type SizeTable = Readonly<Record<string, ImageSizes>>;

const SHF_ALLOC = 2;
const SHT_NOBITS = 8;

/** The column a section counts in; sections the user's code lives in (user stack, arena) are in none. */
const COLUMN_OF_NOBITS: Readonly<Record<string, keyof ImageSizes>> = {
  '.bss': 'ram',
  '.open': 'ram',
  '.frames': 'frames',
  '.stub_stack': 'stack',
};

/** Code that counts elsewhere than in `flash`. */
const COLUMN_OF_CODE: Readonly<Record<string, keyof ImageSizes>> = { '.driver': 'driver' };

/** What every program of such a chip has, and the stub beside it: not counted. */
const NOT_OURS: ReadonlySet<string> = new Set(['.boot2']);

/** Reads the sizes from an ELF32 little-endian file.
 *  @throws FIRMWARE_BAD_ELF if it is none, or cut short */
export function readSizes(elf: Uint8Array, name: string): ImageSizes {
  const view = new DataView(elf.buffer, elf.byteOffset, elf.byteLength);
  const sizes = { flash: 0, driver: 0, ram: 0, frames: 0, stack: 0, arena: 0 };
  try {
    if (view.getUint32(0) !== 0x7f454c46 || elf[4] !== 1) throw new RangeError('not ELF32');
    const tableOffset = view.getUint32(32, true);
    const entrySize = view.getUint16(46, true);
    const count = view.getUint16(48, true);
    const header = (index: number, field: number) => view.getUint32(tableOffset + index * entrySize + field * 4, true);
    const namesOffset = header(view.getUint16(50, true), 4);
    for (let index = 0; index < count; index++) {
      if (!(header(index, 2) & SHF_ALLOC)) continue;
      const start = namesOffset + header(index, 0);
      const section = Buffer.from(elf.subarray(start, elf.indexOf(0, start))).toString('latin1');
      const column = header(index, 1) === SHT_NOBITS ? COLUMN_OF_NOBITS[section] : (COLUMN_OF_CODE[section] ?? 'flash');
      if (column !== undefined && !NOT_OURS.has(section)) sizes[column] += header(index, 5);
    }
    sizes.arena = readObject(elf, name).symbols.find((symbol) => symbol.name === '__stub_arena_size')?.value ?? 0;
  } catch (cause) {
    throw new FirmwareError('FIRMWARE_BAD_ELF', `${name} is no complete ELF32 file: ${(cause as Error).message}`);
  }
  return sizes;
}

const COLUMNS = ['flash', 'driver', 'ram', 'frames', 'stack', 'arena'] as const satisfies readonly (keyof ImageSizes)[];
const TITLES = {
  flash: 'flash',
  driver: 'driver',
  ram: 'RAM',
  frames: 'frame buffers',
  stack: 'stub stack',
  arena: 'arena',
} as const;

/** `2412 (+12)`: a size and how far it is from the recorded one. */
function cell(size: number, recorded: number | undefined): string {
  if (recorded === undefined) return `${size} (new)`;
  const grown = size - recorded;
  return grown === 0 ? `${size}` : `${size} (${grown > 0 ? '+' : ''}${grown})`;
}

/** The table as text, one line per image under a head line. */
export function formatSizes(now: SizeTable, recorded: SizeTable): string {
  const rows = [['image', ...COLUMNS.map((column) => TITLES[column])]];
  for (const [name, sizes] of Object.entries(now)) {
    rows.push([name, ...COLUMNS.map((column) => cell(sizes[column], recorded[name]?.[column]))]);
  }
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows
    .map((row) =>
      row
        .map((text, column) => text.padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** One sentence for each size above its limit; empty if all is well. */
export function overLimit(now: SizeTable): string[] {
  return Object.entries(now).flatMap(([name, { flash, ram }]) => {
    const most = name.startsWith(LIBRARY_PREFIX) ? LIBRARY_LIMIT : FLASH_LIMIT;
    return [
      ...(flash > most ? [`${name}: ${flash} bytes of flash, ${flash - most} above ${most}`] : []),
      ...(ram > RAM_LIMIT ? [`${name}: ${ram} bytes of static RAM, ${ram - RAM_LIMIT} above ${RAM_LIMIT}`] : []),
    ];
  });
}
