// Small wrappers around values: optional, variant, tuple, complex, chrono, atomic, bitset, byte-sized helpers.

import { bareType } from '../../elf/dwarf/types.js';
import type { ShowContext } from '../context.js';
import { listText } from '../lists.js';
import { formatComplex } from '../scalars.js';
import { typeName } from '../type-name.js';
import { bytesOf, fieldAt, part, unsignedOf, type Value } from '../value.js';
import { argsOf, type Printer, typeArg } from './printer.js';
import { tupleHeads } from './tuple.js';

const printOptional: Printer = async (context, value, depth) => {
  const engaged = fieldAt(value, '_M_payload', '_M_engaged');
  const payload = fieldAt(value, '_M_payload', '_M_payload');
  const type = typeArg(value, 0);
  if (!engaged || !payload || !type) return undefined;
  if ((await unsignedOf(context, engaged)) === 0) return 'nullopt';
  return context.show(context, part(value, payload.addr - value.addr, type), depth + 1);
};

/** The alternative that is there, with its type: `(float) 2.5`. The storage of every alternative begins at offset 0. */
const printVariant: Printer = async (context, value, depth) => {
  const index = fieldAt(value, '_M_index');
  if (!index || !fieldAt(value, '_M_u')) return undefined;
  const bytes = await bytesOf(context, index);
  const which = await unsignedOf(context, index);
  if (bytes.every((byte) => byte === 0xff)) return 'valueless';
  const type = typeArg(value, which);
  if (!type) return undefined;
  return `(${typeName(type)}) ${await context.show(context, part(value, 0, type), depth + 1)}`;
};

/** `{1, "a"}` */
const printTuple: Printer = async (context, value, depth) => {
  const heads = tupleHeads(value);
  const types = argsOf(value);
  if (heads.length !== types.length) return undefined;
  return listText(context, heads.length, (i) => context.show(context, heads[i]!, depth + 1));
};

const printComplex: Printer = async (context, value, depth) => {
  const inner = fieldAt(value, '_M_value');
  if (!inner) return undefined;
  const type = bareType(inner.type);
  if (type.kind === 'base' && type.encoding === 'complex') return context.show(context, inner, depth);
  const real = fieldAt(inner, '_M_real');
  const imaginary = fieldAt(inner, '_M_imag');
  if (!real || !imaginary) return undefined;
  return formatComplex(await context.show(context, real, depth), await context.show(context, imaginary, depth));
};

/** Suffix by period, `num/den` of seconds. */
const PERIOD_SUFFIXES: Readonly<Record<string, string>> = {
  '1/1000000000': 'ns',
  '1/1000000': 'us',
  '1/1000': 'ms',
  '1/1': 's',
  '60/1': 'min',
  '3600/1': 'h',
  '86400/1': 'd',
};

/** A count with the unit that the duration's type has. */
export async function durationText(
  context: ShowContext,
  value: Value,
  count: Value,
  depth: number,
): Promise<string | undefined> {
  const period = typeArg(value, 1);
  if (!period) return undefined;
  const ratio = argsOf({ ...value, type: bareType(period) }).map((arg) =>
    arg.kind === 'value' ? arg.value : undefined,
  );
  if (ratio.length !== 2) return undefined;
  const [numerator, denominator] = ratio;
  const key = `${numerator}/${denominator}`;
  return `${await context.show(context, count, depth)}${PERIOD_SUFFIXES[key] ?? ` × ${key} s`}`;
}

const printDuration: Printer = async (context, value, depth) => {
  const count = fieldAt(value, '__r');
  return count && durationText(context, value, count, depth);
};

/** A type that shows as one of its members does. */
export function memberPrinter(...paths: readonly (readonly string[])[]): Printer {
  return async (context: ShowContext, value: Value, depth: number) => {
    for (const path of paths) {
      const inner = fieldAt(value, ...path);
      if (inner) return context.show(context, inner, depth);
    }
    return undefined;
  };
}

/** `0b1011`, as many digits as the set has bits.
 *  @param member that holds the words */
export function bitsetPrinter(member: string): Printer {
  return async (context, value) => {
    const words = fieldAt(value, member);
    const size = argsOf(value)[0];
    if (!words || size?.kind !== 'value' || size.value === undefined) return undefined;
    const count = Number(size.value);
    const bytes = await bytesOf(context, words);
    const shown = Math.min(count, bytes.length * 8, context.limits.characters);
    let text = '';
    for (let i = 0; i < shown; i++) text = `${(bytes[i >> 3]! >> (i & 7)) & 1}${text}`;
    return `${shown < count ? '…' : '0b'}${text}`;
  };
}

export const VALUE_PRINTERS: Readonly<Record<string, Printer>> = {
  'std::optional': printOptional,
  'std::variant': printVariant,
  'std::tuple': printTuple,
  'std::complex': printComplex,
  'std::chrono::duration': printDuration,
  'std::chrono::time_point': memberPrinter(['__d']),
  'std::atomic': memberPrinter(['_M_i'], ['_M_b', '_M_p'], ['_M_base', '_M_i'], ['_M_fp']),
  'std::bitset': bitsetPrinter('_M_w'),
};
