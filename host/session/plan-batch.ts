// What the linker staged becomes the ops of one batch: neighbouring blocks are written together, each run of
// bytes is checked, callers of replaced functions are patched, then the initialisers run and the value is read.
// A small input stays one frame out and one frame back.
//
//   RUN? (destructors of what will be overwritten)  FILL* (WRITE CHECK)* (new memory)  WRITE* (patches, handlers)
//   RUN* (initialisers)  RUN? (destructors of what moved)  RUN? (flush stdout)  FIND* (pointers)
//   RUN READ | CRC* (what it changed, `:safe on`)  READ? (value slot)
//
// What will be overwritten is read in a batch of its own before: if the line breaks, the host can put it back.

import type { BatchReply, Op } from '../../protocol/batch.js';
import { crc32 } from '../../protocol/crc32.js';
import type { AddrRange, LinkedBlock, StagedLink } from '../link/types.js';
import { destroyOps } from './destructors.js';
import type { SearchPlan } from './pointers.js';

/** Joins the initialised bytes of blocks that touch. */
export function joinBlocks(blocks: readonly LinkedBlock[]): { addr: number; data: Uint8Array }[] {
  const joined: { addr: number; end: number; parts: Uint8Array[] }[] = [];
  for (const { addr, bytes } of blocks.filter((block) => block.bytes.length > 0).sort((a, b) => a.addr - b.addr)) {
    const last = joined.at(-1);
    if (last?.end === addr) {
      last.parts.push(bytes);
      last.end += bytes.length;
    } else joined.push({ addr, end: addr + bytes.length, parts: [bytes] });
  }
  return joined.map(({ addr, parts }) => ({ addr, data: Buffer.concat(parts) }));
}

function zeroFills(blocks: readonly LinkedBlock[]): Op[] {
  return blocks
    .filter((block) => block.zeroBytes > 0)
    .map((block) => ({ op: 'FILL', addr: block.addr + block.bytes.length, len: block.zeroBytes, value: 0 }));
}

/** Memory of the user's that an input overwrites. */
export interface SavedBytes {
  readonly addr: number;
  readonly data: Uint8Array;
}

/** A batch, and what to do if it fails. */
export interface BatchPlan {
  readonly ops: readonly Op[];
  /** Bytes that the batch overwrites, to be written back in this order. */
  readonly overwritten: readonly SavedBytes[];
  /** RUNs that destroy a replaced variable, by their index. */
  readonly destroys: ReadonlyMap<number, AddrRange>;
  /** Index of the first search. */
  readonly searchAt: number;
  /** Index of the first of `BatchParts.track`. */
  readonly trackAt: number;
}

/** Reads what the input overwrites and only the board knows. */
export function planSave(staged: StagedLink): (Op & { op: 'READ' })[] {
  return staged.blocks
    .filter((block) => block.inPlace && !block.unchanged)
    .map(({ addr, bytes, zeroBytes }) => ({ op: 'READ', addr, len: bytes.length + zeroBytes }));
}

/** What goes into a batch beside the staged link. */
export interface BatchParts {
  /** What `planSave` read. */
  readonly saved: readonly SavedBytes[];
  /** Addresses in the session as it was before this input. */
  readonly addressOf: (symbol: string) => number | undefined;
  /** Function to call when the initialisers have run. */
  readonly flush: number | undefined;
  readonly search: SearchPlan | undefined;
  /** Words that change because functions stand elsewhere: handlers of interrupts. */
  readonly handlers: readonly SavedBytes[];
  /** Ops that tell what the run changed. */
  readonly track: readonly Op[];
  /** Where the value of the input will stand, when it has one. */
  readonly value: AddrRange | undefined;
}

/** Code in the place of other code may be entered as soon as it stands there, by an interrupt handler: it is written
 *  by itself, as one instant, and after what it leads to. */
const isEntered = ({ inPlace, unchanged, kind }: LinkedBlock): boolean => inPlace && !unchanged && kind === 'code';

/** The batch that puts a staged link on the board and runs it. */
export function planBatch(
  staged: StagedLink,
  { saved, addressOf, flush, search, handlers, track, value }: BatchParts,
): BatchPlan {
  const ops: Op[] = [];
  const destroys = new Map<number, AddrRange>();
  const destroy = (inPlace: boolean): void => {
    for (const variable of staged.replaced.filter((each) => each.inPlace === inPlace)) {
      const { addr, len } = variable;
      ops.push(...destroyOps(addressOf, { low: addr, high: addr + len, by: 'object' }));
      if (ops.at(-1)?.op === 'RUN') destroys.set(ops.length - 1, { addr, len });
    }
  };
  destroy(true);
  ops.push(...zeroFills(staged.blocks));
  const write = (addr: number, data: Uint8Array): void => {
    ops.push({ op: 'WRITE', addr, data }, { op: 'CHECK', addr, len: data.length, crc: crc32(data) });
  };
  for (const { addr, data } of joinBlocks(staged.blocks.filter((block) => !isEntered(block)))) write(addr, data);
  for (const { addr, bytes } of staged.blocks.filter(isEntered)) write(addr, bytes);
  for (const { addr, bytes } of staged.patches) ops.push({ op: 'WRITE', addr, data: bytes });
  for (const { addr, data } of handlers) ops.push({ op: 'WRITE', addr, data });
  for (const entry of staged.entries) ops.push({ op: 'RUN', entry });
  destroy(false);
  const runs = staged.entries.length > 0 || destroys.size > 0;
  if (flush !== undefined && runs) ops.push({ op: 'RUN', entry: flush });
  const searchAt = ops.length;
  ops.push(...(search?.ops ?? []));
  const trackAt = ops.length;
  ops.push(...track);
  if (value !== undefined && value.len > 0) ops.push({ op: 'READ', addr: value.addr, len: value.len });
  const patched = staged.patches.map(({ addr, previous }) => ({ addr, data: previous }));
  return { ops, overwritten: [...saved, ...patched], destroys, searchAt, trackAt };
}

/** Variables whose objects the batch destroyed. */
export function destroyedBy(plan: BatchPlan, reply: BatchReply): AddrRange[] {
  return [...plan.destroys].flatMap(([index, range]) => {
    const result = reply.results[index];
    return result?.op === 'RUN' && result.value > 0 ? [range] : [];
  });
}

/** Ops that make memory what it was. An object that was destroyed meanwhile is not: its memory becomes zero. */
export function writeBack(overwritten: readonly SavedBytes[], destroyed: readonly AddrRange[]): Op[] {
  return [
    ...overwritten.map(({ addr, data }): Op => ({ op: 'WRITE', addr, data })),
    ...destroyed.map(({ addr, len }): Op => ({ op: 'FILL', addr, len, value: 0 })),
  ];
}
