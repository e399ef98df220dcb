// Builds examples/firmware as its users do: CMake in a folder of its own.

import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { environment } from '../../host/diag/environment.js';
import { packageRoot } from '../../host/diag/package-root.js';
import { findProgram } from '../../host/toolchain/find-llvm.js';

export interface OvenBuild {
  readonly folder: string;
  readonly compileCommands: string;
  /** Builds with other options and hands back the ELF file, under a name of its own. */
  build(name: string, options?: Readonly<Record<string, string>>): string;
  remove(): void;
}

/** A folder to build the firmware in. Builds with different options share what they have in common. */
export function ovenBuild(): OvenBuild {
  const folder = mkdtempSync(join(tmpdir(), 'barewire-oven-'));
  const cmake = findProgram('cmake', environment().path);
  if (cmake === undefined) throw new Error('no cmake: `npm run setup -- --tests` installs it');
  const run = (...args: string[]): void => {
    const { status, stderr, stdout } = spawnSync(cmake, args, { encoding: 'utf8', timeout: 120_000 });
    if (status !== 0 || /warning:/.test(stderr)) throw new Error(`cmake ${args.join(' ')}:\n${stdout}\n${stderr}`);
  };
  return {
    folder,
    compileCommands: join(folder, 'compile_commands.json'),
    build: (name, options = {}) => {
      const definitions = Object.entries({ ...DEFAULTS, ...options }).map(([key, value]) => `-D${key}=${value}`);
      run('-S', join(packageRoot(), 'examples/firmware'), '-B', folder, ...definitions);
      run('--build', folder, '--parallel', '2');
      const elf = join(folder, 'kept', `${name}.elf`);
      mkdirSync(join(folder, 'kept'), { recursive: true });
      copyFileSync(join(folder, 'oven.elf'), elf);
      return elf;
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** CMake remembers what it was told: everything that a build may change is said to each. */
const DEFAULTS = {
  BAREWIRE: 'ON',
  OVEN_TARGET: '180',
  BAREWIRE_PORT: join(packageRoot(), 'examples/firmware/src/barewire_port.cpp'),
};
