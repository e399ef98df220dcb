// Command lines of the programs that write images, for the records of boards.

import type { FlashProgram } from '../board.js';

/** OpenOCD with a probe. Its own braces keep a path with spaces or backslashes together.
 *  @param scripts of OpenOCD's own: `interface/stlink.cfg`, `target/stm32f4x.cfg` */
export function openocd(...scripts: readonly string[]): FlashProgram {
  const files = scripts.flatMap((script) => ['-f', script]);
  return { way: 'program', program: 'openocd', runs: [[...files, '-c', 'program {{elf}} verify reset exit']] };
}

/** probe-rs with whatever probe it finds.
 *  @param chip as `probe-rs chip list` has it */
export function probeRs(chip: string): FlashProgram {
  const forChip = ['--chip', chip];
  return {
    way: 'program',
    program: 'probe-rs',
    runs: [
      ['download', ...forChip, '--verify', '{elf}'],
      ['reset', ...forChip],
    ],
  };
}
