// The elements of a std::tuple lie in its bases, the last element's first in memory:
//
//   tuple<A, B> ─ _Tuple_impl<0, A, B> ┬ _Tuple_impl<1, B> ─ _Head_base<1, B>
//                                      └ _Head_base<0, A>

import type { DwarfType } from '../../elf/dwarf/types.js';
import { field, part, recordOf, type Value } from '../value.js';
import { typeArg } from './printer.js';

/** More elements than any tuple has. */
const MAX_TUPLE = 256;

/** The elements of a std::tuple in order. */
export function tupleHeads(level: Value, depth = 0): Value[] {
  const record = recordOf(level);
  if (!record || depth > MAX_TUPLE) return [];
  const rest: Value[] = [];
  let head: Value | undefined;
  for (const base of record.bases) {
    if (base.offset === undefined) continue;
    const inner = part(level, base.offset, base.type);
    const name = recordOf(inner)?.name ?? '';
    if (name.startsWith('_Head_base')) head = headValue(inner);
    else if (name.startsWith('_Tuple_impl')) rest.push(...tupleHeads(inner, depth + 1));
  }
  return head ? [head, ...rest] : rest;
}

/** An empty element is its own base; others are the member `_M_head_impl`. */
function headValue(head: Value): Value | undefined {
  const member = field(head, '_M_head_impl');
  if (member) return member;
  const type: DwarfType | undefined = typeArg(head, 1);
  return type && part(head, 0, type);
}
