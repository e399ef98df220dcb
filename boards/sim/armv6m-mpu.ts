// The memory protection unit of ARMv6-M, as far as software sees it: eight regions, each a power of two in size and
// cut into eight subregions; of regions that overlap, the one with the highest number counts.
// Specification: Armv6-M Architecture Reference Manual, B3.5.

/** What an access wants; the bits of a right. */
export const READ = 1;
export const WRITE = 2;
export const EXECUTE = 4;
export const ALL = READ | WRITE | EXECUTE;

const REGIONS = 8;
const RBAR_VALID = 1 << 4;
const CTRL = { enable: 1, duringHardFault: 2, defaultMap: 4 } as const;
const RASR = { enable: 1, executeNever: 1 << 28 } as const;

/** Rights of privileged and of other code by the three AP bits; table B3-28. */
const BY_AP: readonly (readonly [privileged: number, other: number])[] = [
  [0, 0],
  [READ | WRITE, 0],
  [READ | WRITE, READ],
  [READ | WRITE, READ | WRITE],
  [0, 0],
  [READ, 0],
  [READ, READ],
  [READ, READ],
];

/** Offsets of its registers in the system control space. */
const TYPE = 0xd90;
const CONTROL = 0xd94;
const NUMBER = 0xd98;
const BASE = 0xd9c;
const ATTRIBUTES = 0xda0;

/** Whether `offset` in the system control space is a register of the MPU. */
export function isMpuRegister(offset: number): boolean {
  return offset >= TYPE && offset <= ATTRIBUTES;
}

export class Mpu {
  private control = 0;
  private number = 0;
  private readonly bases = new Uint32Array(REGIONS);
  private readonly attributes = new Uint32Array(REGIONS);

  read(offset: number): number {
    switch (offset) {
      case TYPE:
        return REGIONS << 8;
      case CONTROL:
        return this.control;
      case NUMBER:
        return this.number;
      case BASE:
        return (this.bases[this.number]! | this.number) >>> 0;
      default:
        return this.attributes[this.number]!;
    }
  }

  /** @returns whether rights may have changed, other than by being turned on or off */
  write(offset: number, value: number): boolean {
    if (offset === CONTROL) {
      const changed = ((this.control ^ value) & CTRL.defaultMap) !== 0;
      this.control = value & 7;
      return changed;
    }
    if (offset === NUMBER) this.number = value % REGIONS;
    else if (offset === BASE) {
      if (value & RBAR_VALID) this.number = (value & 15) % REGIONS;
      this.bases[this.number] = value & ~0xff;
    } else if (offset === ATTRIBUTES) this.attributes[this.number] = value;
    return offset !== NUMBER;
  }

  /** Whether it has a say, at an execution priority below 0 (NMI, HardFault) or else. */
  isOn(negativePriority: boolean): boolean {
    if ((this.control & CTRL.enable) === 0) return false;
    return !negativePriority || (this.control & CTRL.duringHardFault) !== 0;
  }

  /** Rights of code at an address, while it is on. */
  rightsAt(addr: number, privileged: boolean): number {
    for (let region = REGIONS - 1; region >= 0; region--) {
      const attributes = this.attributes[region]!;
      const step = sizeOf(attributes) / 8;
      const part = step === 0 ? -1 : Math.floor((addr - baseOf(this.bases[region]!, attributes)) / step);
      if (part >= 0 && part < 8 && hasPart(attributes, part)) return rightsOf(attributes, privileged);
    }
    return this.backgroundRights(privileged);
  }

  /** The same for each block of `blockBytes` (32 at most) of a range. */
  rightsOfBlocks(addr: number, sizeBytes: number, blockBytes: number, privileged: boolean): Uint8Array {
    const rights = new Uint8Array(sizeBytes / blockBytes).fill(this.backgroundRights(privileged));
    for (const [region, attributes] of this.attributes.entries()) {
      const step = sizeOf(attributes) / 8;
      if (step === 0) continue;
      const base = baseOf(this.bases[region]!, attributes) - addr;
      for (let part = 0; part < 8; part++) {
        const [from, to] = [base + part * step, base + (part + 1) * step].map((at) => Math.max(0, at) / blockBytes);
        if (hasPart(attributes, part)) rights.fill(rightsOf(attributes, privileged), from, to);
      }
    }
    return rights;
  }

  private backgroundRights(privileged: boolean): number {
    return privileged && this.control & CTRL.defaultMap ? ALL : 0;
  }
}

const sizeOf = (attributes: number): number =>
  attributes & RASR.enable ? 2 ** Math.max(8, ((attributes >>> 1) & 31) + 1) : 0;

const baseOf = (base: number, attributes: number): number => Math.floor(base / sizeOf(attributes)) * sizeOf(attributes);

const hasPart = (attributes: number, part: number): boolean => ((attributes >>> (8 + part)) & 1) === 0;

function rightsOf(attributes: number, privileged: boolean): number {
  const rights = BY_AP[(attributes >>> 24) & 7]![privileged ? 0 : 1];
  return rights & READ && !(attributes & RASR.executeNever) ? rights | EXECUTE : rights;
}
