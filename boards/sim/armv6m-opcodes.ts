// Which instructions ARMv6-M has: a core that meets another one raises HardFault.
// Specification: Armv6-M Architecture Reference Manual, A5.

interface Row {
  readonly mask: number;
  readonly bits: number;
}

/** 16-bit encodings, A5.2. Hints that mean nothing are NOP. */
const NARROW: readonly Row[] = [
  { mask: 0xc000, bits: 0x0000 }, // shift, add, subtract, move, compare
  { mask: 0xfc00, bits: 0x4000 }, // data processing
  { mask: 0xff00, bits: 0x4400 }, // ADD (high registers)
  { mask: 0xff00, bits: 0x4500 }, // CMP (high registers)
  { mask: 0xff00, bits: 0x4600 }, // MOV (high registers)
  { mask: 0xff00, bits: 0x4700 }, // BX, BLX
  { mask: 0xf800, bits: 0x4800 }, // LDR (literal)
  { mask: 0xf000, bits: 0x5000 }, // load and store, register offset
  { mask: 0xe000, bits: 0x6000 }, // load and store words and bytes, immediate
  { mask: 0xf000, bits: 0x8000 }, // load and store halfwords
  { mask: 0xf000, bits: 0x9000 }, // load and store, SP-relative
  { mask: 0xf000, bits: 0xa000 }, // ADR, ADD from SP
  { mask: 0xff00, bits: 0xb000 }, // ADD and SUB of SP
  { mask: 0xff00, bits: 0xb200 }, // extend
  { mask: 0xfe00, bits: 0xb400 }, // PUSH
  { mask: 0xffef, bits: 0xb662 }, // CPS
  { mask: 0xff80, bits: 0xba00 }, // REV, REV16
  { mask: 0xffc0, bits: 0xbac0 }, // REVSH
  { mask: 0xfe00, bits: 0xbc00 }, // POP
  { mask: 0xff00, bits: 0xbe00 }, // BKPT
  { mask: 0xff0f, bits: 0xbf00 }, // hints
  { mask: 0xf000, bits: 0xc000 }, // STM, LDM
  { mask: 0xf800, bits: 0xe000 }, // B
];

/** The first halfword says that a second one belongs to the instruction. */
export function isWide(first: number): boolean {
  return first >>> 11 > 0b11100;
}

/** Whether the core executes this instruction.
 *  @param second the halfword behind it; counts for 32-bit encodings only */
export function isDefined(first: number, second: number): boolean {
  if (isWide(first)) {
    if (first >>> 11 !== 0b11110) return false;
    if ((second & 0xd000) === 0xd000) return true; // BL
    if ((first & 0xfff0) === 0xf380 && (second & 0xff00) === 0x8800) return true; // MSR
    if (first === 0xf3ef && (second & 0xf000) === 0x8000) return true; // MRS
    return first === 0xf3bf && (second & 0xff00) === 0x8f00 && [4, 5, 6].includes((second >>> 4) & 15); // DSB, DMB, ISB
  }
  // B with a condition; 14 is UDF, 15 is SVC.
  if (first >>> 12 === 0b1101) return ((first >>> 8) & 15) !== 14;
  return NARROW.some(({ mask, bits }) => (first & mask) === bits);
}
