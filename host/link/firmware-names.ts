// What names of the firmware mean: its global symbols, its statics by the name that an `extern` declaration gives them
// if only one has it, and places by address, for declarations that are made from debug information.

import { demangle } from '../elf/demangle.js';
import type { ElfSymbol, ObjectFile } from '../elf/object-file.js';
import type { Architecture } from './arch/architecture.js';
import type { Definition } from './atom.js';
import { externalName, indexOf } from './object-index.js';

/** Names of an executable that inputs and libraries may use. */
export interface FirmwareNames {
  get(name: string): Definition | undefined;
  /** All of them that are symbols. */
  values(): Iterable<Definition>;
}

const NO_NAMES: FirmwareNames = { get: () => undefined, values: () => [] };

/** The label of a declaration whose symbol no other name finds: `__bw_at_20000124_count`. */
export function placeLabel(addr: number, name: string): string {
  return `__bw_at_${(addr >>> 0).toString(16).padStart(8, '0')}_${name}`;
}

const PLACE_LABEL = /^__bw_at_([0-9a-f]{8})_(\w+)$/;

/** The address that a label of `placeLabel` says. */
export function placeAddr(name: string): number | undefined {
  const digits = PLACE_LABEL.exec(name)?.[1];
  return digits === undefined ? undefined : Number.parseInt(digits, 16);
}

/** The plain name in a label that `placeLabel` made; other names are given back as they are. */
export function withoutPlace(name: string): string {
  return PLACE_LABEL.exec(name)?.[2] ?? name;
}

/** @param firmware an executable; without one there are no names
 *  @param users it is the user's, whose statics are known too, and not a stub */
export function firmwareNames(firmware: ObjectFile | undefined, arch: Architecture, users: boolean): FirmwareNames {
  if (firmware === undefined) return NO_NAMES;
  const { globals, locals } = indexOf(firmware);
  const names = new Map<string, Definition>();
  const statics = new Map<string, Definition | undefined>();
  const define = (symbol: ElfSymbol, name: string): Definition => {
    const { value, thumb } = arch.splitValue(symbol.value, symbol.type === 'func');
    return {
      name,
      target: { kind: 'absolute', addr: value, thumb },
      isFunction: symbol.type === 'func',
      sizeBytes: symbol.sizeBytes,
      origin: 'firmware',
    };
  };
  for (const symbol of globals.values()) names.set(symbol.name, define(symbol, symbol.name));
  for (const symbol of users ? locals : []) {
    const name = externalName(symbol.name) ?? symbol.name;
    statics.set(name, statics.has(name) ? undefined : define(symbol, symbol.name));
  }
  const atPlace = (name: string): Definition | undefined => {
    const place = PLACE_LABEL.exec(name);
    if (place === null) return undefined;
    const value = Number.parseInt(place[1]!, 16);
    const isFunction = (value & 1) === 1 && arch.machine === 'arm';
    const { value: addr, thumb } = arch.splitValue(value, isFunction);
    return { name, target: { kind: 'absolute', addr, thumb }, isFunction, sizeBytes: 0, origin: 'firmware' };
  };
  const known = (name: string): Definition | undefined => names.get(name) ?? statics.get(name);
  /** A header of C may not say so: a function that C++ knows nothing of is C's of that name. */
  const inC = (name: string): Definition | undefined => {
    const length = users ? /^_Z(\d+)/.exec(name) : null;
    if (length === null) return undefined;
    const from = length[0].length;
    const found = known(name.slice(from, from + Number(length[1])));
    return found?.isFunction ? found : undefined;
  };
  return {
    get: (name) => known(name) ?? atPlace(name) ?? inC(name),
    values: () => [...names.values(), ...[...statics.values()].filter((each) => each !== undefined)],
  };
}

/** `f(int)` of a symbol or of a place. */
export function firmwareNameText(name: string): string {
  return demangle(withoutPlace(name));
}
