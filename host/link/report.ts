// The linker's failures in words: what is missing, who needs it, what holds the memory.

import { BarewireError } from '../diag/error.js';
import { demangle } from '../elf/demangle.js';
import { readDebugInfo } from '../elf/dwarf/debug-info.js';
import type { Atom } from './atom.js';
import { freeBytes, largestHole, type MemoryMap } from './memory-map.js';
import { indexOf, isWrapper } from './object-index.js';
import type { SessionState } from './session-state.js';

/** One place that needs a name nobody defines. */
export interface UndefinedUse {
  readonly symbol: string;
  /** Function or section: `f(int)`. */
  readonly place: string;
  /** `input 7`, `libc_nano.a(printf.o)`. */
  readonly file: string;
  /** `input_7:3`, when the debug information knows. */
  readonly line: string | undefined;
}

/** Source file and line of the code at `offset` of an atom. */
export function sourceLine(atom: Atom, offset: number): string | undefined {
  if (atom.object === undefined || atom.section === undefined) return undefined;
  try {
    const place = { section: atom.section.index, offset: atom.start + offset };
    const line = readDebugInfo(atom.object).lineAt(place);
    return line === undefined ? undefined : `${line.file.replace(/^.*[/\\]/, '')}:${line.line}`;
  } catch (error) {
    // Damaged debug information must not hide what is really wrong.
    if (error instanceof BarewireError) return undefined;
    throw error;
  }
}

/** Name of what stands at `offset` of an atom: the function or variable, else the section. */
export function placeName(atom: Atom, offset: number): string {
  return demangle(symbolCovering(atom, offset)?.name ?? atom.name);
}

/** The function or variable of the atom that covers `offset`; `value` is its start in the atom. */
export function symbolCovering(atom: Atom, offset: number): { name: string; value: number } | undefined {
  if (atom.section === undefined || atom.object === undefined) {
    const common = atom.symbols[0];
    return common === undefined ? undefined : { name: common.name, value: 0 };
  }
  let best: { name: string; value: number } | undefined;
  for (const symbol of indexOf(atom.object).bySection.get(atom.section.index) ?? []) {
    const value = (symbol.type === 'func' ? symbol.value & ~1 : symbol.value) - atom.start;
    const inside = value <= offset && (symbol.sizeBytes === 0 || offset < value + symbol.sizeBytes);
    // Of several names for one place a global one is better known.
    if (inside && (best === undefined || value > best.value || (value === best.value && symbol.binding !== 'local'))) {
      best = { name: symbol.name, value };
    }
  }
  return best;
}

/** `main in input 3 (input_3:1)`; just `input 3 (input_3:1)` for what stands outside of all functions. */
function useText({ place, file, line }: Omit<UndefinedUse, 'symbol'>): string {
  const where = isWrapper(place) ? file : `${place} in ${file}`;
  return line === undefined ? where : `${where} (${line})`;
}

/** LINK_UNDEFINED for all names at once.
 *  `details.symbols`: `{name, demangled, uses: {place, file, line}[]}[]` */
export function undefinedSymbols(uses: readonly UndefinedUse[], file: string): BarewireError {
  const byName = new Map<string, UndefinedUse[]>();
  for (const use of uses) {
    const known = byName.get(use.symbol);
    if (known === undefined) byName.set(use.symbol, [use]);
    else if (!known.some((other) => other.place === use.place && other.file === use.file)) known.push(use);
  }
  const symbols = [...byName].map(([name, list]) => ({
    name,
    demangled: demangle(name),
    uses: list.map(({ place, file: from, line }) => ({ place, file: from, line })),
  }));
  const lines = symbols.map(({ demangled, uses: list }) => {
    const shown = list.slice(0, 3).map(useText);
    const more = list.length > 3 ? ` and ${list.length - 3} more` : '';
    return `  ${demangled}   used by ${shown.join(', ')}${more}`;
  });
  const what = symbols.length === 1 ? 'a name is' : `${symbols.length} names are`;
  const advice = symbols.length === 1 ? 'define it, or leave its use out' : 'define them, or leave their uses out';
  return new BarewireError(
    'LINK_UNDEFINED',
    `${what} declared but defined nowhere, needed by ${file}:\n${lines.join('\n')}\n${advice}`,
    { file, symbols },
  );
}

/** LINK_ARENA_FULL: how much is missing, and what holds the rest. */
export function arenaFull(state: SessionState, memory: MemoryMap, sizeBytes: number, what: string): BarewireError {
  const largest = largestHole(memory);
  const holders = biggestHolders(state, 5);
  const held = holders.map((holder) => `  ${holder.sizeBytes} bytes  ${holder.name}`);
  return new BarewireError(
    'LINK_ARENA_FULL',
    `${what} needs ${sizeBytes} bytes in one piece, ${sizeBytes - largest} more than the board has left ` +
      `(${freeBytes(memory)} of ${state.target.arena.sizeBytes} bytes are free, the largest piece has ${largest})` +
      (held.length === 0 ? '' : `\nthe most is held by\n${held.join('\n')}`),
    {
      neededBytes: sizeBytes,
      missingBytes: sizeBytes - largest,
      freeBytes: freeBytes(memory),
      largestBytes: largest,
      holders,
    },
  );
}

/** The biggest things on the board, by name. */
export function biggestHolders(state: SessionState, count: number): { name: string; sizeBytes: number }[] {
  const biggest = [...state.atoms].sort((a, b) => b.sizeBytes - a.sizeBytes).slice(0, count);
  const holders = biggest.map((atom) => ({ name: atomTitle(atom), sizeBytes: atom.sizeBytes }));
  if (state.unwind !== undefined) holders.push({ name: 'table for exceptions', sizeBytes: state.unwind.sizeBytes });
  if (state.heap !== undefined) holders.push({ name: 'heap of malloc', sizeBytes: state.heap.sizeBytes });
  return holders.sort((a, b) => b.sizeBytes - a.sizeBytes).slice(0, count);
}

/** `f(int) from input 3`, `_malloc_r from libc_nano.a(malloc.o)`. */
export function atomTitle(atom: Atom): string {
  const [symbol] = atom.symbols;
  const name = symbol === undefined ? placeName(atom, 0) : demangle(symbol.name);
  return atom.object === undefined ? name : `${name} from ${atom.object.name}`;
}
