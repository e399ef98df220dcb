// `_`, the last value. The host remembers where it is, or its bytes if it was a copy; an input that says `_` is
// compiled behind a definition of it. The name is a macro for one of ours, so that nothing of it outlives the input.

import { bareType, type DwarfType } from '../elf/dwarf/types.js';
import type { SlotContent } from '../show/slot.js';
import { typeName } from '../show/type-name.js';
import { scan } from '../unit/scan.js';

/** What `_` stands for. */
export interface LastValue {
  readonly type: string;
  /** Where it lives, or the bytes that were copied. */
  readonly place: { readonly addr: number } | { readonly bytes: Uint8Array };
}

/** Types without a name that another input could say. */
const NAMELESS = /\(lambda\)|\{\.\.\.\}|__bw_|\(unnamed|\(anonymous/;

/** What is worth keeping of a value. Copies of things whose copying runs code are not: they may own memory. */
export function lastValueOf({ type, addr, bytes }: SlotContent): LastValue | undefined {
  const name = typeName(type);
  if (NAMELESS.test(name)) return undefined;
  if (bytes === undefined) return { type: name, place: { addr } };
  return copyRunsCode(type) ? undefined : { type: name, place: { bytes: bytes.slice() } };
}

function copyRunsCode(type: DwarfType): boolean {
  const bare = bareType(type);
  return bare.kind === 'record' && bare.byReference;
}

/** Whether a text says `_`, outside of strings and comments. */
export function saysLastValue(text: string): boolean {
  return (
    /(?<![\w$])_(?![\w$])/.test(text) && scan(text).tokens.some(({ start, end }) => text.slice(start, end) === '_')
  );
}

/** Declarations that make `_` the value; they go behind all others. */
export function lastValueText({ type, place }: LastValue): string {
  const alias = `namespace __bw { using Last = std::type_identity_t<${type}>; }\n`;
  const definition =
    'addr' in place
      ? `static __bw::Last &__bw_last = *reinterpret_cast<__bw::Last *>(0x${place.addr.toString(16)}u);\n`
      : `namespace __bw { struct LastBytes { unsigned char bytes[${place.bytes.length}]; }; }\n` +
        `static __bw::Last __bw_last = __builtin_bit_cast(__bw::Last, (__bw::LastBytes{{${[...place.bytes].join(', ')}}}));\n`;
  return `${alias}${definition}#define _ __bw_last\n`;
}
