// Standard library types by what they mean rather than by how libstdc++ or libc++ lays them out. A printer that does not find
// the members it expects gives undefined, and the plain view of the struct is shown: a strange library is
// seen as it is, never misread.

import type { RecordType } from '../../elf/dwarf/types.js';
import { templateName } from '../type-name.js';
import { HASH_PRINTERS } from './hashes.js';
import { LIBCXX_PRINTERS } from './libcxx.js';
import { LIST_PRINTERS } from './lists.js';
import { OWNER_PRINTERS } from './owners.js';
import type { Printer } from './printer.js';
import { SEQUENCE_PRINTERS } from './sequences.js';
import { TEXT_PRINTERS } from './texts.js';
import { TREE_PRINTERS } from './trees.js';
import { VALUE_PRINTERS } from './values.js';

const PRINTERS: Readonly<Record<string, Printer>> = {
  ...TEXT_PRINTERS,
  ...SEQUENCE_PRINTERS,
  ...LIST_PRINTERS,
  ...TREE_PRINTERS,
  ...HASH_PRINTERS,
  ...OWNER_PRINTERS,
  ...VALUE_PRINTERS,
};

/** The printer of a standard library type, in whichever library's layout. */
export function printerFor(type: RecordType): Printer | undefined {
  const name = templateName(type);
  if (!name?.startsWith('std::')) return undefined;
  const [gcc, llvm] = [PRINTERS[name], LIBCXX_PRINTERS[name]];
  if (gcc === undefined || llvm === undefined) return gcc;
  return async (...value) => (await gcc(...value)) ?? llvm(...value);
}
