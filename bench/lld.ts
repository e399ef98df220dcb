// The outside of lld: what the benchmarks compare barewire's linker with.

import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BoardRecord } from '../boards/board.js';
import type { ObjectFile } from '../host/elf/object-file.js';
import { readObject } from '../host/elf/read-object.js';
import { supportFolder } from '../host/session/archives.js';
import { imageFolder } from '../host/session/board.js';
import { findToolchain, requireToolchain } from '../host/toolchain/toolchain.js';

const SHF_ALLOC = 2;
const LIBRARIES = ['libbarewire.a', 'libgcc.a', 'libc_nano.a', 'libm.a', 'libstdc++_nano.a', 'libsupc++_nano.a'];

/** Links objects with lld and `--gc-sections` at the arena's address, with the libraries that a session searches.
 *  @param keep symbols that are needed
 *  @returns the executable, the bytes it holds of the board, and how long lld took */
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
        '.bss : { *(.bss*) *(COMMON) } .init_array : { KEEP(*(.init_array*)) } /DISCARD/ : { *(.ARM.*) } }',
    );
    const folders = [supportFolder(board, imageFolder()), ...toolchain.archiveDirs];
    const libraries = LIBRARIES.flatMap((file) =>
      folders
        .map((folder) => join(folder, file))
        .filter((path) => existsSync(path))
        .slice(0, 1),
    );
    const flags = ['--gc-sections', '-O2', '-T', script, '-e', '0', ...keep.map((name) => `--undefined=${name}`)];
    const start = performance.now();
    execFileSync(
      toolchain.lld!,
      [...flags, ...extra, ...files, '--start-group', ...libraries, '--end-group', '-o', output],
      { stdio: 'pipe' },
    );
    const ms = performance.now() - start;
    const elf = readObject(readFileSync(output), 'a.elf');
    const loaded = elf.sections.filter((section) => (section.flags & SHF_ALLOC) !== 0);
    return { elf, bytes: loaded.reduce((sum, section) => sum + section.sizeBytes, 0), ms };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
