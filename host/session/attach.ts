// Firmware of the user's own, with the stub in it: its ELF file gives names, types and lines, and the facts of a board that
// barewire has no record of.

import { existsSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import type { BoardRecord, Region } from '../../boards/board.js';
import { CORTEX_M0, CORTEX_M3, CORTEX_M4F, CORTEX_M33 } from '../../boards/capabilities.js';
import type { Hello } from '../../protocol/hello.js';
import type { ArchName } from '../../protocol/messages.js';
import { BarewireError, deviceError } from '../diag/error.js';
import type { ObjectFile, Section } from '../elf/object-file.js';
import { readObject } from '../elf/read-object.js';
import type { AttachedFirmware } from '../link/types.js';
import { noteOf } from './firmware.js';
import { firmwareMemory, ownMemory } from './firmware-pointers.js';

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
export function loaded(elf: ObjectFile): Section[] {
  return elf.sections.filter(
    ({ type, flags, sizeBytes }) =>
      (flags & SHF_ALLOC) !== 0 && (flags & SHF_WRITE) === 0 && type !== SHT_NOBITS && sizeBytes > 0,
  );
}

/** The error for a board that runs something else. */
export function wrongElf(name: string, why: string, details: Readonly<Record<string, unknown>>): BarewireError {
  return deviceError(
    'SESSION_WRONG_ELF',
    `${name} is not what the board runs: ${why}.\nFlash that firmware, or give the ELF file of the one that is on the board.`,
    details,
  );
}
