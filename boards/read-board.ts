// A board file of the user's own becomes a record like those that ship with barewire.
//
//   myboard.json ─ schema ─▶ BoardFile ─ core's facts, numbers ─▶ BoardRecord ─ regions ─▶ checked
//
// What only the image can tell (its core, its memory) is checked where images are read: host/session/check-image.ts.

import { readFileSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import type { BoardRecord, Capabilities, FlashWay, Interrupts, QemuSimulator, Region } from './board.js';
import { BOARD_SCHEMA } from './board-schema.js';
import { checkSchema } from './check-schema.js';
import { CORES, type CoreName } from './cores.js';
import { BoardError } from './sim/errors.js';
import type { Uart } from './uart.js';

/** What the image is built of; paths are absolute. */
export interface BoardBuild {
  readonly port: string;
  readonly script: string;
  readonly defines: readonly string[];
}

/** A board that is not one of ours. */
export interface OwnBoard extends BoardRecord {
  /** Absolute path of its file. */
  readonly file: string;
  readonly build: BoardBuild | undefined;
}

/** The file's content once it fits the schema. */
export interface BoardFile {
  readonly $schema?: string;
  readonly name: string;
  readonly title: string;
  readonly core: CoreName;
  readonly image: string;
  readonly build?: { readonly port: string; readonly script: string; readonly defines?: readonly string[] };
  readonly regions: readonly {
    readonly name: string;
    readonly addr: number | string;
    readonly sizeBytes: number | string;
    readonly access: Region['access'];
  }[];
  readonly heapBytes: number | string;
  readonly baud?: number;
  readonly interrupts?: Omit<Interrupts, 'lines'> & { readonly first?: number; readonly last: number };
  readonly uart?: Omit<Uart, 'addr'> & { readonly addr: number | string };
  readonly flash?: readonly FlashWay[];
  readonly capabilities?: Partial<Pick<Capabilities, 'protection'>>;
  readonly simulator?: QemuSimulator;
}

const DEFAULT_BAUD = 115_200;
const UNITS: Readonly<Record<string, number>> = { K: 1024, M: 1024 * 1024 };
const END = 2 ** 32;

/** Whether `--board` was given a file and not a name. */
export function isBoardFile(text: string): boolean {
  return /[/\\]|\.json$/.test(text);
}

/** `4096`, `"0x1000"`, `"4K"` → 4096 */
function numberOf(value: number | string): number {
  if (typeof value === 'number') return value;
  const unit = UNITS[value.at(-1)!];
  return unit === undefined ? Number(value) : Number(value.slice(0, -1)) * unit;
}

const hex = (addr: number): string => `0x${addr.toString(16).padStart(8, '0')}`;
const span = ({ name, addr, sizeBytes }: Region): string => `${name} (${hex(addr)} to ${hex(addr + sizeBytes - 1)})`;

/** Reads a board file.
 *  @throws BOARD_FILE when it cannot be read or is no JSON, BOARD_RECORD when it does not fit the schema, and what
 *          `checkRegions` throws */
export function readBoard(path: string): OwnBoard {
  const file = resolve(path);
  const value = parse(path, file);
  const complaints = checkSchema(value, BOARD_SCHEMA);
  if (complaints.length > 0) {
    throw new BoardError('BOARD_RECORD', [`${path} is no board file:`, ...complaints].join('\n  '), {
      file,
      complaints,
    });
  }
  const board = recordOf(value as BoardFile, file);
  checkRegions(board, basename(path));
  return board;
}

function parse(path: string, file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const why = code === 'ENOENT' ? 'there is no such file' : message;
    throw new BoardError('BOARD_FILE', `cannot read the board file ${path}: ${why}`, { file }, { cause });
  }
}

function interruptsOf({ first = 0, last, stub, coreTimer }: NonNullable<BoardFile['interrupts']>): Interrupts {
  return { lines: [first, last], stub, coreTimer };
}

function recordOf(content: BoardFile, file: string): OwnBoard {
  const from = (path: string): string => resolve(dirname(file), path);
  const { name, title, core, image, build, simulator, baud = DEFAULT_BAUD, uart, flash = [] } = content;
  const { interrupts } = content;
  const facts = CORES[core];
  return {
    ...facts,
    name,
    title,
    file,
    image: from(image),
    build: build && { port: from(build.port), script: from(build.script), defines: build.defines ?? [] },
    regions: content.regions.map((region) => ({
      ...region,
      addr: numberOf(region.addr),
      sizeBytes: numberOf(region.sizeBytes),
    })),
    heapBytes: numberOf(content.heapBytes),
    capabilities: { ...facts.capabilities, ...content.capabilities },
    simulator,
    baud,
    ...(interrupts === undefined ? {} : { interrupts: interruptsOf(interrupts) }),
    ...(uart === undefined ? {} : { uart: { ...uart, addr: numberOf(uart.addr) } }),
    flash,
  };
}

/** Whether a board's memory can be as its record says.
 *  @param what names the record in messages
 *  @throws BOARD_NO_REGION, BOARD_REGIONS_OVERLAP, BOARD_REGION_SIZE, BOARD_HEAP */
export function checkRegions({ regions, heapBytes }: Pick<BoardRecord, 'regions' | 'heapBytes'>, what: string): void {
  for (const region of regions) {
    if (region.sizeBytes === 0 || region.addr + region.sizeBytes > END) {
      const problem =
        region.sizeBytes === 0 ? 'has no bytes' : `ends ${region.addr + region.sizeBytes - END} bytes behind 4 GiB`;
      throw new BoardError('BOARD_REGION_SIZE', `${what}: region ${region.name} at ${hex(region.addr)} ${problem}`, {
        region,
      });
    }
  }
  const inOrder = [...regions].sort((a, b) => a.addr - b.addr);
  for (const [index, region] of inOrder.entries()) {
    const next = inOrder[index + 1];
    const common =
      next === undefined ? 0 : Math.min(region.addr + region.sizeBytes, next.addr + next.sizeBytes) - next.addr;
    if (common <= 0) continue;
    const text = `${what}: the regions ${span(region)} and ${span(next!)} overlap by ${common} bytes`;
    throw new BoardError('BOARD_REGIONS_OVERLAP', text, { regions: [region, next], common });
  }
  const need = (access: Region['access'], purpose: string): void => {
    if (regions.some((region) => region.access === access)) return;
    const text = `${what}: no region has access "${access}": there must be one for ${purpose}`;
    throw new BoardError('BOARD_NO_REGION', text, { access });
  };
  need('rx', "the stub's code");
  need('rwx', 'code and variables of inputs');
  const room = regions.filter(({ access }) => access === 'rwx').reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  if (heapBytes >= room) {
    const text = `${what}: heapBytes is ${heapBytes}, and all RAM for code and variables is ${room} bytes: make it smaller`;
    throw new BoardError('BOARD_HEAP', text, { heapBytes, room });
  }
}
