// Instructions of 16 bits as those of 32 bits that do the same. RISC-V Unprivileged ISA, "C" extension, tables 16.5 to 16.7.

const bits = (value: number, high: number, low: number): number => (value >>> low) & ((1 << (high - low + 1)) - 1);
/** Bits `from` (list of positions in the instruction, the highest first) as they lie in `to`, the same way. */
function immediate(code: number, places: readonly (readonly [from: number, to: number])[], signBit?: number): number {
  let value = 0;
  for (const [from, to] of places) value |= ((code >>> from) & 1) << to;
  if (signBit !== undefined && (value >>> signBit) & 1) value |= -1 << signBit;
  return value;
}
const run = (from: number, to: number, count: number): [number, number][] =>
  Array.from({ length: count }, (_, i) => [from + i, to + i]);

const OP = { load: 0x03, imm: 0x13, store: 0x23, op: 0x33, lui: 0x37, branch: 0x63, jalr: 0x67, jal: 0x6f };

const iType = (op: number, funct3: number, rd: number, rs1: number, imm: number): number =>
  ((imm & 0xfff) << 20) | (rs1 << 15) | (funct3 << 12) | (rd << 7) | op;
const rType = (funct7: number, funct3: number, rd: number, rs1: number, rs2: number): number =>
  (funct7 << 25) | (rs2 << 20) | (rs1 << 15) | (funct3 << 12) | (rd << 7) | OP.op;
const sw = (rs1: number, rs2: number, imm: number): number =>
  (bits(imm, 11, 5) << 25) | (rs2 << 20) | (rs1 << 15) | (2 << 12) | (bits(imm, 4, 0) << 7) | OP.store;
const branch = (funct3: number, rs1: number, imm: number): number =>
  (bits(imm, 12, 12) << 31) |
  (bits(imm, 10, 5) << 25) |
  (rs1 << 15) |
  (funct3 << 12) |
  (bits(imm, 4, 1) << 8) |
  (bits(imm, 11, 11) << 7) |
  OP.branch;
const jal = (rd: number, imm: number): number =>
  (bits(imm, 20, 20) << 31) |
  (bits(imm, 10, 1) << 21) |
  (bits(imm, 11, 11) << 20) |
  (bits(imm, 19, 12) << 12) |
  (rd << 7) |
  OP.jal;

/** @returns the instruction of 32 bits; undefined when there is none */
export function expand(code: number): number | undefined {
  const funct3 = bits(code, 15, 13);
  const rd = bits(code, 11, 7);
  const rs2 = bits(code, 6, 2);
  const low1 = 8 + bits(code, 9, 7); // rs1'
  const low2 = 8 + bits(code, 4, 2); // rd', rs2'
  const imm6 = immediate(code, [...run(2, 0, 5), [12, 5]], 5);
  switch ((bits(code, 1, 0) << 3) | funct3) {
    case 0o00: {
      const offset = immediate(code, [...run(11, 4, 2), ...run(7, 6, 4), [6, 2], [5, 3]]);
      return offset === 0 ? undefined : iType(OP.imm, 0, low2, 2, offset); // c.addi4spn
    }
    case 0o02:
    case 0o06: {
      const offset = immediate(code, [...run(10, 3, 3), [6, 2], [5, 6]]);
      return funct3 === 2 ? iType(OP.load, 2, low2, low1, offset) : sw(low1, low2, offset); // c.lw, c.sw
    }
    case 0o10:
      return iType(OP.imm, 0, rd, rd, imm6); // c.addi
    case 0o11:
    case 0o15: {
      const places = [...run(3, 1, 3), [11, 4], [2, 5], [7, 6], [6, 7], ...run(9, 8, 2), [8, 10], [12, 11]];
      return jal(funct3 === 1 ? 1 : 0, immediate(code, places as [number, number][], 11)); // c.jal, c.j
    }
    case 0o12:
      return iType(OP.imm, 0, rd, 0, imm6); // c.li
    case 0o13: {
      if (rd !== 2) return imm6 === 0 ? undefined : (imm6 << 12) | (rd << 7) | OP.lui; // c.lui
      const offset = immediate(code, [[6, 4], [2, 5], [5, 6], ...run(3, 7, 2), [12, 9]], 9);
      return offset === 0 ? undefined : iType(OP.imm, 0, 2, 2, offset); // c.addi16sp
    }
    case 0o14:
      return arithmetic(code, low1, low2, imm6);
    case 0o16:
    case 0o17: {
      const places = [...run(3, 1, 2), ...run(10, 3, 2), [2, 5], ...run(5, 6, 2), [12, 8]];
      return branch(funct3 === 6 ? 0 : 1, low1, immediate(code, places as [number, number][], 8)); // c.beqz, c.bnez
    }
    case 0o20:
      return bits(code, 12, 12) ? undefined : iType(OP.imm, 1, rd, rd, rs2); // c.slli
    case 0o22: {
      const offset = immediate(code, [...run(4, 2, 3), [12, 5], ...run(2, 6, 2)]);
      return rd === 0 ? undefined : iType(OP.load, 2, rd, 2, offset); // c.lwsp
    }
    case 0o24:
      return registers(bits(code, 12, 12), rd, rs2);
    case 0o26:
      return sw(2, rs2, immediate(code, [...run(9, 2, 4), ...run(7, 6, 2)])); // c.swsp
    default:
      return undefined;
  }
}

function arithmetic(code: number, rd: number, rs2: number, imm: number): number | undefined {
  switch (bits(code, 11, 10)) {
    case 0:
      return bits(code, 12, 12) ? undefined : iType(OP.imm, 5, rd, rd, imm & 31); // c.srli
    case 1:
      return bits(code, 12, 12) ? undefined : iType(OP.imm, 5, rd, rd, 0x400 | (imm & 31)); // c.srai
    case 2:
      return iType(OP.imm, 7, rd, rd, imm); // c.andi
    default: {
      if (bits(code, 12, 12)) return undefined;
      const which = [
        [0x20, 0], // c.sub
        [0, 4], // c.xor
        [0, 6], // c.or
        [0, 7], // c.and
      ][bits(code, 6, 5)]!;
      return rType(which[0]!, which[1]!, rd, rd, rs2);
    }
  }
}

function registers(bit12: number, rd: number, rs2: number): number | undefined {
  if (rs2 !== 0) return rType(0, 0, rd, bit12 ? rd : 0, rs2); // c.add, c.mv
  if (rd === 0) return bit12 ? 0x0010_0073 : undefined; // c.ebreak
  return iType(OP.jalr, 0, bit12 ? 1 : 0, rd, 0); // c.jalr, c.jr
}
