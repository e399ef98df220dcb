// An earlier input compiled again, since a function that was inlined into others there is typed again. The new
// object brings code only:
//
//   function that is still that input's, came out otherwise   the new code, for all who use it
//   the same, came out alike                                  the old code
//   function typed again since, variable, vtable              what the session has by that name
//   static local                                              the old one, with the value it has by now

import type { ElfSymbol, ObjectFile, Section } from '../elf/object-file.js';
import { type Atom, type Definition, isLoaded, isMergeable, kindOf } from './atom.js';
import { sameComdat } from './fold.js';
import { indexOf } from './object-index.js';
import type { SessionState } from './session-state.js';
import type { Revision } from './types.js';

/** What the linker does with the object of a revision. */
export interface RevisedObject {
  readonly input: number;
  /** Functions that replace themselves, by name. */
  readonly replaced: ReadonlyMap<string, ElfSymbol>;
  /** What stands in the session for a section of the object; undefined when the section is used as it is. */
  standing(section: Section): Atom | undefined;
}

/** Compares a revision with the session.
 *  @param main the input that is linked now: what it defines counts */
export function reviseObject(state: SessionState, revision: Revision, main: ObjectFile): RevisedObject {
  const { object, input } = revision;
  const index = indexOf(object);
  const replaced = new Map<string, ElfSymbol>();
  for (const symbol of index.globals.values()) {
    const section = typeof symbol.section === 'number' ? object.sections[symbol.section] : undefined;
    if (section === undefined || !isLoaded(section) || kindOf(section) !== 'code') continue;
    const old = atomOf(state.names.get(symbol.name));
    if (old?.input !== input || old.origin !== 'input' || indexOf(main).globals.has(symbol.name)) continue;
    if (!sameComdat(state.arch, object, section, old)) replaced.set(symbol.name, symbol);
  }
  let variables: Map<string, Atom> | undefined;
  const variableNamed = (section: Section): Atom | undefined => {
    variables ??= variablesOf(state, input);
    const atom = variables.get(section.name);
    return atom?.sizeBytes === section.sizeBytes ? atom : undefined;
  };
  return {
    input,
    replaced,
    standing: (section) => {
      if (isMergeable(section)) return undefined;
      const named = (index.bySection.get(section.index) ?? []).filter((symbol) => symbol.binding !== 'local');
      if (named.some((symbol) => replaced.has(symbol.name))) return undefined;
      for (const { name } of named) {
        const atom = atomOf(state.names.get(name));
        if (atom !== undefined) return atom;
      }
      const kind = kindOf(section);
      return kind === 'data' || kind === 'bss' ? variableNamed(section) : undefined;
    },
  };
}

function atomOf(definition: Definition | undefined): Atom | undefined {
  return definition?.target.kind === 'atom' ? definition.target.atom : undefined;
}

/** Variables of an input by the names of their sections, of which each has its own. */
function variablesOf(state: SessionState, input: number): Map<string, Atom> {
  const found = new Map<string, Atom>();
  for (const atom of state.atoms) {
    if (atom.input !== input || atom.origin !== 'input' || (atom.kind !== 'data' && atom.kind !== 'bss')) continue;
    if (!found.has(atom.name)) found.set(atom.name, atom);
  }
  return found;
}
