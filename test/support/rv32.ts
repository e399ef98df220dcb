// A RISC-V core of the kind RV32IMC, in machine mode: what is needed to run an image of the stub whose chip no simulator
// knows. The chip around it (memory, interrupts) comes as a `Bus`. RISC-V Unprivileged ISA 20191213; Privileged 1.11.

import { expand } from './rv32-expand.js';

export const CAUSE = { fetch: 1, illegal: 2, breakpoint: 3, load: 5, store: 7, ecall: 11 } as const;

/** An exception: the core goes to its handler. */
export class Trap {
  constructor(
    readonly cause: number,
    readonly value: number,
  ) {}
}

export interface Bus {
  /** @throws Trap */
  fetch16(addr: number): number;
  /** @param size in bytes: 1, 2 or 4 @throws Trap */
  load(addr: number, size: number): number;
  /** @throws Trap */
  store(addr: number, size: number, value: number): void;
  /** Number of the interrupt that asks for the core now; 0 for none. */
  interrupt(): number;
}

const MSTATUS = 0x300;
const MTVEC = 0x305;
const MSCRATCH = 0x340;
const MEPC = 0x341;
const MCAUSE = 0x342;
const MTVAL = 0x343;
const PMPCFG0 = 0x3a0;
const PMPADDR0 = 0x3b0;
const MIE = 1 << 3;
const MPIE = 1 << 7;
const MPP = 3 << 11;

const EXPANDED = new Uint32Array(65_536);

/** An instruction of 16 bits as one of 32; 0 when there is none. */
function expanded(code: number): number {
  if (EXPANDED[code] === 0) EXPANDED[code] = expand(code) ?? 0;
  return EXPANDED[code]!;
}

export class Rv32 {
  readonly x = new Int32Array(32);
  pc = 0;
  /** Only these are there; any other is an illegal instruction. */
  readonly csrs = new Map<number, number>([
    [MSTATUS, MPP],
    [0x301, 0x4000_1104], // misa: I, M, C
    [MTVEC, 1],
    [MSCRATCH, 0],
    [MEPC, 0],
    [MCAUSE, 0],
    [MTVAL, 0],
    ...[0, 1, 2, 3].map((i): [number, number] => [PMPCFG0 + i, 0]),
    ...Array.from({ length: 16 }, (_, i): [number, number] => [PMPADDR0 + i, 0]),
  ]);

  constructor(private readonly bus: Bus) {}

  csr(number: number): number {
    return this.csrs.get(number)! >>> 0;
  }

  /** Locked regions are the only ones that bind machine mode. TOR alone; entry n from the address of n - 1. */
  protects(addr: number): boolean {
    const cfg = this.csr(PMPCFG0);
    for (let entry = 1; entry < 4; entry++) {
      const bitsOf = (cfg >>> (8 * entry)) & 0xff;
      if ((bitsOf & 0x9a) !== 0x88) continue; // L, TOR, and no W
      const word = addr >>> 2;
      if (word >= this.csr(PMPADDR0 + entry - 1) && word < this.csr(PMPADDR0 + entry)) return true;
    }
    return false;
  }

  /** One instruction, or the way into a handler. */
  step(): void {
    const asks = this.csr(MSTATUS) & MIE ? this.bus.interrupt() : 0;
    if (asks !== 0) {
      this.enter((0x8000_0000 | asks) >>> 0, 0, 4 * asks);
      return;
    }
    const { pc } = this;
    try {
      this.execute();
      this.x[0] = 0;
    } catch (trap) {
      if (!(trap instanceof Trap)) throw trap;
      this.x[0] = 0;
      this.pc = pc;
      this.enter(trap.cause, trap.value, 0);
    }
  }

  private enter(cause: number, value: number, vector: number): void {
    const status = this.csr(MSTATUS);
    this.csrs.set(MEPC, this.pc);
    this.csrs.set(MCAUSE, cause);
    this.csrs.set(MTVAL, value);
    this.csrs.set(MSTATUS, (status & ~(MIE | MPIE)) | (status & MIE ? MPIE : 0) | MPP);
    this.pc = (this.csr(MTVEC) & ~0xff) + vector;
  }

  private execute(): void {
    const { bus, x } = this;
    const at = this.pc;
    const half = bus.fetch16(at);
    const isShort = (half & 3) !== 3;
    const code = isShort ? expanded(half) : half | (bus.fetch16(at + 2) << 16);
    const next = (at + (isShort ? 2 : 4)) >>> 0;
    const rd = (code >>> 7) & 31;
    const funct3 = (code >>> 12) & 7;
    const a = x[(code >>> 15) & 31]!;
    const b = x[(code >>> 20) & 31]!;
    this.pc = next;
    switch (code & 0x7f) {
      case 0x37:
        x[rd] = code & ~0xfff;
        return;
      case 0x17:
        x[rd] = at + (code & ~0xfff);
        return;
      case 0x6f: {
        const imm = ((code >> 31) << 20) | (code & 0xff000) | ((code >>> 9) & 0x800) | ((code >>> 20) & 0x7fe);
        x[rd] = next;
        this.pc = (at + imm) >>> 0;
        return;
      }
      case 0x67:
        x[rd] = next;
        this.pc = ((a + (code >> 20)) & ~1) >>> 0;
        return;
      case 0x63: {
        const imm = ((code >> 31) << 12) | ((code << 4) & 0x800) | ((code >>> 20) & 0x7e0) | ((code >>> 7) & 0x1e);
        if (this.taken(funct3, a, b, code)) this.pc = (at + imm) >>> 0;
        return;
      }
      case 0x03: {
        const size = 1 << (funct3 & 3);
        if (size > 4 || funct3 > 5) throw new Trap(CAUSE.illegal, code >>> 0);
        const value = bus.load((a + (code >> 20)) >>> 0, size);
        x[rd] = funct3 === 0 ? (value << 24) >> 24 : funct3 === 1 ? (value << 16) >> 16 : value;
        return;
      }
      case 0x23: {
        const addr = (a + (((code >> 25) << 5) | rd)) >>> 0;
        if (funct3 > 2) throw new Trap(CAUSE.illegal, code >>> 0);
        if (this.protects(addr)) throw new Trap(CAUSE.store, addr);
        bus.store(addr, 1 << funct3, b);
        return;
      }
      case 0x13:
        x[rd] = this.compute(funct3, a, code >> 20, (funct3 & 3) === 1 ? code >>> 25 : 0, code);
        return;
      case 0x33:
        x[rd] = code >>> 25 === 1 ? multiply(funct3, a, b) : this.compute(funct3, a, b, code >>> 25, code);
        return;
      case 0x0f:
        return; // fence
      case 0x73:
        this.system(code, rd, funct3, a);
        return;
      default:
        throw new Trap(CAUSE.illegal, isShort ? half : code >>> 0);
    }
  }

  private taken(funct3: number, a: number, b: number, code: number): boolean {
    switch (funct3) {
      case 0:
        return a === b;
      case 1:
        return a !== b;
      case 4:
        return a < b;
      case 5:
        return a >= b;
      case 6:
        return a >>> 0 < b >>> 0;
      case 7:
        return a >>> 0 >= b >>> 0;
      default:
        throw new Trap(CAUSE.illegal, code >>> 0);
    }
  }

  private compute(funct3: number, a: number, b: number, funct7: number, code: number): number {
    if (funct7 !== 0 && !(funct7 === 0x20 && (funct3 === 0 || funct3 === 5))) throw new Trap(CAUSE.illegal, code >>> 0);
    switch (funct3) {
      case 0:
        return funct7 === 0x20 ? a - b : a + b;
      case 1:
        return a << (b & 31);
      case 2:
        return a < b ? 1 : 0;
      case 3:
        return a >>> 0 < b >>> 0 ? 1 : 0;
      case 4:
        return a ^ b;
      case 5:
        return funct7 === 0x20 ? a >> (b & 31) : a >>> (b & 31);
      case 6:
        return a | b;
      default:
        return a & b;
    }
  }

  private system(code: number, rd: number, funct3: number, a: number): void {
    const number = code >>> 20;
    if (funct3 === 0) {
      if (code === 0x3020_0073) {
        const status = this.csr(MSTATUS);
        this.csrs.set(MSTATUS, (status & ~MIE) | (status & MPIE ? MIE : 0) | MPIE);
        this.pc = this.csr(MEPC);
        return;
      }
      if (code === 0x1050_0073) return; // wfi may do nothing
      if (number === 1) throw new Trap(CAUSE.breakpoint, this.pc);
      throw new Trap(number === 0 ? CAUSE.ecall : CAUSE.illegal, code >>> 0);
    }
    const old = this.csrs.get(number);
    if (old === undefined || funct3 === 4) throw new Trap(CAUSE.illegal, code >>> 0);
    const source = (code >>> 15) & 31;
    const operand = funct3 & 4 ? source : a;
    const how = funct3 & 3;
    if (how === 1 || source !== 0) {
      this.csrs.set(number, how === 1 ? operand : how === 2 ? old | operand : old & ~operand);
    }
    this.x[rd] = old;
  }
}

function multiply(funct3: number, a: number, b: number): number {
  switch (funct3) {
    case 0:
      return Math.imul(a, b);
    case 1:
      return Number((BigInt(a) * BigInt(b)) >> 32n);
    case 2:
      return Number((BigInt(a) * BigInt(b >>> 0)) >> 32n);
    case 3:
      return Number((BigInt(a >>> 0) * BigInt(b >>> 0)) >> 32n) | 0;
    case 4:
      return b === 0 ? -1 : (a / b) | 0;
    case 5:
      return b === 0 ? -1 : ((a >>> 0) / (b >>> 0)) | 0;
    case 6:
      return b === 0 ? a : (a % b) | 0;
    default:
      return b === 0 ? a : ((a >>> 0) % (b >>> 0)) | 0;
  }
}
