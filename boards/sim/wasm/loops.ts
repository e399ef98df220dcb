// How a loop asks whether something is to be done, before each of its turns.
//
//   loop                     loop
//     body                     block
//     br_if 0                    block
//   end                            loop
//                                    attention? then br_if 1
//                                    body
//                                    br_if 0
//                                  end
//                                  br 1, leave
//                                end
//                                call attend, br 1
//                              end
//                            end
//
// The load and its branch cost little; a call in the loop, even one that is never made, keeps engines from holding the
// loop's values in registers, and made sorting 1.9 times slower instead of 1.2. So the call stands outside, and the loop
// is entered anew. A counter that spares most of the loads is no quicker. What branches out of a loop has
// three labels more to count.

import { behindInstruction, OPCODES, skipLeb, ulebAt } from './instructions.js';
import { ATTENTION_ADDR } from './layout.js';
import { sleb, uleb } from './leb.js';

const NOTHING = 0x40;
const MORE_LABELS = 3;
const LOAD = [OPCODES.i32Const, ...sleb(ATTENTION_ADDR), OPCODES.i32Load, 2, 0];
/** Types of blocks that take nothing and leave one value at most; what else there is are numbers of types. */
const isPlain = (type: number): boolean => (type & 0xc0) === 0x40;

/** Rewrites the loops of one function, instruction by instruction. */
export class Loops {
  /** Blocks that are open; of loops that were rewritten, the place that a call of `attend` is said to be at. */
  readonly #open: (number | undefined)[] = [];

  /** @param attend number of the function to call */
  constructor(readonly attend: number) {}

  /** What is put behind an instruction that opens or closes a loop, and the place in the body that it is said to be at. */
  behind(body: Uint8Array, at: number): { readonly place: number; readonly bytes: readonly number[] } | undefined {
    const call = [OPCODES.call, ...uleb(this.attend)];
    const opcode = body[at];
    if (opcode === OPCODES.block || opcode === OPCODES.if) this.#open.push(undefined);
    else if (opcode === OPCODES.loop) {
      const type = body[at + 1]!;
      const place = firstDeed(body, behindInstruction(body, at));
      this.#open.push(isPlain(type) ? place : undefined);
      if (!isPlain(type)) return { place, bytes: [...LOAD, OPCODES.if, NOTHING, ...call, OPCODES.end] };
      const opening = [OPCODES.block, type, OPCODES.block, NOTHING, OPCODES.loop, type];
      return { place, bytes: [...opening, ...LOAD, OPCODES.brIf, 1] };
    } else if (opcode === OPCODES.end) {
      const place = this.#open.pop();
      if (place === undefined) return undefined;
      return { place, bytes: [OPCODES.br, 1, OPCODES.end, ...call, OPCODES.br, 1, OPCODES.end, OPCODES.end] };
    }
    return undefined;
  }

  /** A branch with the labels that it needs now; undefined where they stay, and for other instructions. */
  branch(body: Uint8Array, at: number): readonly number[] | undefined {
    const opcode = body[at]!;
    const isTable = opcode === OPCODES.brTable;
    if (!isTable && opcode !== OPCODES.br && opcode !== OPCODES.brIf) return undefined;
    let place = at + 1;
    const next = (): number => {
      const value = ulebAt(body, place);
      place = skipLeb(body, place);
      return value;
    };
    const count = isTable ? next() : 0;
    const old = Array.from({ length: count + 1 }, next);
    const labels = old.map((label) => label + MORE_LABELS * this.#loopsLeft(label));
    if (labels.every((label, index) => label === old[index])) return undefined;
    return [opcode, ...(isTable ? uleb(count) : []), ...labels.flatMap(uleb)];
  }

  /** Rewritten loops that a branch leaves; the label of one is now its inner loop's. */
  #loopsLeft(label: number): number {
    return this.#open.slice(this.#open.length - label).filter((place) => place !== undefined).length;
  }
}

/** Place of the first instruction from `at` on that does something: debug information gives a loop itself, and the
 *  constants that code begins with, the line of what stands before. */
function firstDeed(body: Uint8Array, at: number): number {
  let place = at;
  while (place < body.length && PREPARES.has(body[place]!)) place = behindInstruction(body, place);
  return Math.min(place, body.length - 1);
}

/** block, loop, local.get, global.get, constants. */
const PREPARES: ReadonlySet<number> = new Set([0x02, 0x03, 0x20, 0x23, 0x41, 0x42, 0x43, 0x44]);
