// What a file that contradicts itself is refused with.

import { BarewireError } from '../diag/error.js';
import type { BoundedBytes } from './bounded-bytes.js';

/** ELF_BAD_INDEX: something refers to what is not there. */
export function badIndex(file: BoundedBytes, what: string, index: number, limit: number, unit: string): BarewireError {
  return new BarewireError(
    'ELF_BAD_INDEX',
    `${file.name} is damaged: ${what} is ${index}, but there are ${limit} ${unit}`,
    { file: file.name, what, index, limit },
  );
}

/** ELF_BAD_TABLE: a table is not what it has to be. */
export function badTable(file: BoundedBytes, what: string, problem: string): BarewireError {
  return new BarewireError('ELF_BAD_TABLE', `${file.name} is damaged: ${what} ${problem}`, {
    file: file.name,
    what,
    problem,
  });
}
