// Firmware of the user's own, with the stub in it: its ELF file gives names, types and lines, and the facts of a board that
// barewire has no record of. The ELF must be that of what runs on the board: its build id is read from the board's
// memory, where the linker has put it, and if there is none, all of its code is compared by a sum.

import { existsSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import type { BoardRecord, Region } from '../../boards/board.js';
import { CORTEX_M0, CORTEX_M3, CORTEX_M4F, CORTEX_M33 } from '../../boards/capabilities.js';
import type { BatchReply, Op } from '../../protocol/batch.js';
import { crc32 } from '../../protocol/crc32.js';
import type { Hello } from '../../protocol/hello.js';
import type { ArchName } from '../../protocol/messages.js';
import { BarewireError, deviceError } from '../diag/error.js';
import type { ObjectFile, Section } from '../elf/object-file.js';
import { readObject } from '../elf/read-object.js';
import { firmwareNameText, placeAddr } from '../link/firmware-names.js';
import { externalName } from '../link/object-index.js';
import type { AddrRange, AttachedFirmware, StagedLink } from '../link/types.js';
import type { Clock } from '../wire/clock.js';
import type { DeviceLink } from '../wire/link.js';
import { noteOf } from './firmware.js';
import type { FirmwareIndex } from './firmware-index.js';
import { firmwareMemory, placeName, wordsWith } from './firmware-pointers.js';

/** The user's executable. */
export interface UserFirmware {
  readonly path: string;
  readonly elf: ObjectFile;
  /** Lower-case hexadecimal; undefined when the linker has made none, or nothing loads it. */
  readonly buildId: string | undefined;
}

const SHF_WRITE = 1;
const SHF_ALLOC = 2;
const SHT_NOBITS = 8;

/** The one function of the library that firmware must call. */
const LIBRARY = 'barewire_poll';

/** Reads the ELF file of the user's firmware.
 *  @throws CLI_ELF when it is none that barewire can attach to; ELF_… when it is damaged */
export function readUserFirmware(path: string): UserFirmware {
  const wrong = (why: string): BarewireError => new BarewireError('CLI_ELF', `--elf ${path}: ${why}`, { path });
  if (!existsSync(path)) throw wrong('there is no such file; build the firmware first');
  const elf = readObject(readFileSync(path), basename(path));
  if (elf.kind !== 'executable') throw wrong('this is an object file; the linked executable is wanted');
  if (elf.machine !== 'arm') throw wrong('it is for RISC-V; the library is there for Cortex-M alone');
  if (!elf.symbols.some(({ name, section }) => name === LIBRARY && section !== 'undefined')) {
    throw wrong(
      `it has no ${LIBRARY}: link firmware-stub/lib into it and call that in its loop (docs/attach.md); a stripped file will not do`,
    );
  }
  return { path, elf, buildId: noteOf(elf)?.id };
}

/** How its names are looked for: memory is the firmware's; what prints, ends the program or fails an assertion is the prompt's business. */
const ATTACHED: Omit<AttachedFirmware, 'memory'> = {
  // malloc and its kin, operator new and delete.
  shared:
    /^(?:_?(?:malloc|calloc|realloc|free|memalign|malloc_usable_size)(?:_r)?|__malloc_(?:lock|unlock)|_Z(?:n[wa]|d[la]).*)$/,
  notFromFirmware: new Set([
    ...['printf', 'iprintf', 'vprintf', 'viprintf', 'puts', 'putchar', 'putc', 'putchar_unlocked', 'fputs', 'fputc'],
    ...[
      'fprintf',
      'fiprintf',
      'vfprintf',
      'vfiprintf',
      'fwrite',
      'fflush',
      'perror',
      'setvbuf',
      'setbuf',
      '_impure_ptr',
    ],
    ...['exit', '_exit', 'abort', '__assert_func', '__cxa_atexit', '__cxa_pure_virtual', '_write'],
  ]),
};

/** How the linker takes the firmware. */
export function attachedFirmware({ elf }: UserFirmware, hello: Hello): AttachedFirmware {
  const variables = firmwareMemory(elf, ownMemory(hello));
  const end = Math.max(...variables.map(({ addr, len }) => addr + len), hello.stackAddr + hello.stackSize);
  const len = Math.min(firstWord(loaded(elf)) - end, MOST_HEAP_BYTES) & ~3;
  return { ...ATTACHED, memory: len > 0 ? [...variables, { addr: end, len }] : variables };
}

/** Arena and stack of what is typed, and the guard between them, which cannot be read while code runs. */
function ownMemory({ arenaAddr, stackAddr, stackSize }: Hello): AddrRange {
  return { addr: arenaAddr, len: stackAddr + stackSize - arenaAddr };
}

/** Heap and main stack lie behind the variables; looking through more than this would take long. */
const MOST_HEAP_BYTES = 256 * 1024;

/** Facts of a core that the stub names; what floats do is in the ELF. */
const CORES: Readonly<
  Partial<Record<ArchName, { readonly soft: Partial<BoardRecord>; readonly hard: Partial<BoardRecord> | undefined }>>
> = {
  'armv6-m': {
    soft: {
      core: 'Cortex-M0',
      triple: 'thumbv6m-none-eabi',
      cpu: 'cortex-m0',
      multilib: 'thumb/v6-m/nofp',
      capabilities: CORTEX_M0,
    },
    hard: undefined,
  },
  'armv7-m': { soft: thumb2('Cortex-M3'), hard: undefined },
  'armv7e-m': {
    soft: thumb2('Cortex-M4'),
    hard: {
      core: 'Cortex-M4F',
      triple: 'thumbv7em-none-eabihf',
      cpu: 'cortex-m4',
      multilib: 'thumb/v7e-m+fp/hard',
      capabilities: CORTEX_M4F,
    },
  },
  'armv8-m': {
    soft: thumb2('Cortex-M33'),
    hard: {
      core: 'Cortex-M33',
      triple: 'thumbv8m.main-none-eabihf',
      cpu: 'cortex-m33',
      multilib: 'thumb/v8-m.main+fp/hard',
      capabilities: CORTEX_M33,
    },
  },
};

/** What they all have in common is compiled for. */
function thumb2(core: string): Partial<BoardRecord> {
  return {
    core,
    triple: 'thumbv7m-none-eabi',
    cpu: 'cortex-m3',
    multilib: 'thumb/v7-m/nofp',
    capabilities: CORTEX_M3,
  };
}

/** EF_ARM_ABI_FLOAT_HARD: floats are passed in registers of the unit. @see aaelf32, 5.1 */
const HARD_FLOAT = 0x400;

const HEAP_SHARE = 1 / 4;

/** The board that runs the firmware, as far as its ELF and its hello tell.
 *  @param known a board of barewire's with the same core, for what neither of them tells
 *  @throws SESSION_WRONG_ELF when the board has another core */
export function boardOf(firmware: UserFirmware, hello: Hello, known: BoardRecord | undefined): BoardRecord {
  const { elf, path } = firmware;
  const name = basename(path);
  const hard = (elf.flags & HARD_FLOAT) !== 0;
  const core = CORES[hello.arch]?.[hard ? 'hard' : 'soft'];
  if (core === undefined) {
    const floats = hard ? ', with floats in registers' : '';
    throw wrongElf(name, `it is for Arm${floats}, the board has ${hello.arch}`, { arch: hello.arch, hard });
  }
  const facts: BoardRecord = {
    name,
    title: `${name}, your firmware`,
    core: '',
    arch: hello.arch,
    triple: '',
    cpu: '',
    floatAbi: hard ? 'hard' : 'soft',
    multilib: '',
    libc: 'newlib',
    capabilities: CORTEX_M3,
    image: name,
    regions: [],
    heapBytes: 0,
    simulator: known?.simulator,
    baud: known?.baud ?? 115_200,
    flash: [],
    ...core,
  };
  const machine =
    known !== undefined && known.arch === hello.arch && (known.floatAbi === 'hard') === hard
      ? { core: known.core, triple: known.triple, cpu: known.cpu, multilib: known.multilib }
      : {};
  return {
    ...facts,
    ...machine,
    // The MPU is the firmware's.
    capabilities: { ...facts.capabilities, protection: 'none', stackLimit: false },
    regions: known?.regions ?? regionsOf(elf, hello),
    heapBytes: Math.floor((hello.arenaSize * HEAP_SHARE) / 8) * 8,
  };
}

/** Memory that the ELF names: what it loads read-only, and what it writes to, up to where its stack begins. */
function regionsOf(elf: ObjectFile, hello: Hello): Region[] {
  const code = loaded(elf);
  const data = elf.sections.filter(({ flags }) => (flags & SHF_ALLOC) !== 0 && (flags & SHF_WRITE) !== 0);
  const ends = data.map(({ addr, sizeBytes }) => addr + sizeBytes);
  const stackTop = firstWord(code);
  const ramAddr = Math.min(hello.arenaAddr, ...data.filter(({ sizeBytes }) => sizeBytes > 0).map(({ addr }) => addr));
  const ramEnd = Math.max(hello.arenaAddr + hello.arenaSize, hello.stackAddr + hello.stackSize, ...ends, stackTop);
  const flashAddr = Math.min(...code.map(({ addr }) => addr));
  const flashEnd = Math.max(...code.map(({ addr, sizeBytes }) => addr + sizeBytes));
  return [
    { name: 'flash', addr: flashAddr, sizeBytes: flashEnd - flashAddr, access: 'rx' },
    { name: 'ram', addr: ramAddr, sizeBytes: ramEnd - ramAddr, access: 'rwx' },
  ];
}

/** The vector table's: where the main stack begins. */
function firstWord(code: readonly Section[]): number {
  const [first] = [...code].sort((a, b) => a.addr - b.addr);
  if (first === undefined || first.bytes.length < 4) return 0;
  return new DataView(first.bytes.buffer, first.bytes.byteOffset, 4).getUint32(0, true);
}

/** Sections whose bytes the board holds as the file has them. */
function loaded(elf: ObjectFile): Section[] {
  return elf.sections.filter(
    ({ type, flags, sizeBytes }) =>
      (flags & SHF_ALLOC) !== 0 && (flags & SHF_WRITE) === 0 && type !== SHT_NOBITS && sizeBytes > 0,
  );
}

/** Makes sure that the board runs this firmware.
 *  @throws SESSION_WRONG_ELF with both ids, WIRE_… */
export async function checkFirmware(link: DeviceLink, firmware: UserFirmware): Promise<void> {
  const name = basename(firmware.path);
  const note = noteOf(firmware.elf);
  if (note?.addr === undefined) {
    await compareCode(link, firmware, name);
    return;
  }
  const found = await readAt(link, note.addr, note.bytes.length);
  if (found !== undefined && Buffer.compare(found, note.bytes) === 0) return;
  const theirs = await idOnBoard(link, firmware.elf, note.addr);
  const board = theirs === undefined ? 'has no build id where that one has its own' : `runs build ${theirs}`;
  throw wrongElf(name, `it is build ${note.id}, the board ${board}`, { elf: note.id, board: theirs });
}

/** Without an id: the code itself. */
async function compareCode(link: DeviceLink, firmware: UserFirmware, name: string): Promise<void> {
  const sections = loaded(firmware.elf);
  const ops = sections.map(({ addr, sizeBytes }): Op => ({ op: 'CRC', addr, len: sizeBytes }));
  const { results } = await link.execute(ops);
  for (const [index, section] of sections.entries()) {
    const result = results[index];
    if (result?.op === 'CRC' && result.crc === crc32(section.bytes)) continue;
    throw wrongElf(
      name,
      `its ${section.name} is not what the board has there (link it with -Wl,--build-id to see whose)`,
      {
        section: section.name,
      },
    );
  }
}

async function readAt(link: DeviceLink, addr: number, len: number): Promise<Uint8Array | undefined> {
  const { results } = await link.execute([{ op: 'READ', addr, len }]);
  const [result] = results;
  return result?.op === 'READ' ? result.data : undefined;
}

/** Runs nothing, to see that code runs at all: of the port's functions hello needs but two.
 *  @throws SESSION_PORT_HANGS, WIRE_… */
export async function checkPort(link: DeviceLink, { path }: UserFirmware, clock: Clock): Promise<void> {
  const { arenaAddr } = link.hello;
  const code = Uint8Array.of(0x70, 0x47); // bx lr
  const running = link.execute([
    { op: 'WRITE', addr: arenaAddr, data: code },
    { op: 'RUN', entry: arenaAddr | 1 },
  ]);
  let stop = (): void => {};
  const late = new Promise<'late'>((resolve) => {
    stop = clock.after(PORT_MS, () => resolve('late'));
  });
  running.catch(() => undefined);
  const first = await Promise.race([running, late]).finally(stop);
  if (first !== 'late') return;
  throw deviceError(
    'SESSION_PORT_HANGS',
    `${basename(path)} answers, but code that returns at once does not run to its end: waited ${seconds(PORT_MS)} for barewire_micros.
It has to give the time and return, with interrupts off too.`,
    { waitedFor: 'barewire_micros' },
  );
}

const PORT_MS = 3000;
const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

/** What it means that nobody says hello.
 *  @param error of the connection; what is none of ours is given back as it is */
export function silentFirmware(error: unknown, { path }: UserFirmware): unknown {
  if (!(error instanceof BarewireError) || error.code !== 'WIRE_NO_ANSWER') return error;
  const { port, waitedMs } = error.details as { port: string; waitedMs: number };
  return deviceError(
    'SESSION_FIRMWARE_SILENT',
    `${port}: waited ${seconds(waitedMs)} for ${basename(path)} to answer HELLO, and nothing came that makes sense.
Does its loop come to barewire_poll? Does barewire_read give -1 when nothing has come, and does barewire_write return?
Are these their line and its rate?`,
    { port, waitedMs },
    error,
  );
}

const NOTE_NAME = 0x0055_4e47; // "GNU\0"
const NOTE_HEAD_BYTES = 16;
const ID_BYTES = 20;

/** The build id of what runs on the board: where the ELF has its own, or else the first one in the same memory. */
async function idOnBoard(link: DeviceLink, elf: ObjectFile, noteAddr: number): Promise<string | undefined> {
  const here = await idAt(link, noteAddr);
  if (here !== undefined) return here;
  for (const { addr, sizeBytes } of loaded(elf)) {
    const holds = async (from: number, len: number): Promise<boolean> => {
      const { results } = await link.execute([{ op: 'FIND', addr: from, len, low: NOTE_NAME, span: 0 }]);
      const [result] = results;
      return result?.op === 'FIND' && result.words.length > 0;
    };
    let [from, len] = [(addr + 3) & ~3, sizeBytes & ~3];
    if (!(await holds(from, len))) continue;
    // Halved until the word is all that is left.
    while (len > 4) {
      const half = (len >> 3) * 4;
      if (half > 0 && (await holds(from, half))) len = half;
      else [from, len] = [from + half, len - half];
    }
    const id = await idAt(link, from - NOTE_HEAD_BYTES + 4);
    if (id !== undefined) return id;
  }
  return undefined;
}

/** The id of a note of 20 bytes at `addr`. */
async function idAt(link: DeviceLink, addr: number): Promise<string | undefined> {
  const bytes = await readAt(link, addr, NOTE_HEAD_BYTES + ID_BYTES);
  if (bytes === undefined) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const isNote =
    view.getUint32(0, true) === 4 && view.getUint32(4, true) === ID_BYTES && view.getUint32(12, true) === NOTE_NAME;
  return isNote ? Buffer.from(bytes.subarray(NOTE_HEAD_BYTES)).toString('hex') : undefined;
}

function wrongElf(name: string, why: string, details: Readonly<Record<string, unknown>>): BarewireError {
  return deviceError(
    'SESSION_WRONG_ELF',
    `${name} is not what the board runs: ${why}.\nFlash that firmware, or give the ELF file of the one that is on the board.`,
    details,
  );
}

/** What is to be said of functions and variables of the firmware that an input has defined anew: its own code has their
 *  addresses in it, and its tables may.
 *  @param execute reads the board's memory */
export async function oldOnesInUse(
  { overFirmware }: StagedLink,
  index: FirmwareIndex,
  hello: Hello,
  execute: (ops: readonly Op[]) => Promise<BatchReply>,
): Promise<string[]> {
  const lines: string[] = [];
  for (const symbol of overFirmware) {
    const isOld = (name: string): boolean => name === symbol || externalName(name) === symbol;
    const old = index.elf.symbols.find(({ name, type }) => type === 'func' && isOld(name));
    const addr = old?.value ?? placeAddr(symbol);
    const name = firmwareNameText(symbol);
    if (addr === undefined || addr % 2 === 0) {
      lines.push(
        `${name} is in the firmware too: what you type from now on means the new one; the firmware goes on with its own`,
      );
      continue;
    }
    const memory = firmwareMemory(index.elf, ownMemory(hello));
    const places = await wordsWith(addr, memory, execute);
    const named = places.map((place) => placeName(index, place) ?? `the word at 0x${place.toString(16)}`);
    const pointers =
      named.length === 0
        ? ''
        : `\n${named.join(', ')} still points to the old one: set it to have the firmware call yours`;
    lines.push(
      `${name} is in the firmware too: what you typed, and type from now on, calls the new one; the firmware's own code goes on calling the old one${pointers}`,
    );
  }
  return lines;
}
