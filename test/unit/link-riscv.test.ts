// Each row of the RISC-V relocation table at its limits, and what only this architecture has: halves of an address that
// belong together, padding for alignment, sums at one place, thread-local variables of a single thread.

import { describe, expect, test } from 'vitest';
import type { ObjectFile } from '../../host/elf/object-file.js';
import { readObject } from '../../host/elf/read-object.js';
import type { RelocationRow } from '../../host/link/arch/architecture.js';
import { RV32 } from '../../host/link/arch/riscv.js';
import { alignObject } from '../../host/link/arch/riscv-align.js';
import type { Atom, Target } from '../../host/link/atom.js';
import { applyFixup } from '../../host/link/relocate.js';
import { compileBytes, errorOf, TestBoard } from './link-support.js';

const PLACE = 0x8000_0000;
const ROWS = [...RV32.relocations.values()].filter((row) => row.use !== 'none');
/** All bits of the opcode and of other fields; the second word matters for AUIPC and JALR alone. */
const BACKGROUND = new Uint8Array(8).fill(0x5a);

/** Applies `row` at PLACE to `background` so that its value is `value`. */
function apply(row: RelocationRow, value: number, background: Uint8Array): Uint8Array {
  const bytes = background.slice();
  const view = new DataView(bytes.buffer);
  const target: Target = { kind: 'absolute', addr: 0, thumb: 0 };
  const atom = { addr: PLACE, name: '.text', object: { name: 'input 7' }, start: 0x1c } as unknown as Atom;
  const addend = row.expression.includes('P') ? value + PLACE : value;
  const fixup = { row, offset: 0, addend, symbol: '_Z1fi', target, via: undefined };
  try {
    applyFixup({ arch: RV32, atom, fixup, target, via: undefined }, view, 0);
  } catch (error) {
    expect(bytes, 'nothing is written on error').toEqual(background);
    throw error;
  }
  return bytes;
}

const decode = (row: RelocationRow, bytes: Uint8Array): number => row.form.decode(new DataView(bytes.buffer), 0);
const LIMITED = ROWS.filter((row) => row.max < 2 ** 31 - 1);

test('the rows with limits are the branches', () => {
  expect(Object.fromEntries(LIMITED.map((row) => [row.name, [row.min, row.max]]))).toEqual({
    R_RISCV_BRANCH: [-4096, 4094],
    R_RISCV_JAL: [-(2 ** 20), 2 ** 20 - 2],
    R_RISCV_RVC_BRANCH: [-256, 254],
    R_RISCV_RVC_JUMP: [-2048, 2046],
  });
});

describe.each(LIMITED.map((row) => [row.name, row] as const))('%s', (_, row) => {
  test('takes the smallest and the largest value, each single bit, and gives them back', () => {
    const values = [row.min, row.max, 0, -2];
    for (let bit = 2; bit <= row.max; bit *= 2) values.push(bit, -bit);
    for (const value of values) expect(decode(row, apply(row, value, BACKGROUND))).toBe(value);
  });

  test('refuses the first value beyond, says how far, and writes nothing', () => {
    for (const value of [row.min - 2, row.max + 2]) {
      const error = errorOf(() => apply(row, value, BACKGROUND));
      expect(error.code).toBe('LINK_OUT_OF_RANGE');
      expect(error.message).toContain(`${row.name} in input 7 .text+0x1c: target 0x00000000 (f(int)) is `);
      expect(error.details).toMatchObject({ relocation: row.name, value, min: row.min, max: row.max });
    }
  });

  test('refuses an odd distance', () => {
    expect(errorOf(() => apply(row, 3, BACKGROUND)).code).toBe('LINK_MISALIGNED');
  });
});

/** Bits that the field of `row` owns, in 64: those in which backgrounds of zeros and of ones come out alike. */
function ownedBits(row: RelocationRow): number {
  const [zeros, ones] = [0, 0xff].map((byte) => {
    const bytes = new Uint8Array(8).fill(byte);
    row.form.encode(new DataView(bytes.buffer), 0, 0x1234);
    return bytes;
  }) as [Uint8Array, Uint8Array];
  let count = 0;
  for (let bit = 0; bit < 64; bit++) if ((((zeros[bit >> 3]! ^ ones[bit >> 3]!) >> (bit & 7)) & 1) === 0) count++;
  return count;
}

test('the number of bits each field owns is what the manual says', () => {
  const rows = ROWS.filter(({ name }) => !name.includes('ULEB128'));
  expect(Object.fromEntries(rows.map((row) => [row.name.slice(8), ownedBits(row)]))).toEqual({
    '32': 32,
    BRANCH: 12,
    JAL: 20,
    CALL: 32,
    CALL_PLT: 32,
    GOT_HI20: 20,
    PCREL_HI20: 20,
    PCREL_LO12_I: 12,
    PCREL_LO12_S: 12,
    HI20: 20,
    LO12_I: 12,
    LO12_S: 12,
    TPREL_HI20: 20,
    TPREL_LO12_I: 12,
    TPREL_LO12_S: 12,
    ADD8: 8,
    ADD16: 16,
    ADD32: 32,
    ADD64: 64,
    SUB8: 8,
    SUB16: 16,
    SUB32: 32,
    SUB64: 64,
    RVC_BRANCH: 8,
    RVC_JUMP: 11,
    SUB6: 6,
    SET6: 6,
    SET8: 8,
    SET16: 16,
    SET32: 32,
    '32_PCREL': 32,
    PLT32: 32,
  });
});

test.each([0, 1, 0x7ff, 0x800, 0x801, 0xfff, 0x1000, -1, -0x800, -0x801, 2 ** 31 - 1, -(2 ** 31)])(
  'a call reaches %i bytes from here: upper part and signed lower part add up',
  (value) => {
    const call = RV32.relocations.get(19)!;
    expect(decode(call, apply(call, value, BACKGROUND))).toBe(value);
    const [hi, lo, store] = [26, 27, 28].map((code) => RV32.relocations.get(code)!) as [
      RelocationRow,
      RelocationRow,
      RelocationRow,
    ];
    const parts = [hi, lo].map((row) => decode(row, apply(row, value, BACKGROUND)));
    expect((parts[0]! + parts[1]!) | 0).toBe(value);
    expect(decode(store, apply(store, value, BACKGROUND))).toBe(parts[1]);
  },
);

test('instructions are encoded as the manual has them', () => {
  const word = (code: number, value: number, opcode: number): string => {
    const background = new Uint8Array(8);
    new DataView(background.buffer).setUint32(0, opcode, true);
    return new DataView(apply(RV32.relocations.get(code)!, value, background).buffer).getUint32(0, true).toString(16);
  };
  expect(word(17, -4, 0x6f)).toBe('ffdff06f'); // j . - 4
  expect(word(17, 0x800, 0x6f)).toBe('10006f'); // j . + 0x800
  expect(word(16, -2, 0x63)).toBe('fe000fe3'); // beq zero, zero, . - 2
  expect(word(45, -2, 0xa001)).toBe('bffd'); // c.j . - 2
  expect(word(44, 8, 0xc101)).toBe('c501'); // c.beqz a0, . + 8
});

const assemble = (text: string): ObjectFile =>
  readObject(compileBytes(text, { core: 'rv32', language: 'assembler', flags: [] }), 'input 1');
const FUNCTION = '.section .text.user, "ax"\n.globl user\n.type user, @function\n.p2align 1\nuser:\n';

describe('halves of an address relative to pc', () => {
  test('a half whose label has no HI20 is refused', () => {
    const object = assemble(
      `${FUNCTION} lab: .word 0x13\n.reloc user + 4, R_RISCV_PCREL_LO12_I, lab\n .word 0x00050513\n`,
    );
    const error = errorOf(() => new TestBoard({ core: 'rv32' }).link.stage(object, { input: 1 }));
    expect(error.code).toBe('LINK_BAD_RELOCATION');
    expect(error.message).toBe('R_RISCV_PCREL_LO12_I in input 1 .text.user+0x4: there is no HI20 at its label lab');
  });

  test('a pointer from the GOT is computed instead: no GOT is made', () => {
    const board = new TestBoard({ core: 'rv32' });
    board.add('extern int far; int far = 3;');
    const staged = board.add('extern int far; int *where() { return &far; }', { flags: ['-Os', '-fPIC'] });
    const at = staged.addressOf('_Z5wherev')!;
    const [auipc, addi] = [board.word(at), board.word(at + 4)];
    expect(auipc & 0x7f).toBe(0x17);
    expect(addi & 0x707f).toBe(0x13);
    expect((at + (auipc & 0xffff_f000) + (addi >> 20)) >>> 0).toBe(board.link.addressOf('far'));
  });
});

describe('a function typed again', () => {
  const callOf = (board: TestBoard, at: number): number => {
    const view = new DataView(board.memory.buffer, at - board.target.arena.addr);
    return (at + RV32.relocations.get(19)!.form.decode(view, 0)) >>> 0;
  };

  test('is called by what called the old one: both words of the call are patched', () => {
    const board = new TestBoard({ core: 'rv32' });
    board.add('int f(int a) { return a; } int room[2000];');
    const caller = board.add('int f(int); int g(int a) { return f(a + 1); }').addressOf('_Z1gi')!;
    // addi, then auipc and jr.
    expect(callOf(board, caller + 2)).toBe(board.link.addressOf('_Z1fi'));
    const again = board.add('int pad[3000]; int f(int a) { return pad[a]; }');
    expect(again.patches.map(({ addr, bytes }) => [addr, bytes.length])).toEqual([[caller + 2, 8]]);
    expect(callOf(board, caller + 2)).toBe(board.link.addressOf('_Z1fi'));
  });

  test('whose distance stands in data as a sum of two relocations: both are summed again', () => {
    const board = new TestBoard({ core: 'rv32' });
    board.add('int f(int a) { return a; } int here(int a) { return a; }');
    const staged = board.add(
      'asm(".section .rodata.d,\\"a\\"\\n.globl distance\\n.type distance,@object\\ndistance:\\n.reloc distance, R_RISCV_ADD32, _Z1fi\\n.reloc distance, R_RISCV_SUB32, _Z4herei\\n.word 0\\n.size distance, 4\\n.text");',
    );
    const distance = staged.addressOf('distance')!;
    const expected = () => board.link.addressOf('_Z1fi')! - board.link.addressOf('_Z4herei')!;
    expect(board.word(distance) | 0).toBe(expected());
    board.add('int f(int a) { return a * 3; }');
    expect(board.word(distance) | 0).toBe(expected());
  });
});

test('a thread-local variable is the only one there is: its offset from tp = 0 is its address', () => {
  const board = new TestBoard({ core: 'rv32' });
  const source = 'thread_local int n = 3; int *p() { return &n; }';
  const staged = board.add(source, { flags: ['-Os', '-ftls-model=local-exec'] });
  const at = staged.addressOf('_Z1pv')!;
  const [lui, addi] = [board.word(at), board.word(at + 8)]; // add a0, a0, tp between them
  expect(lui & 0x7f).toBe(0x37);
  expect((((lui & 0xffff_f000) >>> 0) + (addi >> 20)) >>> 0).toBe(staged.addressOf('n'));
  expect(board.word(staged.addressOf('n')!)).toBe(3);
});

test('thread-local models that need a runtime are refused with words', () => {
  const error = errorOf(() =>
    new TestBoard({ core: 'rv32' }).stage('thread_local int n = 3; int f() { return n; }', { flags: ['-Os', '-fPIC'] }),
  );
  expect(error.code).toBe('LINK_UNKNOWN_RELOCATION');
  expect(error.message).toContain('is not known for rv32; thread_local variables are not supported');
});

test('code of an assembler file that says nothing of alignment starts at a whole halfword', () => {
  const object = assemble(
    '.section .rodata.odd, "a"\n.globl odd\n.type odd, @object\nodd: .byte 1\n.size odd, 1\n' +
      '.section .text.user, "ax"\n.balign 1\n.globl user\n.type user, @function\nuser: .half 0x8082\n.size user, 2\n',
  );
  const code = object.sections.find(({ name }) => name === '.text.user')!;
  const { name, machine, kind, flags, entry, symbols } = object;
  const sections = object.sections.map((each) => (each === code ? { ...looseCopy(each), align: 1 } : each));
  const loose = { name, machine, kind, flags, entry, symbols, sections };
  const board = new TestBoard({ core: 'rv32', arena: { addr: 0x2000_0001, sizeBytes: 64 } });
  expect(board.link.stage(loose, { input: 1 }).addressOf('user')! % 2).toBe(0);
});

/** A section as plain data. */
function looseCopy(section: ObjectFile['sections'][number]): ObjectFile['sections'][number] {
  const { index, name, type, flags, addr, sizeBytes, align, entrySize, link, info, bytes, relocations, comdat } =
    section;
  return { index, name, type, flags, addr, sizeBytes, align, entrySize, link, info, bytes, relocations, comdat };
}

describe('R_RISCV_ALIGN', () => {
  const padded = (before: string, section = FUNCTION): ObjectFile =>
    assemble(
      `${section} ${before}\n.reloc mark, R_RISCV_ALIGN, 6\nmark: .word 0x13\n .half 1\nafter: call user\n ret\n.size user, . - user\n`.replace(
        '.p2align 1',
        '.p2align 3',
      ),
    );
  const codeOf = (object: ObjectFile) => object.sections.find(({ name }) => name === '.text.user')!;

  test.each([
    ['nop', 2, 6],
    ['.word 0x13', 4, 4],
    ['nop\n.word 0x13', 6, 2],
    ['.word 0x13, 0x13', 8, 0],
  ])('behind %s keeps the padding that aligns', (before, place, kept) => {
    const object = alignObject(padded(before));
    const code = codeOf(object);
    const after = object.symbols.find(({ name }) => name === 'after')!;
    expect(after.value).toBe(place + kept);
    expect(after.value % 8).toBe(0);
    expect(code.sizeBytes).toBe(place + kept + 10);
    expect(code.bytes.length).toBe(code.sizeBytes);
    expect(object.symbols.find(({ name }) => name === 'user')!.sizeBytes).toBe(code.sizeBytes);
    expect(code.relocations.map(({ offset }) => offset)).toEqual([after.value]);
    const nops = Buffer.from(code.bytes.subarray(place, place + kept)).toString('hex');
    expect(nops).toBe({ 0: '', 2: '0100', 4: '13000000', 6: '130000000100' }[kept]);
  });

  test('an object without it is used as it is, and one with it is changed once', () => {
    const plain = assemble(`${FUNCTION} ret\n`);
    expect(alignObject(plain)).toBe(plain);
    const object = padded('nop');
    expect(alignObject(object)).toBe(alignObject(object));
  });

  test('in a section that is aligned less is refused', () => {
    const object = assemble(`${FUNCTION} nop\n.reloc mark, R_RISCV_ALIGN, 6\nmark: .word 0x13\n .half 1\n ret\n`);
    const error = errorOf(() => alignObject(object));
    expect(error.code).toBe('LINK_BAD_RELOCATION');
    expect(error.message).toContain('it aligns to 8 bytes within a section aligned to 2');
  });

  test('is honoured when an input is linked', () => {
    const board = new TestBoard({ core: 'rv32' });
    const staged = board.commit(board.link.stage(padded('nop\n.word 0x13'), { input: 1 }));
    expect(staged.blocks[0]!.bytes.length).toBe(6 + 2 + 10);
  });
});
