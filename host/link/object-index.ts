// What the linker asks of one object again and again, computed once: its global definitions by name, the named
// symbols of each section, and which of its names the user wrote.

import type { ElfSymbol, ObjectFile } from '../elf/object-file.js';

export interface ObjectIndex {
  /** Global and weak definitions (not references) by name. */
  readonly globals: ReadonlyMap<string, ElfSymbol>;
  /** Functions, variables and labels by section; no section, file or mapping symbols. */
  readonly bySection: ReadonlyMap<number, readonly ElfSymbol[]>;
  /** Local functions and variables. */
  readonly locals: readonly ElfSymbol[];
}

/** By symbol table: the index goes when that goes. */
const cache = new WeakMap<ObjectFile['symbols'], ObjectIndex>();

/** The index of `object`, made on first use. */
export function indexOf({ symbols }: ObjectFile): ObjectIndex {
  let index = cache.get(symbols);
  if (index === undefined) {
    index = makeIndex(symbols);
    cache.set(symbols, index);
  }
  return index;
}

function makeIndex(symbols: ObjectFile['symbols']): ObjectIndex {
  const globals = new Map<string, ElfSymbol>();
  const bySection = new Map<number, ElfSymbol[]>();
  const locals: ElfSymbol[] = [];
  for (const symbol of symbols) {
    if (symbol.section === 'undefined' || symbol.type === 'section' || symbol.type === 'file') continue;
    if (symbol.binding === 'local') {
      if (symbol.type === 'none') continue;
      locals.push(symbol);
    } else {
      globals.set(symbol.name, symbol);
    }
    if (typeof symbol.section !== 'number') continue;
    const list = bySection.get(symbol.section);
    if (list === undefined) bySection.set(symbol.section, [symbol]);
    else list.push(symbol);
  }
  return { globals, bySection, locals };
}

const SLOT_NAMES: ReadonlySet<string> = new Set(['__bw_value', '_ZL10__bw_value']);

/** Whether a symbol is the place in which an expression leaves its value. */
export function isValueSlot(name: string): boolean {
  return SLOT_NAMES.has(name);
}

/** Whether a symbol belongs to the code barewire wraps around an expression: `__bw_…` or namespace `__bw`. What the
 *  user wrote inside the expression (lambdas, their statics) does not. */
export function isScaffold(name: string): boolean {
  return /^((_ZL?\d+)?__bw|_ZNK?4__bw)/.test(name);
}

/** Whether a function, mangled or not, only wraps an input's statements and initialisers: users never wrote its name. */
export function isWrapper(name: string): boolean {
  return /^(?:_GLOBAL__|__cxx_global_|(?:_ZL?\d+)?__(?:stmts__|bw_)|_ZNK?4__bw|__bw::)/.test(name);
}

/** Whether a local symbol is a `static` or anonymous-namespace name of the user's: those are mangled, names the
 *  compiler makes up (`_GLOBAL__sub_I_…`, `.L.str`) are not. */
export function isUserStatic(name: string): boolean {
  return (name.startsWith('_ZL') || name.startsWith('_ZN12_GLOBAL__N_1')) && !isScaffold(name);
}

/** The name by which a later input, which declares it `extern`, refers to a `static` of the user's:
 *  `_ZL1n` → `n`, `_ZL2sqi` → `_Z2sqi`; undefined for other symbols. */
export function externalName(name: string): string | undefined {
  const match = /^_ZL(\d+)(.*)$/s.exec(name);
  if (match === null) return undefined;
  const rest = match[2]!;
  return rest.length === Number(match[1]) ? rest : `_Z${match[1]}${rest}`;
}

/** Whether a new definition of this name replaces the old one for code that is on the board already.
 *  Members and template instances (COMDAT, nested or with template arguments) do not: older code was compiled for
 *  the old class, whose layout the new definition need not share. */
export function replacesEverywhere(symbol: ElfSymbol, comdat: string | undefined): boolean {
  if (comdat === undefined || !symbol.name.startsWith('_Z')) return true;
  const match = /^_Z(\d+)/.exec(symbol.name);
  if (match === null) return false;
  return symbol.name[match[0].length + Number(match[1])] !== 'I';
}
