// Objects as a session makes them, and the outside of lld: what the size and redefinition benchmarks share.

import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BoardRecord } from '../boards/board.js';
import type { ObjectFile } from '../host/elf/object-file.js';
import { readObject } from '../host/elf/read-object.js';
import { findToolchain, requireToolchain } from '../host/toolchain/toolchain.js';

const SHF_ALLOC = 2;

/** Links objects with lld and `--gc-sections` at the arena's address, with the same libraries.
 *  @param keep symbols that are needed
 *  @returns the executable and how long lld took */
export function linkWithLld(
  board: BoardRecord,
  objects: readonly Uint8Array[],
  keep: readonly string[],
  arenaAddr: number,
  extra: readonly string[],
): { elf: ObjectFile; bytes: number; ms: number } {
  const toolchain = requireToolchain(findToolchain(board));
  const dir = mkdtempSync(join(tmpdir(), 'barewire-bench-'));
  try {
    const files = objects.map((object, index) => {
      const path = join(dir, `${index}.o`);
      writeFileSync(path, object);
      return path;
    });
    const output = join(dir, 'a.elf');
    const script = join(dir, 'a.ld');
    writeFileSync(
      script,
      `SECTIONS { . = ${arenaAddr}; .text : { *(.text*) } .rodata : { *(.rodata*) } .data : { *(.data*) } ` +
        '.bss : { *(.bss*) *(COMMON) } /DISCARD/ : { *(.ARM.*) *(.init_array*) } }',
    );
    const libraries = ['libgcc.a', 'libc_nano.a', 'libm.a'].flatMap((file) =>
      toolchain.archiveDirs
        .map((folder) => join(folder, file))
        .filter((path) => existsSync(path))
        .slice(0, 1),
    );
    const flags = ['--gc-sections', '-O2', '-T', script, '-e', '0', ...keep.map((name) => `--undefined=${name}`)];
    const start = performance.now();
    execFileSync(toolchain.lld!, [...flags, ...extra, ...files, ...libraries, '-o', output], { stdio: 'pipe' });
    const ms = performance.now() - start;
    const elf = readObject(readFileSync(output), 'a.elf');
    const loaded = elf.sections.filter((section) => (section.flags & SHF_ALLOC) !== 0);
    return { elf, bytes: loaded.reduce((sum, section) => sum + section.sizeBytes, 0), ms };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
