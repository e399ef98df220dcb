// Which namespaces and classes an entry stands in. DWARF has no parent links, so one pass over a unit notes where
// each enclosing entry begins and ends; the scope of any entry is then a binary search away.

import { DW_AT, DW_TAG } from './constants.js';
import { type Die, flagAttribute, type Reference, refAttribute, stringAttribute, walk } from './die.js';
import type { Unit } from './unit.js';

/** One enclosing entry. Inline namespaces are those that C++ users leave out, such as `std::__cxx11`. */
export interface Scope {
  readonly kind: 'namespace' | 'inline namespace' | 'type' | 'function';
  /** Undefined: an anonymous namespace or type. */
  readonly name: string | undefined;
}

interface Container {
  readonly die: Die;
  /** Index of the container around it, or -1. */
  readonly parent: number;
  /** First offset behind its children. */
  end: number;
}

const KINDS: ReadonlyMap<number, Scope['kind']> = new Map([
  [DW_TAG.namespace, 'namespace'],
  [DW_TAG.structure_type, 'type'],
  [DW_TAG.class_type, 'type'],
  [DW_TAG.union_type, 'type'],
  [DW_TAG.enumeration_type, 'type'],
  [DW_TAG.subprogram, 'function'],
]);

const indexes = new WeakMap<Unit, readonly Container[]>();

function containersOf(unit: Unit): readonly Container[] {
  let containers = indexes.get(unit);
  if (!containers) {
    containers = buildIndex(unit);
    indexes.set(unit, containers);
  }
  return containers;
}

function buildIndex(unit: Unit): Container[] {
  const containers: Container[] = [];
  /** Containers around the current entry, with the depth each stands at. */
  const open: { index: number; depth: number }[] = [];
  walk(unit, (die, depth) => {
    while (open.length > 0 && open[open.length - 1]!.depth >= depth) containers[open.pop()!.index]!.end = die.offset;
    if (die.abbrev.hasChildren && KINDS.has(die.tag)) {
      const parent = open[open.length - 1]?.index ?? -1;
      open.push({ index: containers.length, depth });
      containers.push({ die, parent, end: unit.endOffset });
    }
    return 'into';
  });
  return containers;
}

/** The enclosing entries of `die`, outermost first. */
export function enclosing(die: Die): readonly Die[] {
  const containers = containersOf(die.unit);
  // The last container that begins before the entry is around it, or one of that container's parents is.
  let low = 0;
  let high = containers.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (containers[middle]!.die.offset < die.offset) low = middle + 1;
    else high = middle;
  }
  const found: Die[] = [];
  for (let i = low - 1; i >= 0; i = containers[i]!.parent) {
    if (die.offset < containers[i]!.end) found.push(containers[i]!.die);
  }
  return found.reverse();
}

/** The scopes of `die`, outermost first.
 *  @param resolve follows a reference: in a type unit the class around a type has only a signature there */
export function scopesOf(die: Die, resolve: (from: Unit, reference: Reference) => Die): readonly Scope[] {
  return enclosing(die).map((outer) => {
    const kind = KINDS.get(outer.tag)!;
    return {
      kind: kind === 'namespace' && flagAttribute(outer, DW_AT.export_symbols) ? 'inline namespace' : kind,
      name: nameOf(outer, resolve),
    };
  });
}

function nameOf(die: Die, resolve: (from: Unit, reference: Reference) => Die): string | undefined {
  const name = stringAttribute(die, DW_AT.name);
  const signature = name === undefined ? refAttribute(die, DW_AT.signature) : undefined;
  return signature ? stringAttribute(resolve(die.unit, signature), DW_AT.name) : name;
}
