// Whether a stub image, and the board that runs it, are what a board's record says. A record of the user's own may be
// wrong in ways that would otherwise end in silence on the line, or in code for another core.

import type { BoardRecord, Region } from '../../boards/board.js';
import type { Hello } from '../../protocol/hello.js';
import { BarewireError } from '../diag/error.js';
import { SHF_ALLOC } from '../elf/elf-constants.js';
import type { ObjectFile } from '../elf/object-file.js';

/** What the smallest session takes: a value's slot, and the code of an expression. The linker script asks for it too. */
export const MIN_ARENA_BYTES = 2048;

const ARM_ATTRIBUTES = '.ARM.attributes';
/** Tag_CPU_arch. Source: Arm, "Addenda to the ABI": build attributes, 3.3.5.2. */
const TAG_CPU_ARCH = 6;
const ARCH_OF_TAG: Readonly<Record<number, BoardRecord['arch']>> = {
  10: 'armv7-m',
  11: 'armv6-m',
  12: 'armv6-m',
  13: 'armv7e-m',
  17: 'armv8-m',
};

const hex = (addr: number): string => `0x${addr.toString(16).padStart(8, '0')}`;

function readUleb(bytes: Uint8Array, from: number): { readonly value: number; readonly end: number } {
  let value = 0;
  let end = from;
  for (let shift = 0; ; shift += 7) {
    const byte = bytes[end++] ?? 0;
    value += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) return { value, end };
  }
}

/** Tag_CPU_arch of an Arm file; the section is `A`, a length, "aeabi\0", then subsections: tag, length, attributes. */
function cpuArchTag(bytes: Uint8Array): number | undefined {
  const attributes = bytes.indexOf(0, 5) + 1 + 5;
  for (let at = attributes; at < bytes.length; ) {
    const { value: tag, end } = readUleb(bytes, at);
    const isText = tag === 4 || tag === 5 || (tag > 32 && tag % 2 === 1);
    if (isText) {
      at = bytes.indexOf(0, end) + 1;
      if (at === 0) return undefined;
      continue;
    }
    const { value, end: next } = readUleb(bytes, end);
    if (tag === TAG_CPU_ARCH) return value;
    at = next;
  }
  return undefined;
}

/** What core an executable is for, as far as it says.
 *  @returns an architecture of ours, or words for another one */
export function archOf(elf: ObjectFile): string {
  if (elf.machine === 'riscv') return 'rv32';
  const section = elf.sections.find(({ name }) => name === ARM_ATTRIBUTES);
  const tag = section === undefined ? undefined : cpuArchTag(section.bytes);
  return ARCH_OF_TAG[tag ?? -1] ?? `an Arm core of another kind (Tag_CPU_arch ${tag ?? 'absent'})`;
}

/** Holds a board's image against its record.
 *  @param path for messages
 *  @throws SESSION_WRONG_CORE, SESSION_IMAGE_OUTSIDE, SESSION_SMALL_ARENA */
export function checkImage(board: BoardRecord, elf: ObjectFile, path: string): void {
  const arch = archOf(elf);
  if (arch !== board.arch) {
    const text = `${path} is for ${arch}, and ${board.name} has a ${board.core} (${board.arch}): build it for that core, or change \`core\` in the board file`;
    throw new BarewireError('SESSION_WRONG_CORE', text, { path, arch, board: board.name });
  }
  for (const { name, addr, sizeBytes, flags } of elf.sections) {
    if (!(flags & SHF_ALLOC) || sizeBytes === 0 || board.regions.some((region) => holds(region, addr, sizeBytes)))
      continue;
    const text = `${path}: section ${name} lies from ${hex(addr)} to ${hex(addr + sizeBytes - 1)}, which is within no region of ${board.name}: its linker script and the regions of the board file must agree`;
    throw new BarewireError('SESSION_IMAGE_OUTSIDE', text, { path, section: name, addr, sizeBytes });
  }
  const arena = elf.symbols.find(({ name }) => name === '__stub_arena_size')?.value;
  if (arena !== undefined) checkArena(arena, path);
}

function holds({ addr, sizeBytes }: Region, start: number, length: number): boolean {
  return start >= addr && start + length <= addr + sizeBytes;
}

/** Holds what the board says of itself against its record.
 *  @throws SESSION_WRONG_CORE, SESSION_SMALL_ARENA */
export function checkHello(board: BoardRecord, hello: Pick<Hello, 'arch' | 'arenaSize'>): void {
  if (hello.arch !== board.arch) {
    const text = `the board says that it is ${hello.arch}, and ${board.name} has a ${board.core} (${board.arch}): leave --board out, or name the right one`;
    throw new BarewireError('SESSION_WRONG_CORE', text, { arch: hello.arch, board: board.name });
  }
  checkArena(hello.arenaSize, board.name);
}

function checkArena(arenaBytes: number, what: string): void {
  if (arenaBytes >= MIN_ARENA_BYTES) return;
  const text = `${what}: the arena has ${arenaBytes} bytes, and ${MIN_ARENA_BYTES} are the least that anything can be done in: make USER_STACK_SIZE in its linker script smaller, or build it with a smaller STUB_MAX_FRAME`;
  throw new BarewireError('SESSION_SMALL_ARENA', text, { arenaBytes, least: MIN_ARENA_BYTES });
}
