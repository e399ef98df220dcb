// What running code may write to, told to the MPU: never to code and constants, and with tracking to nothing without
// our noting it. The place in the arena where code ends and variables begin is chosen with room on both sides, so that
// an input hardly ever moves it: protection costs neither time nor bytes while code runs.
//
//   arena  │ code, constants   …free…  ┆  …free…   transient, variables, heap │ constants of statements │
//          │ read-only                 ┆boundary   writable, or tracked        │ read-only               │

import type { BoardRecord } from '../../boards/board.js';
import type { Op } from '../../protocol/batch.js';
import { debugScope } from '../diag/debug.js';
import { BarewireError } from '../diag/error.js';
import type { ObjectFile } from '../elf/object-file.js';
import type { LinkSession } from '../link/session.js';
import type { AddrRange, StagedLink } from '../link/types.js';
import { isWritable, trialZone } from '../link/zones.js';
import {
  chooseBoundary,
  codeRegions,
  guardedArena,
  type MpuTarget,
  type RegionWords,
  trackingRegions,
  WINDOW_REGIONS,
} from './mpu.js';
import { chooseBoundaryV8, codeRegionsV8, guardedArenaV8 } from './mpu-v8.js';

const log = debugScope('session');

/** In `firmware-stub/support/mpu-regions.c`. */
export const REGION_TABLE = '__bw_mpu_regions';
/** In `firmware-stub/support/track.c`. */
const SETUP = 'bw_track_setup';
const START = 'bw_track_start';
const MOST_WINDOWS = 6;
/** In the stub: the word for who answers for a refused write, and what lies behind its own state. */
const FAULT_HOOK = 'bw_fault_hook';
const OPEN_MEMORY = '__stub_open_start';

/** How the MPU of a board is set. */
export interface GuardPlan {
  readonly target: MpuTarget;
  /** Where code ends for the MPU: between its end and the first variable. */
  readonly boundary: (codeEnd: number, writableAddr: number) => number;
  /** Code and constants below `boundary`, and those of statements, read-only. */
  readonly regions: (boundary: number, trials: boolean) => RegionWords[];
  /** Whether it can tell what code writes to. */
  readonly canTrack: boolean;
}

export interface GuardParts {
  readonly plan: GuardPlan;
  readonly linker: LinkSession;
  /** Object of the support library that sets regions and is gone then. */
  readonly setter: ObjectFile;
}

/** How the MPU of a board is set; undefined where there is none that could be.
 *  @param arena as the board says it */
export function guardPlan(board: BoardRecord, firmware: ObjectFile, arena: AddrRange): GuardPlan | undefined {
  const region = board.regions.find(({ addr, sizeBytes }) => arena.addr >= addr && arena.addr < addr + sizeBytes);
  if (region === undefined) return undefined;
  const ram = { addr: region.addr, len: region.sizeBytes };
  const targetOf = (guarded: AddrRange): MpuTarget => {
    return { ram, arena: guarded, trialAddr: trialZone({ addr: guarded.addr, sizeBytes: guarded.len }) };
  };
  const symbol = (name: string): number | undefined => firmware.symbols.find((each) => each.name === name)?.value;
  const { protection, faultStatus } = board.capabilities;
  if (protection === 'mpu') {
    const guarded = guardedArena(ram, arena);
    if (guarded === undefined) return undefined;
    const target = targetOf(guarded);
    return {
      target,
      boundary: (codeEnd, writableAddr) => chooseBoundary(target, codeEnd, writableAddr),
      regions: (boundary, trials) => codeRegions(target, boundary, trials),
      // The processor has to say what it refused, and the stub has to ask.
      canTrack: faultStatus === 'cfsr' && symbol(FAULT_HOOK) !== undefined,
    };
  }
  const openAddr = symbol(OPEN_MEMORY);
  if (protection !== 'mpu v8' || openAddr === undefined) return undefined;
  const target = targetOf(guardedArenaV8(arena));
  return {
    target,
    boundary: (codeEnd, writableAddr) => chooseBoundaryV8(target, codeEnd, writableAddr),
    regions: (boundary, trials) => codeRegionsV8(target, openAddr, boundary, trials),
    canTrack: false,
  };
}

export class Guard {
  readonly #parts: GuardParts;
  #boundary: number | undefined;
  #trials = true;
  /** Bytes of a tracked page, as a power of two; undefined when nothing is tracked. */
  #tracking: number | undefined;

  constructor(parts: GuardParts) {
    this.#parts = parts;
  }

  /** Whether `track` may be called. */
  get canTrack(): boolean {
    return this.#parts.plan.canTrack;
  }

  /** Running code cannot write below this address of the arena, nor to `trialAddr` and above. */
  get boundary(): number {
    return this.#boundary ?? this.#parts.plan.target.arena.addr;
  }

  /** Whether running code may not write there. */
  refuses(addr: number): boolean {
    const { arena, trialAddr } = this.#parts.plan.target;
    const inArena = addr >= arena.addr && addr < arena.addr + arena.len;
    return inArena && (addr < this.boundary || (this.#trials && addr >= trialAddr));
  }

  /** What is tracked. */
  get tracked(): AddrRange {
    const { trialAddr, arena } = this.#parts.plan.target;
    const end = this.#trials ? trialAddr : arena.addr + arena.len;
    return { addr: this.boundary, len: end - this.boundary };
  }

  /** Sets tracking for the next `ops`; the library for it must be linked by then.
   *  @param log2 bytes of the smallest page, as a power of two; undefined ends it
   *  @returns ops to send first */
  track(log2: number | undefined): Op[] {
    const off = this.#tracking === undefined ? [] : this.#trackOps(this.#tracking, 0);
    this.#tracking = log2;
    this.#boundary = undefined;
    return off;
  }

  /** The board has forgotten. */
  forget(): void {
    this.#boundary = undefined;
  }

  /** Ops that make the MPU fit, before `staged` runs; none as long as it does. */
  ops(staged?: StagedLink): Op[] {
    if (this.#boundary !== undefined && !this.#mustMove(this.#boundary, staged)) return [];
    const [before, trials] = [this.#boundary, this.#trials];
    this.#choose(staged);
    if (this.#boundary === before && this.#trials === trials) return [];
    return this.#tracking === undefined
      ? this.#setOps(this.#regions())
      : this.#trackOps(this.#tracking, WINDOW_REGIONS.length);
  }

  #regions(): RegionWords[] {
    const { plan } = this.#parts;
    return this.#tracking === undefined ? plan.regions(this.boundary, this.#trials) : trackingRegions(plan.target);
  }

  #mustMove(boundary: number, staged: StagedLink | undefined): boolean {
    if (staged === undefined) return false;
    const { trialAddr } = this.#parts.plan.target;
    const { code, writable } = rangesOf(staged);
    return (
      code.some(({ addr, len }) => addr < trialAddr && addr + len > boundary) ||
      writable.some(({ addr, len }) => addr < boundary || (this.#trials && addr + len > trialAddr))
    );
  }

  #choose(staged: StagedLink | undefined): void {
    const { plan, linker } = this.#parts;
    const fresh = staged === undefined ? { code: [], writable: [] } : rangesOf(staged);
    const heap = linker.heap === undefined ? [] : [linker.heap];
    const writable = [...linker.variableRanges(), ...heap, ...fresh.writable];
    const { arena, trialAddr } = plan.target;
    const writableAddr = Math.min(trialAddr, ...writable.map(({ addr }) => addr));
    const ends = [...linker.constantRanges(), ...fresh.code].map(({ addr, len }) => addr + len);
    const codeEnd = Math.max(arena.addr, ...ends.filter((end) => end <= writableAddr));
    this.#boundary = plan.boundary(codeEnd, writableAddr);
    this.#trials = !writable.some(({ addr, len }) => addr + len > trialAddr);
    log?.(`code ends at 0x${codeEnd.toString(16)}, is read-only up to 0x${this.#boundary.toString(16)}`);
  }

  /** Code that sets the regions, in memory that nobody has: it is gone when the input comes. */
  #setOps(regions: readonly RegionWords[]): Op[] {
    const { linker, setter } = this.#parts;
    try {
      const { blocks, entries, addressOf } = linker.stage(setter, { input: 0, keep: 'reachable' });
      return [
        ...blocks.map(({ addr, bytes }): Op => ({ op: 'WRITE', addr, data: bytes })),
        { op: 'WRITE', addr: addressOf(REGION_TABLE)!, data: words(regions.flat()) },
        ...entries.map((entry): Op => ({ op: 'RUN', entry })),
      ];
    } catch (error) {
      if (!(error instanceof BarewireError) || error.code !== 'LINK_ARENA_FULL') throw error;
      // The board is full to the last bytes: better without protection than without the input.
      return [];
    }
  }

  #trackOps(log2: number, windowCount: number): Op[] {
    const { linker } = this.#parts;
    const [setup, start] = [linker.addressOf(SETUP)!, linker.addressOf(START)!];
    const { addr, len } = this.tracked;
    const windows = [...WINDOW_REGIONS, ...new Array<number>(MOST_WINDOWS - WINDOW_REGIONS.length).fill(0)];
    const head = [addr, addr + len, log2, windowCount, ...windows];
    return [
      { op: 'WRITE', addr: setup, data: words([...head, ...this.#regions().flat()]) },
      { op: 'RUN', entry: start },
    ];
  }
}

/** What an input brings that running code may not write to, and what it may. */
function rangesOf({ blocks, heap }: StagedLink): { code: AddrRange[]; writable: AddrRange[] } {
  const code: AddrRange[] = [];
  const writable: AddrRange[] = heap === undefined ? [] : [heap];
  for (const { addr, bytes, zeroBytes, kind, lifetime } of blocks) {
    const range = { addr, len: bytes.length + zeroBytes };
    (lifetime === 'transient' || isWritable(kind) ? writable : code).push(range);
  }
  return { code, writable };
}

const words = (values: readonly number[]): Uint8Array => new Uint8Array(Uint32Array.from(values).buffer);
