// Names of the standard C++ library that no archive has: there is no compiled libstdc++ for some cores, and what stands
// in for it (firmware-stub/support/cxx) is not all of it.

import type { BoardRecord } from '../../boards/board.js';
import { BarewireError } from '../diag/error.js';
import { demangle } from '../elf/demangle.js';

/** A mangled name of namespace `std` or of libstdc++'s own. @see Itanium C++ ABI, 5.1.10 */
const OF_LIBRARY = /^_Z(?:TV|TT|TI|TS)?(?:NK?)?(?:S[tabsiod]|9__gnu_cxx)/;

/** Says in the user's terms what a link lacks, if all it lacks is libstdc++'s compiled part; else gives `error` back.
 *  @param input name of the input, `input 3` */
export function explainLibrary(error: unknown, input: string, board: BoardRecord): unknown {
  if (!(error instanceof BarewireError) || error.code !== 'LINK_UNDEFINED') return error;
  if (board.capabilities.cppLibrary === 'whole') return error;
  const symbols = error.details.symbols as readonly { readonly name: string }[];
  const [first] = symbols;
  if (first === undefined || !symbols.every(({ name }) => OF_LIBRARY.test(name))) return error;
  const more = symbols.length === 1 ? '' : ` and ${symbols.length - 1} more`;
  return new BarewireError(
    'SESSION_NO_LIBRARY',
    `${input} needs ${demangle(first.name)}${more} of the standard C++ library, of which there is no compiled part for ` +
      `${board.core}: strings, containers, algorithms, smart pointers and clocks work; streams, locales and threads do not`,
    { input, symbols: symbols.map(({ name }) => name), board: board.name },
    'user',
    { cause: error },
  );
}
