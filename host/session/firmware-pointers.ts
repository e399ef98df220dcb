// Who in the firmware's memory points somewhere: when one of its functions is defined anew, tables of tasks and callbacks
// in RAM still name the old one, and whoever typed the new one wants to know which.

import type { BatchReply, Op } from '../../protocol/batch.js';
import type { Hello } from '../../protocol/hello.js';
import { bareType, type DwarfType, sizeOfType } from '../elf/dwarf/types.js';
import type { ObjectFile } from '../elf/object-file.js';
import { firmwareNameText, placeAddr } from '../link/firmware-names.js';
import { externalName } from '../link/object-index.js';
import type { AddrRange, StagedLink } from '../link/types.js';
import { scopePrefix } from '../show/type-name.js';
import type { FirmwareIndex } from './firmware-index.js';

const SHF_WRITE = 1;
const SHF_ALLOC = 2;
/** Read whole instead of searched further. */
const READ_BYTES = 128;
/** Places that are told. */
const MOST_PLACES = 4;

/** Buffers of the stub's own, which hold what was sent. */
const BUFFERS = /^(?:stub_slots|stub_reply|stub_output|block)$/;

/** Memory that the firmware writes to, without what the host lays out and what the stub receives.
 *  @param own the arena and the stack of what is typed */
export function firmwareMemory(elf: ObjectFile, own: AddrRange): AddrRange[] {
  const buffers = elf.symbols
    .filter(({ name, type }) => type === 'object' && BUFFERS.test(name))
    .map(({ value, sizeBytes }): AddrRange => ({ addr: value, len: sizeBytes }));
  let ranges = elf.sections
    .filter(({ flags, sizeBytes }) => (flags & SHF_ALLOC) !== 0 && (flags & SHF_WRITE) !== 0 && sizeBytes >= 4)
    .map(({ addr, sizeBytes }): AddrRange => ({ addr, len: sizeBytes }));
  for (const hole of [own, ...buffers]) ranges = ranges.flatMap((range) => without(range, hole));
  return ranges.map(({ addr, len }) => {
    const from = (addr + 3) & ~3;
    return { addr: from, len: (addr + len - from) & ~3 };
  });
}

function without({ addr, len }: AddrRange, hole: AddrRange): AddrRange[] {
  const [end, holeEnd] = [addr + len, hole.addr + hole.len];
  if (hole.addr >= end || holeEnd <= addr) return [{ addr, len }];
  return [
    { addr, len: hole.addr - addr },
    { addr: holeEnd, len: end - holeEnd },
  ].filter((each) => each.len >= 4);
}

/** Addresses of the aligned words of some memory that have a value; a few of them if there are many. */
export async function wordsWith(
  value: number,
  ranges: readonly AddrRange[],
  execute: (ops: readonly Op[]) => Promise<BatchReply>,
): Promise<number[]> {
  const found: number[] = [];
  const work = [...ranges].reverse();
  for (let range = work.pop(); range !== undefined && found.length < MOST_PLACES; range = work.pop()) {
    const { addr, len } = range;
    const op: Op = len <= READ_BYTES ? { op: 'READ', addr, len } : { op: 'FIND', addr, len, low: value, span: 0 };
    const [result] = (await execute([op])).results;
    if (result?.op === 'READ') {
      const view = new DataView(result.data.buffer, result.data.byteOffset, result.data.length);
      for (let at = 0; at + 4 <= len; at += 4) if (view.getUint32(at, true) === value) found.push(addr + at);
    } else if (result?.op === 'FIND' && result.words.length > 0) {
      const half = (len >> 3) * 4;
      work.push({ addr: addr + half, len: len - half }, { addr, len: half });
    }
  }
  return found;
}

/** `sched::tasks[2].run`: what C++ calls an address of the firmware's variables; undefined outside of them. */
export function placeName(index: FirmwareIndex, addr: number): string | undefined {
  for (const { name, scopes, type, location } of index.info.variables()) {
    const offset = addr - (location?.offset ?? Number.NaN);
    if (offset >= 0 && offset < (sizeOfType(type) ?? 0)) return scopePrefix(scopes) + name + pathIn(type, offset);
  }
  return undefined;
}

function pathIn(type: DwarfType, offset: number, depth = 0): string {
  const bare = bareType(type);
  if (depth > 16) return '';
  if (bare.kind === 'array') {
    const size = sizeOfType(bare.element) ?? 0;
    if (size === 0) return '';
    return `[${Math.floor(offset / size)}]${pathIn(bare.element, offset % size, depth + 1)}`;
  }
  if (bare.kind !== 'record') return '';
  const holds = (at: number | undefined, part: DwarfType): boolean =>
    at !== undefined && offset >= at && offset < at + (sizeOfType(part) ?? 0);
  const member = bare.members.find((each) => holds(each.offset, each.type));
  if (member !== undefined) {
    const inner = pathIn(member.type, offset - member.offset, depth + 1);
    return member.name === undefined ? inner : `.${member.name}${inner}`;
  }
  const base = bare.bases.find((each) => holds(each.offset, each.type));
  return base === undefined ? '' : pathIn(base.type, offset - base.offset!, depth + 1);
}

/** Arena and stack of what is typed, and the guard between them, which cannot be read while code runs. */
export function ownMemory({ arenaAddr, stackAddr, stackSize }: Hello): AddrRange {
  return { addr: arenaAddr, len: stackAddr + stackSize - arenaAddr };
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
