// WebAssembly objects as ELF ones: functions become records, and damage is told.

import { describe, expect, test } from 'vitest';
import { behindInstruction, behindLocals } from '../../boards/sim/wasm/instructions.js';
import { makeBody, placeInBody } from '../../boards/sim/wasm/make-body.js';
import { recordAt } from '../../boards/sim/wasm/record.js';
import { resultAs } from '../../boards/sim/wasm/results.js';
import { readObject } from '../../host/elf/read-object.js';
import { LinkSession } from '../../host/link/session.js';
import { RECORD_KINDS, RECORD_MAGIC } from '../../protocol/wasm-function.js';

const text = (value: string): number[] => [value.length, ...Buffer.from(value)];
const section = (id: number, ...contents: number[]): number[] => [id, contents.length, ...contents];
const named = (name: string, ...contents: number[]): number[] => section(0, ...text(name), ...contents);
const MAGIC = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
const LEB = [0x80, 0x80, 0x80, 0x80, 0];

/** `int f() { return g() + n; }`, with `g` and `n` elsewhere, and the global `name` in use. */
function objectOf(name = '__stack_pointer'): Uint8Array {
  const body = [0, 0x10, ...LEB, 0x41, 0, 0x28, 2, ...LEB, 0x6a, 0x23, ...LEB, 0x1a, 0x0b];
  return Uint8Array.from([
    ...MAGIC,
    ...section(1, 1, 0x60, 0, 1, 0x7f),
    ...section(2, 2, ...text('env'), ...text('g'), 0, 0, ...text('env'), ...text(name), 3, 0x7f, 1),
    ...section(3, 1, 0),
    ...section(10, 1, body.length, ...body),
    ...named('linking', 2, 8, 18, 4, 0, 0x10, 0, 0, 0, 1, ...text('f'), 1, 0x10, ...text('n'), 2, 0x10, 0, 0, 0),
    ...named('reloc.CODE', 3, 3, 0, 4, 0, 3, 13, 2, 0, 7, 20, 3),
  ]);
}

const linked = (bytes: Uint8Array): ReturnType<LinkSession['stage']> => {
  const arena = { addr: 0x50000, sizeBytes: 0x10000 };
  const linker = new LinkSession({ arch: 'wasm32', arena, heapBytes: 0, archives: [] });
  return linker.stage(readObject(bytes, 'input 1'), { input: 1 });
};

describe('an object file', () => {
  test('has a section for each function, whose calls and addresses are relocations', () => {
    const object = readObject(objectOf(), 'input 1');
    expect(object.machine).toBe('wasm');
    const code = object.sections.find(({ name }) => name === '.text.f')!;
    const words = new DataView(code.bytes.buffer, code.bytes.byteOffset);
    expect([words.getUint32(0, true), words.getUint32(4, true)]).toEqual([RECORD_MAGIC, RECORD_KINDS.function]);
    expect(code.relocations.map(({ type, symbol }) => [type, object.symbols[symbol]!.name])).toEqual([
      [0, ''], // where it stands itself
      [0, 'g'],
      [3, 'n'],
    ]);
  });

  test('whose names are nowhere is refused with all of them', () => {
    expect(() => linked(objectOf())).toThrow(
      expect.objectContaining({ code: 'LINK_UNDEFINED', message: expect.stringMatching(/\bg\b[\s\S]*\bn\b/) }),
    );
  });

  test('that uses a global of its own is refused', () => {
    expect(() => readObject(objectOf('__tls_base'), 'input 1')).toThrow(
      expect.objectContaining({
        code: 'WASM_UNSUPPORTED',
        message: 'input 1 uses the global __tls_base, which is known to no executor',
      }),
    );
  });

  test('that is cut short anywhere is refused, and nothing else happens', () => {
    const whole = objectOf();
    for (let length = 8; length < whole.length; length++) {
      const read = (): unknown => readObject(whole.slice(0, length), 'input 1').sections.length;
      try {
        read();
      } catch (error) {
        expect((error as { code: string }).code).toMatch(/^WASM_(?:DAMAGED|NO_OBJECT)$/);
      }
    }
    expect(() => readObject(whole.slice(0, 20), 'input 1')).toThrow(/^input 1 is damaged at byte 0x/);
  });

  test('whose data is aligned to more than memory has is refused with how much', () => {
    const aligned = Uint8Array.from([
      ...MAGIC,
      ...section(11, 1, 0, 0x41, 0, 0x0b, 1, 7),
      ...named('linking', 2, 5, 8, 1, ...text('.data'), 40, 0),
    ]);
    expect(() => readObject(aligned, 'input 1')).toThrow(
      /^input 1 is damaged at byte 0x\w+: a data segment is aligned to 2\^40, at most 2\^16 is known$/,
    );
  });

  test('that uses a relocation of another kind is refused when it is linked', () => {
    const tagged = objectOf();
    const place = Buffer.from(tagged).indexOf(Buffer.from([3, 13, 2, 0]));
    tagged[place] = 10; // R_WASM_TAG_INDEX_LEB, which has no addend
    const shorter = Uint8Array.from([...tagged.subarray(0, place + 3), ...tagged.subarray(place + 4)]);
    const reloc = Buffer.from(shorter).indexOf('reloc.CODE');
    shorter[reloc - 2] = shorter[reloc - 2]! - 1;
    expect(() => linked(shorter)).toThrow(expect.objectContaining({ code: 'LINK_UNKNOWN_RELOCATION' }));
  });

  test('that is a finished module is refused with what to do', () => {
    expect(() => readObject(Uint8Array.from(MAGIC), 'a.wasm')).toThrow(
      expect.objectContaining({
        code: 'WASM_NO_OBJECT',
        message: 'a.wasm is a finished WebAssembly module and no object file: compile it with -c',
      }),
    );
  });
});

const INDICES = {
  typeIndex: () => 0,
  stackPointer: 0,
  attend: 0,
  address: 1,
  slotOf: () => 7,
  typeAt: () => undefined,
};

describe('a record in memory', () => {
  /** loop, a call, br 0 */
  const body = [0, 0x03, 0x40, 0x10, ...LEB, 0x0c, 0, 0x0b, 0x0b];
  const record = (() => {
    const memory = new Uint8Array(256);
    const words = [RECORD_MAGIC, RECORD_KINDS.function, 64, body.length, 1, 4, 1, 4, 0x5_0000];
    new Uint32Array(memory.buffer).set(words, 16);
    memory.set([1, 0x60, 0, 0, ...body], 64 + 36);
    const found = recordAt(memory, new DataView(memory.buffer), 64);
    expect(recordAt(memory, new DataView(memory.buffer), 68)).toBeUndefined();
    return found?.kind === 'function' ? found : expect.fail('no function');
  })();

  test('becomes a body whose loops ask and whose calls go through the table, and every place is found again', () => {
    const made = makeBody(record, INDICES);
    const bytes = [...made.bytes];
    const call = bytes.indexOf(0x11);
    expect(bytes.slice(call - 2, call + 3)).toEqual([0x41, 7, 0x11, 0, 0]);
    const question = bytes.indexOf(0x28);
    expect(bytes.slice(question, question + 5)).toEqual([0x28, 2, 0, 0x0d, 1]);
    expect(placeInBody(made, call)).toBe(3);
    expect(placeInBody(made, bytes.length - 1)).toBe(body.length - 1);
    for (let at = 1; at < bytes.length; at = behindInstruction(made.bytes, at)) expect(at).toBeLessThan(bytes.length);
  });

  test('has its loads and stores guarded where a null pointer could come from, and each number its local', () => {
    // Two locals of 64 bits; i32.load 8 of a parameter, f64.store 16, i32.load of a variable by index.
    const code = [1, 2, 0x7e, 0x20, 0, 0x28, 2, 8, 0x1a, 0x20, 0, 0x44, ...new Array(8).fill(0), 0x39, 3, 16];
    const more = [0x20, 0, 0x28, 2, 0x80, 0x80, 0x14, 0x1a, 0x0b];
    const made = makeBody(
      {
        ...record,
        references: [],
        types: [Uint8Array.of(0x60, 1, 0x7f, 0)],
        body: Uint8Array.from([...code, ...more]),
      },
      INDICES,
    );
    const bytes = Buffer.from(made.bytes);
    expect([...bytes.subarray(0, 7)]).toEqual([3, 2, 0x7e, 1, 0x7f, 1, 0x7c]);
    const guard = (local: number): number[] => [0x22, local, 0x24, 1, 0x20, local, 0x41, 0x80, 0x78, 0x6a];
    expect(bytes.includes(Buffer.from([...guard(3), 0x28, 2, 0x88, 8]))).toBe(true);
    expect(bytes.includes(Buffer.from([0x21, 4, ...guard(3), 0x20, 4, 0x39, 3, 0x90, 8]))).toBe(true);
    expect(bytes.includes(Buffer.from([0x20, 0, 0x28, 2, 0x80, 0x80, 0x14]))).toBe(true);
    expect(placeInBody(made, bytes.indexOf(0x39))).toBe(code.length - 3);
  });

  test('that calls what has another result by now makes an integer of it, and else leaves the call to trap', () => {
    const to = (result: number[], params = [0x7f]): Uint8Array =>
      Uint8Array.of(0x60, params.length, ...params, result.length, ...result);
    const [none, i32, i64, f64] = [to([]), to([0x7f]), to([0x7e]), to([0x7c])];
    expect(resultAs(i32, i64)).toEqual([0xa7]);
    expect(resultAs(i64, i32)).toEqual([0xac]);
    expect(resultAs(none, f64)).toEqual([0x1a]);
    expect(resultAs(i32, none)).toEqual([0x41, 0]);
    expect(resultAs(i32, f64)).toBeUndefined();
    expect(resultAs(i32, to([0x7e], [0x7e]))).toBeUndefined();
    const made = makeBody(
      { ...record, types: [Uint8Array.of(0x60, 0, 1, 0x7f)] },
      { ...INDICES, typeAt: () => Uint8Array.of(0x60, 0, 1, 0x7e), typeIndex: (type) => type[3]! },
    );
    expect(Buffer.from(made.bytes).includes(Buffer.from([0x11, 0x7e, 0, 0xa7]))).toBe(true);
  });

  test('with more locals or labels than it has bytes is told at once', () => {
    expect(() => behindLocals(Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0x0f, 1))).toThrow('unknown instruction');
    expect(() => behindInstruction(Uint8Array.of(0x0e, 0xff, 0xff, 0xff, 0xff, 0x0f, 1), 0)).toThrow(
      'unknown instruction 0xe at 0',
    );
  });

  test('with an instruction that is none is told', () => {
    expect(() => behindInstruction(Uint8Array.of(0xff), 0)).toThrow('unknown instruction 0xff at 0');
  });
});
