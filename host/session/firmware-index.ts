// What the debug information of the user's firmware knows, by the names people use: `controller`, `oven::State`,
// `sched::tasks`. A static may be said with its file too, `heater_c::samples` for that of heater.c, which tells statics of
// one name apart.

import { type DebugInfo, readDebugInfo } from '../elf/dwarf/debug-info.js';
import type { DwarfFunction, DwarfVariable } from '../elf/dwarf/symbols.js';
import type { DwarfType } from '../elf/dwarf/types.js';
import type { ObjectFile } from '../elf/object-file.js';
import { simplifyName } from '../show/simplify-name.js';
import { scopePrefix, typeName } from '../show/type-name.js';

/** What a name stands for. */
export type Known =
  | { readonly kind: 'variables'; readonly entries: readonly DwarfVariable[] }
  | { readonly kind: 'functions'; readonly entries: readonly DwarfFunction[] }
  | { readonly kind: 'type'; readonly type: DwarfType };

export class FirmwareIndex {
  readonly info: DebugInfo;
  #variables: Map<string, DwarfVariable[]> | undefined;
  #functions: Map<string, DwarfFunction[]> | undefined;
  #namespaces: Set<string> | undefined;
  #dropped: Set<string> | undefined;

  constructor(readonly elf: ObjectFile) {
    this.info = readDebugInfo(elf);
  }

  /** What a qualified name stands for; undefined when nothing in the firmware is called so. */
  find(name: string): Known | undefined {
    const variables = this.#allVariables().get(name);
    if (variables !== undefined) return { kind: 'variables', entries: variables };
    const functions = this.#allFunctions().get(name);
    if (functions !== undefined) return { kind: 'functions', entries: functions };
    const type = this.info.type(name) ?? this.info.enumerators().get(name);
    return type === undefined ? undefined : { kind: 'type', type };
  }

  /** Whether the sources have a function of this name that the linker left out. */
  isDropped(name: string): boolean {
    this.#dropped ??= new Set(
      this.info
        .functions()
        .filter((each) => !isKept(each))
        .map(({ name: plain, scopes }) => simplifyName(scopePrefix(scopes) + plain)),
    );
    return this.#dropped.has(name) && this.find(name) === undefined;
  }

  /** Whether a name is that of a namespace, or of a file. */
  isNamespace(name: string): boolean {
    if (this.#namespaces === undefined) {
      this.#namespaces = new Set();
      for (const each of this.names()) {
        const parts = each.split('::');
        for (let i = 1; i < parts.length; i++) this.#namespaces.add(parts.slice(0, i).join('::'));
      }
    }
    return this.#namespaces.has(name);
  }

  /** All names, for completion. */
  *names(): Generator<string> {
    yield* this.#allVariables().keys();
    yield* this.#allFunctions().keys();
    for (const name of this.info.typeNames()) if (!name.includes('(')) yield name;
    yield* this.info.enumerators().keys();
  }

  #allVariables(): Map<string, DwarfVariable[]> {
    this.#variables ??= byName(this.info.variables().filter(isUsers), ({ location, constValue, unitName }) =>
      location === undefined ? `${unitName} ${constValue}` : `${location.offset}`,
    );
    return this.#variables;
  }

  #allFunctions(): Map<string, DwarfFunction[]> {
    const kept = this.info.functions().filter((each) => isUsers(each) && isKept(each));
    this.#functions ??= byName(kept, ({ ranges }) => `${ranges[0]?.offset}`);
    return this.#functions;
  }
}

/** Not the stub's. */
const isUsers = ({ unitName }: Entry): boolean => !/(?:^|[/\\])barewire\.c$/.test(unitName);

/** The linker leaves what it drops at 0. */
const isKept = ({ ranges }: DwarfFunction): boolean => (ranges[0]?.offset ?? 0) !== 0;

interface Entry {
  readonly name: string;
  readonly scopes: DwarfVariable['scopes'];
  readonly unitName: string;
}

function byName<T extends Entry>(entries: readonly T[], placeOf: (entry: T) => string): Map<string, T[]> {
  const found = new Map<string, T[]>();
  const places = new Set<string>();
  for (const entry of entries) {
    const qualified = simplifyName(scopePrefix(entry.scopes) + entry.name);
    if (/[^\w:]/.test(qualified)) continue;
    for (const name of [qualified, `${fileNamespace(entry.unitName)}::${entry.name}`]) {
      const place = `${name} ${placeOf(entry)}`;
      if (places.has(place)) continue;
      places.add(place);
      const list = found.get(name);
      if (list === undefined) found.set(name, [entry]);
      else list.push(entry);
    }
  }
  return found;
}

/** `heater_c` of `/src/heater.c`. */
export function fileNamespace(unitName: string): string {
  return unitName.replace(/^.*[/\\]/, '').replace(/\W/g, '_');
}

/** Whether several entries are not overloads of each other but statics of one name. */
export function isAmbiguous(known: Known): boolean {
  if (known.kind === 'type' || known.entries.length < 2) return false;
  if (known.kind === 'variables') return true;
  const signatures = known.entries.map(({ parameters }) => parameters.map(typeName).join());
  return new Set(signatures).size < signatures.length;
}
