// A load or store that went wrong, in words: what it wanted, where, why not, and what the pointer may have been.

import { hex, symbolText } from './context.js';
import { type Facts, type FaultContext, holds, type MemoryRegion, NULL_PAGE, type Verdict } from './fault-facts.js';
import type { Access } from './thumb.js';

/** What is looked at of an access that went wrong. */
type Circumstances = Pick<Facts, 'registers' | 'context'>;

const count = (bytes: number): string => `${bytes.toLocaleString('en-US')} ${bytes === 1 ? 'byte' : 'bytes'}`;

/** `read of 4 bytes` */
function what(access: Access | undefined): string {
  return access === undefined ? 'access' : `${access.direction} of ${count(access.unitBytes * access.count)}`;
}

/** The verdict on an access.
 *  @param addr where it went, if that is known for sure */
export function judgeAccess(
  facts: Circumstances,
  access: Access | undefined,
  addr: number | undefined,
  why: string,
): Verdict {
  if (addr === undefined) return { cause: `${what(access)} to memory: ${why}` };
  const mistake = pointerMistake(facts, access, addr);
  const kept = keptText(facts, access, addr);
  if (kept !== undefined) return { cause: `write to ${kept}, at ${hex(addr)}`, mistake };
  const reason = addr < NULL_PAGE ? '' : `, ${whereText(facts, access, addr) ?? why}`;
  return { cause: `${what(access)} at ${hex(addr)}${reason}`, mistake };
}

/** An access to an address that its size does not divide. */
export function judgeUnaligned(facts: Circumstances, access: Access | undefined): Verdict {
  if (access === undefined) return { cause: 'unaligned memory access' };
  const addr = access.addr(facts.registers);
  return {
    cause: `unaligned ${what(access)} at ${hex(addr)}, which is no multiple of ${access.unitBytes}`,
    mistake: pointerMistake(facts, access, addr),
  };
}

/** What a write must not hit. Code and constants can be read: an access that is not known is a write. */
function keptText({ context }: Circumstances, access: Access | undefined, addr: number): string | undefined {
  return access?.direction === 'read' ? undefined : context.keptFromWrites?.(addr);
}

/** What is wrong with an address, as far as the board's memory tells. */
function whereText({ context }: Circumstances, access: Access | undefined, addr: number): string | undefined {
  const region = context.regions?.find((each) => holds(each, addr));
  if (region === undefined) return context.regions === undefined ? undefined : nowhereText(context.regions, addr);
  if (access?.direction === 'write' && region.access === 'rx') return `where code and constants lie (${region.name})`;
  if (isStubMemory(context, region, addr)) return "in the stub's own memory";
  return undefined;
}

function isStubMemory({ arena, stack }: FaultContext, region: MemoryRegion, addr: number): boolean {
  if (arena === undefined || stack === undefined || region.access === 'rx') return false;
  return holds(region, arena.addr) && !holds(arena, addr) && !holds(stack, addr);
}

/** So far behind memory it is still called its end. */
const BEYOND = 64 * 1024;

function nowhereText(regions: readonly MemoryRegion[], addr: number): string {
  const before = regions.find(
    (each) => addr >= each.addr + each.sizeBytes && addr < each.addr + each.sizeBytes + BEYOND,
  );
  if (before === undefined) return 'where no memory is';
  const distance = addr - (before.addr + before.sizeBytes);
  return distance === 0
    ? `right behind the end of ${before.name}`
    : `${count(distance)} behind the end of ${before.name}`;
}

/** What the pointer was: null plus something, or a register that holds nonsense. */
function pointerMistake(
  { registers, context }: Circumstances,
  access: Access | undefined,
  addr: number,
): string | undefined {
  const base = access?.baseName === undefined ? undefined : registers[access.base]!;
  if (addr < NULL_PAGE || (base !== undefined && base === 0)) {
    return addr === 0 ? 'null pointer' : `null pointer + ${addr.toLocaleString('en-US')}`;
  }
  if (access === undefined || base === undefined) return undefined;
  const name = symbolText(context.symbolAt?.(base));
  const known = name === undefined ? '' : `, ${name}`;
  return `wild pointer: ${access.operand} with ${access.baseName} = ${hex(base)}${known}`;
}

/** Whether the core refuses this access for its address alone (Armv6-M refuses all unaligned ones). */
export function isMisaligned({ context, registers }: Circumstances, access: Access): boolean {
  const strict = context.arch === 'armv6-m' || access.needsAlignment;
  return strict && access.addr(registers) % access.unitBytes !== 0;
}

/** Whether nothing is known to be wrong with the address of an access. */
export function seemsFine(facts: Circumstances, access: Access): boolean {
  const addr = access.addr(facts.registers);
  const isWrong = keptText(facts, access, addr) !== undefined || whereText(facts, access, addr) !== undefined;
  return addr >= NULL_PAGE && facts.context.regions !== undefined && !isWrong;
}
