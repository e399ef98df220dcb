// Compiles small inputs for the linker's tests, and finds the tools and archives they need.

import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Archive, readArchive } from '../../host/elf/archive.js';
import type { ObjectFile } from '../../host/elf/object-file.js';
import { readObject } from '../../host/elf/read-object.js';
import { LinkSession } from '../../host/link/session.js';
import type { LinkTarget, Patch, StagedLink, StageOptions } from '../../host/link/types.js';

export type Core = 'v6-m' | 'v7-m' | 'v7e-m' | 'v8-m' | 'rv32';

const VERSIONS = ['-21', '-20', '-19', '-18', '-17', '-16', ''];
const found = new Map<string, string>();

/** What the linker calls the architecture of a core. */
export const ARCH_OF = {
  'v6-m': 'armv6-m',
  'v7-m': 'armv7-m',
  'v7e-m': 'armv7e-m',
  'v8-m': 'armv8-m',
  rv32: 'rv32',
} as const satisfies Record<Core, LinkTarget['arch']>;

/** The installed name of an LLVM tool: `ld.lld` → `ld.lld-19`. */
export function tool(name: string): string {
  let known = found.get(name);
  if (known === undefined) {
    known = VERSIONS.map((version) => name + version).find((it) => spawnSync(it, ['--version']).status === 0);
    if (known === undefined) throw new Error(`${name} is not installed`);
    found.set(name, known);
  }
  return known;
}

const TARGETS: Readonly<Record<Core, readonly string[]>> = {
  'v6-m': ['--target=thumbv6m-none-eabi', '-mcpu=cortex-m0plus', '-mfloat-abi=soft'],
  'v7-m': ['--target=thumbv7m-none-eabi', '-mcpu=cortex-m3', '-mfloat-abi=soft'],
  'v7e-m': ['--target=thumbv7em-none-eabihf', '-mcpu=cortex-m4', '-mfloat-abi=hard'],
  'v8-m': ['--target=thumbv8m.main-none-eabihf', '-mcpu=cortex-m33', '-mfloat-abi=hard'],
  rv32: ['--target=riscv32-unknown-elf', '-march=rv32imac', '-mabi=ilp32', '-mno-relax'],
};

export interface CompileOptions {
  readonly core?: Core;
  readonly flags?: readonly string[];
  readonly language?: 'c++' | 'c' | 'assembler';
}

/** Object bytes of a source text, compiled as the prompt compiles its inputs. */
export function compileBytes(
  source: string,
  { core = 'v6-m', flags = ['-Os'], language = 'c++' }: CompileOptions = {},
): Uint8Array {
  const cxx = [
    '-std=c++20',
    '-Xclang',
    '-fincremental-extensions',
    '-fno-exceptions',
    '-fno-rtti',
    '-fgnuc-version=4.2.1',
  ];
  const args = [
    ...TARGETS[core],
    ...(language === 'c++' ? cxx : []),
    '-ffunction-sections',
    '-fdata-sections',
    '-g',
    ...flags,
  ];
  return execFileSync(tool('clang'), [...args, '-x', language, '-c', '-', '-o', '-'], {
    input: source,
    maxBuffer: 1 << 26,
  });
}

export function compile(source: string, input: number, options?: CompileOptions): ObjectFile {
  return readObject(compileBytes(source, options), `input ${input}`);
}

/** An object that says something else of itself. */
export function altered(object: ObjectFile, changes: Partial<ObjectFile>): ObjectFile {
  const { name, machine, kind, flags, entry, sections, symbols } = object;
  return { name, machine, kind, flags, entry, sections, symbols, ...changes };
}

/** Path of a toolchain archive for soft-float `core`. */
export function archivePath(name: string, core: Core): string {
  const folders = [
    `/usr/lib/arm-none-eabi/newlib/thumb/${core}/nofp`,
    ...['12.2.1', '13.2.1', '14.2.1'].map((version) => `/usr/lib/gcc/arm-none-eabi/${version}/thumb/${core}/nofp`),
  ];
  const path = folders.map((folder) => join(folder, name)).find((it) => existsSync(it));
  if (path === undefined) throw new Error(`${name} is not installed for ${core}`);
  return path;
}

export function archive(name: string, core: Core): Archive {
  return readArchive(readFileSync(archivePath(name, core)), name);
}

export const ARENA = { addr: 0x2000_0000, sizeBytes: 128 * 1024 };

/** A linker session and the board's memory as the session's writes would leave it. */
export class TestBoard {
  readonly link: LinkSession;
  readonly memory: Uint8Array;
  readonly target: LinkTarget;
  private readonly replaced = new Map<Patch, Uint8Array>();
  private input = 0;

  constructor(options: Partial<LinkTarget> & { core?: Core } = {}) {
    const { core = 'v6-m', ...rest } = options;
    this.target = {
      arch: ARCH_OF[core],
      arena: ARENA,
      heapBytes: 4096,
      archives: [],
      ...rest,
    };
    this.link = new LinkSession(this.target);
    this.memory = new Uint8Array(this.target.arena.sizeBytes).fill(0xee);
  }

  stage(source: string, options: CompileOptions & Partial<StageOptions> = {}): StagedLink {
    this.input++;
    const core = (Object.keys(ARCH_OF) as Core[]).find((each) => ARCH_OF[each] === this.target.arch)!;
    const object = compile(source, this.input, { core, ...options });
    return this.link.stage(object, { input: this.input, keep: options.keep ?? 'all' });
  }

  commit(staged: StagedLink): StagedLink {
    const base = this.target.arena.addr;
    for (const block of staged.blocks) {
      this.memory.set(block.bytes, block.addr - base);
      this.memory.fill(
        0,
        block.addr - base + block.bytes.length,
        block.addr - base + block.bytes.length + block.zeroBytes,
      );
    }
    for (const patch of staged.patches) {
      this.replaced.set(patch, this.memory.slice(patch.addr - base, patch.addr - base + patch.bytes.length));
      this.memory.set(patch.bytes, patch.addr - base);
    }
    this.link.commit(staged);
    return staged;
  }

  /** Stages and commits an input. */
  add(source: string, options?: CompileOptions & Partial<StageOptions>): StagedLink {
    return this.commit(this.stage(source, options));
  }

  /** What stood where a patch was written. */
  before(patch: Patch): Uint8Array | undefined {
    return this.replaced.get(patch);
  }

  word(addr: number): number {
    return new DataView(this.memory.buffer).getUint32(addr - this.target.arena.addr, true);
  }

  /** Targets of all BL instructions in the function at `addr` (bit 0 ignored), `sizeBytes` long. */
  calls(addr: number, sizeBytes: number): number[] {
    const view = new DataView(this.memory.buffer);
    const targets: number[] = [];
    const start = (addr & ~1) >>> 0;
    for (let at = start; at + 4 <= start + sizeBytes; at += 2) {
      const offset = at - this.target.arena.addr;
      const [high, low] = [view.getUint16(offset, true), view.getUint16(offset + 2, true)];
      if ((high & 0xf800) !== 0xf000 || (low & 0x9000) !== 0x9000) continue;
      const s = (high >> 10) & 1;
      const i1 = ((low >> 13) & 1) ^ s ^ 1;
      const i2 = ((low >> 11) & 1) ^ s ^ 1;
      const distance =
        (((s << 24) | (i1 << 23) | (i2 << 22) | ((high & 0x3ff) << 12) | ((low & 0x7ff) << 1)) << 7) >> 7;
      targets.push((at + 4 + distance) >>> 0);
      at += 2;
    }
    return targets;
  }
}

/** The error a function throws, with its code. */
export function errorOf(action: () => unknown): { code: string; message: string; details: Record<string, unknown> } {
  try {
    action();
  } catch (error) {
    return error as { code: string; message: string; details: Record<string, unknown> };
  }
  throw new Error('it did not throw');
}
