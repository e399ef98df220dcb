// Thumb assembly → what a board runs. Programs that a table of halfwords would hide are written as text here; they
// are position-independent, and what lies outside of them is a number.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findFirmwareTools } from '../../firmware-stub/tools/find-tools.js';
import { readObject } from '../../host/elf/read-object.js';

/** Assembles a program.
 *  @param cpu as the board's record names it
 *  @param names absolute symbols that the text may use
 *  @returns the bytes of its code, literal pool included; it must lie at a multiple of 4
 *  @throws with the assembler's words, or when something is left to a linker */
export function assemble(text: string, cpu: string, names: Readonly<Record<string, number>> = {}): Uint8Array {
  const folder = mkdtempSync(join(tmpdir(), 'barewire-asm-'));
  try {
    const output = join(folder, 'out.o');
    const equs = Object.entries(names).map(([name, value]) => `.equ ${name}, 0x${(value >>> 0).toString(16)}\n`);
    const input = `.syntax unified\n.thumb\n.text\n${equs.join('')}${text}\n.align 2\n.pool\n`;
    const args = ['--target=thumb-none-eabi', `-mcpu=${cpu}`, '-c', '-x', 'assembler', '-', '-o', output];
    const result = spawnSync(findFirmwareTools().clang, args, { input, encoding: 'utf8', timeout: 20_000 });
    if (result.status !== 0) throw new Error(`the program does not assemble:\n${result.stderr}`);
    const object = readObject(new Uint8Array(readFileSync(output)), 'program');
    const section = object.sections.find(({ name }) => name === '.text')!;
    const open = section.relocations.map(({ offset }) => `0x${offset.toString(16)}`);
    if (open.length > 0) throw new Error(`the program needs a linker at ${open.join(', ')}`);
    return section.bytes.slice();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
