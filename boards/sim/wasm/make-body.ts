// A record's body as one module has it.
//
//   call f          i32.const slot of f, call_indirect    through the table: a new f reaches its callers at once
//   call_indirect   first notes the address and looks the slot up that it has
//   loop            asks before each turn whether something is to be done: attend (loops.ts)
//   load, store     guarded against null pointers (guards.ts)
//
// The question in loops is what an interrupt is elsewhere: it lets the stub hear the line, and timers
// call handlers, while code runs. `places` leads from the body that runs back to the one in memory.

import { PLACE_BYTES, REFERENCE_KINDS } from '../../../protocol/wasm-function.js';
import { guardedAccess, Scratch } from './guards.js';
import { behindInstruction, behindLocals, OPCODES } from './instructions.js';
import { SLOTS } from './layout.js';
import { sleb, uleb } from './leb.js';
import { Loops } from './loops.js';
import type { FunctionRecord } from './record.js';
import { isSameType, resultAs } from './results.js';

/** Indices that the module gives to what bodies use. */
export interface ModuleIndices {
  typeIndex(type: Uint8Array): number;
  readonly stackPointer: number;
  /** Undefined where loops do not ask. */
  readonly attend: number | undefined;
  /** Global that keeps the address that was accessed or called last. */
  readonly address: number;
  /** Place in the table of the function at an address, now or later. */
  slotOf(addr: number): number;
  /** Type of the function at an address; undefined where none is yet. */
  typeAt(addr: number): Uint8Array | undefined;
}

/** Bytes from `out` on, up to the next stretch: those from `from` on in the record's body, or what was put in for the
 *  instruction there. */
interface Stretch {
  readonly out: number;
  readonly from: number;
  readonly isCopy: boolean;
}

/** A body, and where its parts stand in memory. */
export interface MadeBody {
  readonly bytes: Uint8Array;
  /** In order. */
  readonly places: readonly Stretch[];
}

/** @throws UnknownInstruction */
export function makeBody(record: FunctionRecord, indices: ModuleIndices): MadeBody {
  const { body, references } = record;
  const out = new Growing(body.length * 2 + 64);
  const places: Stretch[] = [];
  const scratch = new Scratch(record);
  let copied = behindLocals(body);
  const copyUpTo = (end: number): void => {
    if (end <= copied) return;
    places.push({ out: out.length, from: copied, isCopy: true });
    out.add(body.subarray(copied, end));
    copied = end;
  };
  const insert = (from: number, bytes: readonly number[]): void => {
    places.push({ out: out.length, from, isCopy: false });
    out.add(bytes);
  };
  const loops = indices.attend === undefined ? undefined : new Loops(indices.attend);
  const address = uleb(indices.address);
  const lookUp = [
    ...[OPCODES.globalSet, ...address, OPCODES.globalGet, ...address],
    ...[OPCODES.i32Const, 1, OPCODES.i32ShiftRight],
    ...[OPCODES.i32Load16, 1, ...uleb(SLOTS.addr)],
  ];
  const callOf = (addr: number, type: Uint8Array): number[] => {
    const actual = indices.typeAt(addr);
    const as = actual === undefined || isSameType(actual, type) ? [] : resultAs(type, actual);
    const called = as === undefined || actual === undefined ? type : actual;
    return [
      ...[OPCODES.i32Const, ...sleb(indices.slotOf(addr))],
      ...[OPCODES.callIndirect, ...uleb(indices.typeIndex(called)), 0],
      ...(as ?? []),
    ];
  };
  let next = 0;
  for (let at = behindLocals(body); at < body.length; ) {
    const end = behindInstruction(body, at);
    if (body[at] === OPCODES.callIndirect) {
      copyUpTo(at);
      insert(at, lookUp);
    }
    const guarded = guardedAccess(body, at, scratch, indices.address);
    if (guarded !== undefined) {
      copyUpTo(at);
      insert(at, guarded);
      copied = end;
    }
    for (
      let reference = references[next];
      reference !== undefined && reference.place < end;
      reference = references[++next]
    ) {
      const { kind, place, type, value } = reference;
      if (kind === REFERENCE_KINDS.call) {
        copyUpTo(at);
        insert(at, callOf(value, record.types[type]!));
      } else {
        copyUpTo(place);
        insert(at, uleb(kind === REFERENCE_KINDS.type ? indices.typeIndex(record.types[type]!) : indices.stackPointer));
      }
      copied = place + PLACE_BYTES;
    }
    const branch = loops?.branch(body, at);
    if (branch !== undefined) {
      copyUpTo(at);
      insert(at, branch);
      copied = end;
    }
    const more = loops?.behind(body, at);
    if (more !== undefined) {
      copyUpTo(end);
      insert(more.place, more.bytes);
    }
    at = end;
  }
  copyUpTo(body.length);
  const locals = scratch.declarations();
  return {
    bytes: Buffer.concat([locals, out.bytes()]),
    places: places.map((each) => ({ ...each, out: each.out + locals.length })),
  };
}

/** Offset in the record's body for one in the body that runs. */
export function placeInBody({ places }: MadeBody, offset: number): number {
  let [low, high] = [0, places.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (places[middle]!.out <= offset) low = middle + 1;
    else high = middle;
  }
  const place = places[low - 1];
  if (place === undefined) return 0;
  return place.isCopy ? place.from + offset - place.out : place.from;
}

class Growing {
  private room: Uint8Array;
  length = 0;

  constructor(size: number) {
    this.room = new Uint8Array(size);
  }

  add(bytes: ArrayLike<number>): void {
    if (this.length + bytes.length > this.room.length) {
      const more = new Uint8Array(Math.max(this.room.length * 2, this.length + bytes.length));
      more.set(this.room);
      this.room = more;
    }
    this.room.set(bytes, this.length);
    this.length += bytes.length;
  }

  bytes(): Uint8Array {
    return this.room.subarray(0, this.length);
  }
}
