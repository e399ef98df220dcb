// What the stub costs as a library: `lib/` compiled by the compiler that firmware is built with, arm-none-eabi-gcc, for one core
// of each kind. The sum over its sections is a little less than what a linked firmware grows by, which has padding
// and a port too (test/sim/attach.test.ts).

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { environment } from '../../host/diag/environment.js';
import { readObject } from '../../host/elf/read-object.js';
import { findProgram } from '../../host/toolchain/find-llvm.js';
import { FirmwareError } from './error.js';
import { type ImageSizes, LIBRARY_PREFIX, type SizeTable } from './sizes.js';

const CORES: Readonly<Record<string, readonly string[]>> = {
  'cortex-m0': ['-mcpu=cortex-m0'],
  'cortex-m3': ['-mcpu=cortex-m3'],
  'cortex-m4f': ['-mcpu=cortex-m4', '-mfloat-abi=hard', '-mfpu=fpv4-sp-d16'],
  'cortex-m33f': ['-mcpu=cortex-m33', '-mfloat-abi=hard', '-mfpu=fpv5-sp-d16'],
};
const FLAGS = ['-mthumb', '-std=gnu11', '-Os', '-ffunction-sections', '-fdata-sections', '-Wall', '-Wextra', '-Werror'];
const SOURCES = ['barewire.c', 'barewire_faults.c'];

const SHF_ALLOC = 2;
const SHT_NOBITS = 8;

/** Compiles the library and reads what it takes.
 *  @param folder the folder `firmware-stub`
 *  @returns a row for each core; undefined when there is no arm-none-eabi-gcc
 *  @throws FIRMWARE_BUILD_FAILED with what the compiler said */
export function measureLibrary(folder: string): SizeTable | undefined {
  const gcc = findProgram('arm-none-eabi-gcc', environment().path);
  if (gcc === undefined) return undefined;
  const scratch = mkdtempSync(join(tmpdir(), 'barewire-library-'));
  try {
    return Object.fromEntries(
      Object.entries(CORES).map(([core, flags]) => [LIBRARY_PREFIX + core, sizesFor(gcc, flags, folder, scratch)]),
    );
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function sizesFor(gcc: string, flags: readonly string[], folder: string, scratch: string): ImageSizes {
  const includes = ['lib', 'core', 'generated'].map((name) => `-I${join(folder, name)}`);
  const sizes = { flash: 0, driver: 0, ram: 0, frames: 0, stack: 0, arena: 0 };
  for (const source of SOURCES) {
    const object = join(scratch, `${source}.o`);
    const args = [...flags, ...FLAGS, ...includes, '-c', join(folder, 'lib', source), '-o', object];
    const { status, stderr } = spawnSync(gcc, args, { encoding: 'utf8', timeout: 60_000 });
    if (status !== 0) throw new FirmwareError('FIRMWARE_BUILD_FAILED', `${gcc} failed for ${source}:\n${stderr}`);
    for (const { name, type, flags: bits, sizeBytes } of readObject(readFileSync(object), source).sections) {
      if ((bits & SHF_ALLOC) !== 0) sizes[columnOf(name, type)] += sizeBytes;
    }
  }
  return sizes;
}

function columnOf(name: string, type: number): keyof ImageSizes {
  if (type !== SHT_NOBITS) return 'flash';
  if (name === '.bss.barewire_memory') return 'arena';
  return name === '.bss.barewire_frames' ? 'frames' : 'ram';
}
