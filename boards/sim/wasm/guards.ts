// Loads and stores that null pointers and wild ones do not get through unseen. WebAssembly adds an access's pointer and its
// offset without wrapping around, so that a pointer made smaller by what the offset is made larger leaves memory if it
// was below that, and goes where it went if not:
//
//   i32.load 8    →    local.tee a · global.set address · local.get a · i32.const -1024 · i32.add · i32.load 1032
//
// No branch is taken for it, and the address is known when it traps. An offset that is larger than what null pointers
// lead to is a variable's address, and the pointer an index: that stays as it is.

import { behindLocals, OPCODES, skipLeb, ulebAt } from './instructions.js';
import { NULL_ZONE } from './layout.js';
import { sleb, uleb } from './leb.js';
import type { FunctionRecord } from './record.js';

const FIRST_LOAD = 0x28;
const FIRST_STORE = 0x36;
const LAST_STORE = 0x3e;
const I32 = 0x7f;
const I64 = 0x7e;
/** Types of what stores write, by opcode. */
const STORED = [I32, I64, 0x7d, 0x7c, I32, I32, I64, I64, I64];

/** Locals that a body gets beside its own, as it needs them. */
export class Scratch {
  readonly #record: FunctionRecord;
  readonly #first: number;
  readonly #added: { readonly key: string; readonly type: number }[] = [];

  constructor(record: FunctionRecord) {
    this.#record = record;
    const { body } = record;
    behindLocals(body);
    let count = record.types[0]![1]!;
    for (let left = ulebAt(body, 0), at = skipLeb(body, 0); left > 0; left--) {
      count += ulebAt(body, at);
      at = skipLeb(body, at) + 1;
    }
    this.#first = count;
  }

  /** Index of the local for one purpose. */
  local(key: string, type: number): number {
    const known = this.#added.findIndex((each) => each.key === key);
    return this.#first + (known >= 0 ? known : this.#added.push({ key, type }) - 1);
  }

  /** What the body declares before its first instruction. */
  declarations(): Uint8Array {
    const { body } = this.#record;
    const own = body.subarray(skipLeb(body, 0), behindLocals(body));
    const groups = uleb(ulebAt(body, 0) + this.#added.length);
    return Buffer.concat([Uint8Array.from(groups), own, ...this.#added.map(({ type }) => Uint8Array.of(1, type))]);
  }
}

/** What is put in for the load or store at `at`; undefined for what stays, and for other instructions.
 *  @param address index of the global that keeps the pointer */
export function guardedAccess(
  body: Uint8Array,
  at: number,
  scratch: Scratch,
  address: number,
): readonly number[] | undefined {
  const access = accessAt(body, at);
  if (access === undefined || !access.isGuarded) return undefined;
  const { opcode, offset } = access;
  const pointer = uleb(scratch.local('pointer', I32));
  const type = STORED[opcode - FIRST_STORE];
  const value = type === undefined ? [] : uleb(scratch.local(`value ${type}`, type));
  const place = skipLeb(body, at + 1);
  return [
    ...(type === undefined ? [] : [OPCODES.localSet, ...value]),
    ...[OPCODES.localTee, ...pointer, OPCODES.globalSet, ...uleb(address), OPCODES.localGet, ...pointer],
    ...[OPCODES.i32Const, ...sleb(-NULL_ZONE.sizeBytes), OPCODES.i32Add],
    ...(type === undefined ? [] : [OPCODES.localGet, ...value]),
    ...[...body.subarray(at, place), ...uleb(offset + NULL_ZONE.sizeBytes)],
  ];
}

/** The load or store of one number at a place.
 *  @returns whether `guardedAccess` puts something in for it */
export function accessAt(
  body: Uint8Array,
  at: number,
): { readonly opcode: number; readonly offset: number; readonly isGuarded: boolean } | undefined {
  const opcode = body[at]!;
  if (opcode < FIRST_LOAD || opcode > LAST_STORE) return undefined;
  const place = skipLeb(body, at + 1);
  const offset = ulebAt(body, place);
  // Bit 6 of the alignment: the number of a memory stands between.
  const isPlain = (ulebAt(body, at + 1) & 0x40) === 0;
  return { opcode, offset, isGuarded: isPlain && offset < NULL_ZONE.sizeBytes };
}
