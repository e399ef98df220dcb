// Finds the libraries of riscv64-unknown-elf GCC as Debian has them: picolibc and libgcc, for many cores each. There is
// no libstdc++ for them; its headers are those of arm-none-eabi GCC, whose contents are the same for both but for a
// folder of settings that fits newlib and picolibc alike.
//
//   libgcc     /usr/lib/gcc/riscv64-unknown-elf/VER/MULTILIB
//   picolibc   /usr/lib/picolibc/riscv64-unknown-elf/lib/MULTILIB, …/include

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { foldersOf } from './find-llvm.js';

const TARGET = 'riscv64-unknown-elf';

/** Where the libraries are. A folder that is absent is `undefined`. */
export interface PicolibcLibraries {
  /** Folder of libgcc, above the multilib. */
  readonly gccDir: string | undefined;
  /** Folder of libc and libm, above the multilib. */
  readonly libDir: string | undefined;
  readonly includeDir: string | undefined;
}

/** Looks for the libraries in prefixes, the first that has any counts. */
export function findPicolibc(prefixes: readonly string[] = ['/usr', '/usr/local']): PicolibcLibraries {
  for (const prefix of prefixes) {
    const gccRoot = join(prefix, 'lib', 'gcc', TARGET);
    const [version] = foldersOf(gccRoot).sort((a, b) => b.localeCompare(a, 'en', { numeric: true }));
    const root = join(prefix, 'lib', 'picolibc', TARGET);
    const [lib, include] = [join(root, 'lib'), join(root, 'include')];
    const found: PicolibcLibraries = {
      gccDir: version === undefined ? undefined : join(gccRoot, version),
      libDir: existsSync(join(lib, 'libc.a')) ? lib : undefined,
      includeDir: existsSync(join(include, 'stdio.h')) ? include : undefined,
    };
    if (found.gccDir !== undefined || found.libDir !== undefined) return found;
  }
  return { gccDir: undefined, libDir: undefined, includeDir: undefined };
}
