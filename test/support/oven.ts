// Builds a copy of examples/firmware as its users do: CMake in a folder of its own.

import { spawnSync } from 'node:child_process';
import { copyFileSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { environment } from '../../host/diag/environment.js';
import { packageRoot } from '../../host/diag/package-root.js';
import { findProgram } from '../../host/toolchain/find-llvm.js';

/** What is other than in the example. */
export interface OvenChanges {
  /** Sources, by name. */
  readonly edits?: Readonly<Record<string, (text: string) => string>>;
  /** Leaves barewire out. */
  readonly bare?: boolean;
  /** Compiler flags for another core. */
  readonly machine?: string;
}

export interface OvenBuilds {
  readonly compileCommands: string;
  /** Builds it and hands back the ELF file, under a name of its own. Builds for one core share what they have in common. */
  build(name: string, changes?: OvenChanges): string;
  remove(): void;
}

const CORTEX_M3 = '-mcpu=cortex-m3 -mthumb';

/** A folder to build the firmware in. */
export function ovenBuilds(): OvenBuilds {
  const cmake = findProgram('cmake', environment().path);
  if (cmake === undefined) throw new Error('no cmake: `npm run setup -- --tests` installs it');
  const example = join(packageRoot(), 'examples/firmware');
  const folder = mkdtempSync(join(tmpdir(), 'barewire-oven-'));
  const [source, kept] = [join(folder, 'source'), join(folder, 'kept')];
  cpSync(example, source, { recursive: true, preserveTimestamps: true });
  mkdirSync(kept);
  const run = (...args: string[]): void => {
    const { status, stderr, stdout } = spawnSync(cmake, args, { encoding: 'utf8', timeout: 120_000 });
    if (status !== 0 || /warning:/.test(stderr)) throw new Error(`cmake ${args.join(' ')}:\n${stdout}\n${stderr}`);
  };
  return {
    compileCommands: join(folder, `build-${CORTEX_M3.length}`, 'compile_commands.json'),
    build: (name, { edits = {}, bare = false, machine = CORTEX_M3 } = {}) => {
      const build = join(folder, `build-${machine.length}`);
      for (const [file, edit] of Object.entries(edits)) {
        writeFileSync(join(source, file), edit(readFileSync(join(source, file), 'utf8')));
      }
      const flags = ['C', 'CXX', 'ASM'].map((language) => `-DCMAKE_${language}_FLAGS=${machine}`);
      const library = `-DBAREWIRE_LIBRARY=${join(packageRoot(), 'firmware-stub/lib')}`;
      run('-S', source, '-B', build, `-DBAREWIRE=${bare ? 'OFF' : 'ON'}`, library, ...flags);
      run('--build', build, '--parallel', '2');
      for (const file of Object.keys(edits)) copyFileSync(join(example, file), join(source, file));
      const elf = join(kept, `${name}.elf`);
      copyFileSync(join(build, 'oven.elf'), elf);
      return elf;
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
