// The faults that boards/sim puts into rp2040js's core, held against the Armv6-M manual. Programs are halfwords; the
// handlers are endless loops, so that a core that is in one stays there to be looked at.

import { RP2040 } from 'rp2040js';
import { describe, expect, it } from 'vitest';
import { isDefined } from '../../boards/sim/armv6m-opcodes.js';
import { FAULT, type FaultingCore, installFaultingCore } from '../../boards/sim/rp2040-core.js';

const VECTORS = 0x2000_0000;
const LOOP = 0x2000_0100;
const PROGRAM = 0x2000_1000;
const MAIN_STACK = 0x2000_3000;
const PROCESS_STACK = 0x2000_2000;
const THUMB_BIT = 1 << 24;
const PENDSV = 14;

interface Setup {
  readonly registers?: readonly number[];
  /** Run on PSP, at this address. */
  readonly process?: number;
  /** In place of the loop that all vectors lead to. */
  readonly hardFault?: readonly number[];
  readonly before?: (core: FaultingCore) => void;
}

function load(core: FaultingCore, addr: number, halfwords: readonly number[]): void {
  for (const [index, value] of halfwords.entries())
    core.rp2040.sramView.setUint16(addr - VECTORS + 2 * index, value, true);
}

function coreWith(
  program: readonly number[],
  { registers = [], process, hardFault, before }: Setup = {},
): FaultingCore {
  const chip = new RP2040();
  chip.logger = { debug() {}, info() {}, warn() {}, error() {} };
  const core = installFaultingCore(chip);
  core.VTOR = VECTORS;
  load(core, LOOP, [0xe7fe]);
  if (hardFault) load(core, LOOP + 0x20, hardFault);
  for (let vector = 1; vector < 48; vector++) {
    chip.sramView.setUint32(4 * vector, (vector === 3 && hardFault ? LOOP + 0x20 : LOOP) | 1, true);
  }
  load(core, PROGRAM, program);
  core.SP = MAIN_STACK;
  for (const [index, value] of registers.entries()) core.registers[index] = value;
  core.LR = 0x2000_0aab;
  core.PC = PROGRAM;
  if (process !== undefined) {
    core.writeSpecialRegister(20, 2);
    core.SP = process;
  }
  before?.(core);
  return core;
}

/** Runs until the core is in a handler, or has done so many instructions. */
function run(program: readonly number[], setup: Setup = {}, steps = 20): FaultingCore {
  const core = coreWith(program, setup);
  step(core, steps);
  return core;
}

function step(core: FaultingCore, steps: number): void {
  for (let left = steps; left > 0 && !core.waiting; left--) {
    try {
      core.executeInstruction();
    } catch (cause) {
      if (cause !== FAULT) throw cause;
      core.takeFault();
    }
  }
}

const word = (core: FaultingCore, addr: number): number => core.rp2040.sramView.getUint32(addr - VECTORS, true);
const stackedPc = (core: FaultingCore): number => word(core, core.SPmain + 24);
const stackedPsr = (core: FaultingCore): number => word(core, core.SPmain + 28);

const nowhere = 0x6000_0000;

describe('HardFault', () => {
  it.each<[string, number[], number[], number]>([
    ['a read where nothing is', [0xbf00, 0x6808], [0, nowhere], PROGRAM + 2], // nop; ldr r0, [r1]
    ['a byte read where nothing is', [0x7808], [0, nowhere], PROGRAM],
    ['a halfword read where nothing is', [0x8808], [0, nowhere], PROGRAM],
    ['a write where nothing is', [0x6008], [0, nowhere], PROGRAM],
    ['a byte write where nothing is', [0x7008], [0, nowhere], PROGRAM],
    ['a write to flash beside the cache', [0x6008], [0, 0x1300_0000], PROGRAM],
    ['an access behind SRAM', [0x6808], [0, 0x2004_2000], PROGRAM],
    ['an access between peripherals', [0x6808], [0, 0x4006_8000], PROGRAM],
    ['an unaligned word', [0x6808], [0, PROGRAM + 2], PROGRAM],
    ['an unaligned halfword', [0x8008], [0, PROGRAM + 1], PROGRAM],
    ['an unaligned list', [0xc904], [0, PROGRAM + 1], PROGRAM], // ldm r1!, {r2}
    ['an undefined instruction', [0xde00], [], PROGRAM],
    ['an encoding that nobody uses', [0xb100], [], PROGRAM],
    ['an instruction of larger cores', [0xfbb0, 0xf0f1], [], PROGRAM], // udiv
    ['a breakpoint', [0xbe2a], [], PROGRAM],
    ['a jump to nothing', [0x4708], [0, nowhere | 1], nowhere], // bx r1
    ['a jump into a peripheral', [0x4708], [0, 0x4003_4001], 0x4003_4000],
    ['a jump to an even address', [0x4708], [0, LOOP], LOOP],
    ['a call of an even address', [0x4788], [0, LOOP], LOOP], // blx r1
    ['a call of null', [0x4788], [0, 0], 0],
  ])('comes of %s, with the address of the culprit', (_, program, registers, pc) => {
    const core = run(program, { registers });
    expect(core.IPSR).toBe(3);
    expect(stackedPc(core)).toBe(pc);
  });

  it('comes of a return to an even address', () => {
    const core = run([0xb500, 0x2000, 0x9000, 0xbd00]); // push {lr}; movs r0, #0; str r0, [sp]; pop {pc}
    expect(core.IPSR).toBe(3);
    expect(stackedPc(core)).toBe(0);
    expect(stackedPsr(core) & THUMB_BIT).toBe(0);
  });

  it('saves the frame of the manual and says where on which stack', () => {
    const registers = [1, nowhere, 3, 4];
    const main = run([0x6808], { registers });
    expect(main.LR).toBe(0xffff_fff9);
    const frame = Array.from({ length: 8 }, (_, i) => word(main, main.SPmain + 4 * i));
    expect(frame).toEqual([1, nowhere, 3, 4, 0, 0x2000_0aab, PROGRAM, THUMB_BIT]);
    expect(main.SPmain).toBe(MAIN_STACK - 32);
    const process = run([0x6808], { registers, process: PROCESS_STACK });
    expect(process.LR).toBe(0xffff_fffd);
    expect(process.SPprocess).toBe(PROCESS_STACK - 32);
    expect(word(process, PROCESS_STACK - 8)).toBe(PROGRAM);
    expect(process.SPmain).toBe(MAIN_STACK);
  });

  it('aligns the frame and notes that it did', () => {
    const core = run([0x6808], { registers: [0, nowhere], process: PROCESS_STACK - 4 });
    expect(core.SPprocess).toBe(PROCESS_STACK - 40);
    expect(word(core, core.SPprocess + 28)).toBe(THUMB_BIT | (1 << 9));
  });

  it('is not masked by PRIMASK', () => {
    expect(run([0xb672, 0x6808], { registers: [0, nowhere] }).IPSR).toBe(3);
  });

  it('leaves registers and stack of the instruction that faulted', () => {
    const list = run([0xc90c], { registers: [0, nowhere] }); // ldm r1!, {r2, r3}
    expect(word(list, list.SPmain + 4)).toBe(nowhere);
    const top = 0x2004_2000;
    const pop = run([0xbd02], { process: top - 4, registers: [0, 9] }); // pop {r1, pc}: pc lies behind SRAM
    expect(pop.IPSR).toBe(3);
    expect(pop.SPprocess).toBe(top - 40);
  });

  it('comes of a stack that has run off its memory, though nothing can be saved', () => {
    const core = run([0xb4ff, 0xe7fd], { process: VECTORS + 8 }); // push {r0-r7}; again
    expect(core.IPSR).toBe(3);
    expect(core.LR).toBe(0xffff_fffd);
    expect(core.SPprocess).toBe(VECTORS + 8 - 32);
    expect(core.SPmain).toBe(MAIN_STACK);
  });

  it('comes of an interrupt whose frame cannot be saved; the interrupt waits', () => {
    const core = run([0xe7fe], {
      process: 0x1000,
      before: (fresh) => {
        fresh.pendingPendSV = true;
        fresh.interruptsUpdated = true;
      },
    });
    // ROM takes no frame but refuses none either.
    expect(core.IPSR).toBe(PENDSV);
    const refused = run([0xe7fe], {
      process: nowhere,
      before: (fresh) => {
        fresh.pendingPendSV = true;
        fresh.interruptsUpdated = true;
      },
    });
    expect(refused.IPSR).toBe(3);
    expect(refused.pendingPendSV).toBe(true);
  });

  it('returns to what was interrupted, past the culprit if the handler says so', () => {
    // ldr r0, [sp, #24]; adds r0, #2; str r0, [sp, #24]; bx lr
    const core = run([0xde00, 0x2511, 0xe7fe], { hardFault: [0x9806, 0x3002, 0x9006, 0x4770] });
    expect(core.IPSR).toBe(0);
    expect(core.registers[5]).toBe(0x11);
    expect(core.SPmain).toBe(MAIN_STACK);
  });

  it('comes of a return to a state that is no Thumb code', () => {
    // The handler clears the stacked T bit once: movs r0, #0; str r0, [sp, #28]; bx lr
    const core = run([0xde00, 0xe7fe], { hardFault: [0x2000, 0x9007, 0x4770] }, 5);
    expect(core.IPSR).toBe(3);
    expect(stackedPsr(core) & THUMB_BIT).toBe(0);
  });
});

describe('lockup', () => {
  it('comes of a fault in the fault handler, and nothing wakes the core', () => {
    const core = run([0xde00], { hardFault: [0xde00] });
    expect(core.locked).toBe(true);
    expect(core.waiting).toBe(true);
    core.enabledInterrupts = 1;
    core.setInterrupt(0, true);
    expect(core.waiting).toBe(true);
    expect(core.IPSR).toBe(3);
  });
});

describe('SVC', () => {
  it('takes its exception', () => {
    expect(run([0xdf00]).IPSR).toBe(11);
  });

  it('is a HardFault where it may not be taken', () => {
    const core = run([0xb672, 0xdf00]); // cpsid i; svc
    expect(core.IPSR).toBe(3);
    expect(stackedPc(core)).toBe(PROGRAM + 4);
  });
});

describe('memory', () => {
  it('that cannot be written stays as it is', () => {
    const before = (core: FaultingCore): void => core.rp2040.flashView.setUint32(0x20, 0x1234, true);
    const core = run([0x6008, 0x7008, 0x8008], { registers: [0xaa, 0x1000_0020], before }, 3);
    expect(core.IPSR).toBe(0);
    expect(core.rp2040.flashView.getUint32(0x20, true)).toBe(0x1234);
    expect(run([0x6008], { registers: [0xaa, 0x20] }, 1).rp2040.bootrom[8]).toBe(0);
  });

  it('is there bank by bank as well', () => {
    const core = run([0x6008], { registers: [0xaa, 0x2101_0004] }, 1); // bank 1, second word
    expect(word(core, 0x2000_0014)).toBe(0xaa);
  });
});

describe('the MPU', () => {
  const MPU = 0xe000_ed90;
  const ENABLED = 5; // with the default map for the rest
  /** Region `number`: 2^bits bytes from `addr` on, `ap` for access, no execution if `xn`; `off` are subregions without it. */
  function region(core: FaultingCore, number: number, addr: number, bits: number, ap: number, xn = 0, off = 0): void {
    core.writeUint32(MPU + 12, addr | 16 | number);
    core.writeUint32(MPU + 16, ((xn << 28) | (ap << 24) | (off << 8) | ((bits - 1) << 1) | 1) >>> 0);
  }
  const on = (core: FaultingCore, control = ENABLED): void => core.writeUint32(MPU + 4, control);

  it('has eight regions', () => {
    expect(coreWith([]).readUint32(MPU)).toBe(8 << 8);
  });

  it('reads back what was written', () => {
    const core = coreWith([]);
    region(core, 3, 0x2000_0000, 8, 6);
    expect([core.readUint32(MPU + 8), core.readUint32(MPU + 12)]).toEqual([3, 0x2000_0003]);
    on(core);
    expect(core.readUint32(MPU + 4)).toBe(5);
  });

  const guarded =
    (ap: number, addr: number, xn = 0) =>
    (core: FaultingCore) => {
      region(core, 0, addr, 8, ap, xn);
      on(core);
    };
  it.each<[string, number[], number, (core: FaultingCore) => void, number]>([
    ['null, if it denies it', [0x6808], 8, guarded(0, 0), 3],
    ['null, though ROM could be read', [0x6808], 8, () => {}, 0],
    ['behind the region', [0x6808], 0x100, guarded(0, 0), 0],
    ['a read of what may be read only', [0x6808], 0x2000_0500, guarded(6, 0x2000_0500), 0],
    ['a write of what may be read only', [0x6008], 0x2000_0500, guarded(6, 0x2000_0500), 3],
    ['a byte write of it', [0x7008], 0x2000_0501, guarded(6, 0x2000_0500), 3],
    ['a halfword write of it', [0x8008], 0x2000_0502, guarded(6, 0x2000_0500), 3],
    ['code in what may not be executed', [0x4708], LOOP | 1, guarded(3, LOOP, 1), 3],
    ['flash that it denies', [0x6808], 0x1000_0010, guarded(0, 0x1000_0000), 3],
  ])('is asked for %s', (_, program, addr, before, exception) => {
    expect(run(program, { registers: [0, addr], before }, 2).IPSR).toBe(exception);
  });

  it('takes the region with the highest number, and leaves subregions out', () => {
    const before = (core: FaultingCore): void => {
      region(core, 0, 0x2000_0500, 8, 0);
      region(core, 1, 0x2000_0500, 8, 3, 0, 0xfe); // only the first 32 bytes
      on(core);
    };
    const read = (addr: number): number => run([0x6808], { registers: [0, addr], before }, 1).IPSR;
    expect([0x2000_0500, 0x2000_051c, 0x2000_0520, 0x2000_05fc, 0x2000_0600].map(read)).toEqual([0, 0, 3, 3, 0]);
  });

  it('allows nothing outside of regions without the default map, and is off in HardFault', () => {
    const before = (core: FaultingCore): void => {
      region(core, 0, 0x2000_0000, 14, 3);
      on(core, 1);
    };
    const core = run([0x6808], { registers: [0, 0x2001_0000], before });
    expect(core.IPSR).toBe(3);
    expect(core.readUint32(0x2001_0000)).toBe(0);
  });

  it('tells privileged code from other code', () => {
    const before = (core: FaultingCore): void => {
      region(core, 0, 0x2000_0000, 18, 3);
      region(core, 1, 0x2000_0500, 8, 1);
      on(core);
      core.writeSpecialRegister(20, 1);
    };
    expect(run([0x6808], { registers: [0, 0x2000_0500], before }, 1).IPSR).toBe(3);
    expect(run([0x6808], { registers: [0, 0x2000_0600], before }, 1).IPSR).toBe(0);
    // Nor may it touch the system control space.
    expect(run([0x6808], { registers: [0, MPU], before }, 1).IPSR).toBe(3);
  });
});

describe('the instructions of ARMv6-M', () => {
  it.each([
    [0x0000, 0, true],
    [0x4770, 0, true],
    [0xb500, 0, true],
    [0xb662, 0, true],
    [0xb672, 0, true],
    [0xb661, 0, false], // cpsie f
    [0xb100, 0, false], // cbz
    [0xba80, 0, false],
    [0xbac0, 0, true], // revsh
    [0xbf50, 0, true], // a hint without a meaning
    [0xbf08, 0, false], // it
    [0xde00, 0, false], // udf
    [0xdf00, 0, true], // svc
    [0xf000, 0xf800, true], // bl
    [0xf000, 0xe800, false], // blx
    [0xf3bf, 0x8f5f, true], // dmb
    [0xf3bf, 0x8f2f, false], // clrex
    [0xf3ef, 0x8010, true], // mrs
    [0xf381, 0x8810, true], // msr
    [0xf7f0, 0xa000, false], // udf.w
    [0xe92d, 0x4ff0, false], // push.w
    [0xfbb0, 0xf0f1, false], // udiv
  ])('0x%s 0x%s', (first, second, defined) => {
    expect(isDefined(first as number, second as number)).toBe(defined);
  });
});
