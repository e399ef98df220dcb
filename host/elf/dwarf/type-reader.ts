// Type entries → DwarfType, one at a time and each only once per object.
// @see DWARF 5, chapter 5

import { DW_AT, DW_ATE, DW_TAG } from './constants.js';
import { dwarfError } from './cursor.js';
import {
  bigAttribute,
  childrenOf,
  type Die,
  dieAt,
  flagAttribute,
  hasAttribute,
  numberAttribute,
  type Reference,
  refAttribute,
  stringAttribute,
  walk,
} from './die.js';
import { once } from './once.js';
import { RECORD_KEYWORDS, readRecord } from './record-reader.js';
import { enclosing, scopesOf } from './scope.js';
import type { ArrayType, BaseEncoding, BaseType, DwarfType, EnumType, FunctionType } from './types.js';
import { bareType } from './types.js';
import type { Unit } from './unit.js';

const VOID: DwarfType = { kind: 'void' };

/** Reads types of one object. */
export interface TypeReader {
  /** The type that attribute DW_AT_type (or another) of `die` names; void if it has none. */
  typeOf(die: Die, attribute?: number): DwarfType;
  /** The type that `die` itself describes. */
  read(die: Die): DwarfType;
  /** The defined class, enum or typedef of that qualified name, as C++ writes it: `ns::P`. */
  byName(qualifiedName: string): DwarfType | undefined;
  /** Qualified names of all that `byName` finds. */
  names(): Iterable<string>;
  /** The entry that a reference names. */
  resolve(from: Unit, reference: Reference): Die;
}

const NAMED_TYPES: ReadonlySet<number> = new Set([
  ...RECORD_KEYWORDS.keys(),
  DW_TAG.enumeration_type,
  DW_TAG.typedef,
  DW_TAG.template_alias,
]);

const ENCODINGS: Readonly<Record<number, { encoding: BaseEncoding; signed: boolean }>> = {
  [DW_ATE.boolean]: { encoding: 'boolean', signed: false },
  [DW_ATE.complex_float]: { encoding: 'complex', signed: true },
  [DW_ATE.float]: { encoding: 'float', signed: true },
  [DW_ATE.signed]: { encoding: 'signed', signed: true },
  [DW_ATE.signed_char]: { encoding: 'char', signed: true },
  [DW_ATE.unsigned]: { encoding: 'unsigned', signed: false },
  [DW_ATE.unsigned_char]: { encoding: 'char', signed: false },
  [DW_ATE.UTF]: { encoding: 'utf', signed: false },
  [DW_ATE.UCS]: { encoding: 'utf', signed: false },
  [DW_ATE.ASCII]: { encoding: 'char', signed: false },
};

/** @param units all units of the object, opened
 *  @param elsewhere a type by qualified name that this object only declares */
export function typeReader(
  units: readonly Unit[],
  elsewhere: (qualifiedName: string) => DwarfType | undefined,
): TypeReader {
  const caches = new Map<Unit, Map<number, DwarfType>>();

  const unitAt = (from: Unit, offset: number): Unit => {
    if (offset >= from.startOffset && offset < from.endOffset) return from;
    const unit = units.find((u) => u.section === from.section && offset >= u.startOffset && offset < u.endOffset);
    if (unit) return unit;
    throw badReference(from, `0x${offset.toString(16)}`);
  };

  const resolve = (from: Unit, reference: Reference): Die => {
    const unit =
      reference.kind === 'offset'
        ? unitAt(from, reference.offset)
        : units.find((u) => u.signature === reference.signature);
    const die = unit && dieAt(unit, reference.kind === 'offset' ? reference.offset : unit.typeOffset);
    if (die) return die;
    throw badReference(
      from,
      reference.kind === 'offset'
        ? `0x${reference.offset.toString(16)}`
        : `signature ${reference.signature.toString(16)}`,
    );
  };

  const read = (die: Die): DwarfType => {
    let cache = caches.get(die.unit);
    if (!cache) {
      cache = new Map();
      caches.set(die.unit, cache);
    }
    let type = cache.get(die.offset);
    if (!type) {
      type = readType(die, reader);
      cache.set(die.offset, type);
    }
    return type;
  };

  const typeOf = (die: Die, attribute: number = DW_AT.type): DwarfType => {
    const reference = refAttribute(die, attribute);
    if (!reference) return VOID;
    const named = resolve(die.unit, reference);
    const found = definitionOf(named);
    if (found === named && isDeclaration(named)) return elsewhere(qualifiedName(named)) ?? read(named);
    return read(found);
  };

  /** Follows a declaration to its definition, when the object has one. */
  const definitionOf = (die: Die): Die => {
    if (!isDeclaration(die)) return die;
    const signature = refAttribute(die, DW_AT.signature);
    if (signature) return resolve(die.unit, signature);
    const found = definitions().get(qualifiedName(die));
    return found && found.tag !== DW_TAG.typedef ? found : die;
  };

  const definitions = once(() => {
    const found = new Map<string, Die>();
    for (const unit of units) {
      walk(unit, (die) => {
        if (NAMED_TYPES.has(die.tag) && !flagAttribute(die, DW_AT.declaration) && stringAttribute(die, DW_AT.name)) {
          const name = qualifiedName(die);
          if (!found.has(name)) found.set(name, die);
        }
        return 'into';
      });
    }
    return found;
  });

  const reader: TypeReader = {
    typeOf,
    read,
    resolve,
    names: () => definitions().keys(),
    byName: (name) => {
      const die = definitions().get(name);
      return die && read(die);
    },
  };
  return reader;
}

/** A class or enum that is only declared at this entry. */
function isDeclaration(die: Die): boolean {
  const named = RECORD_KEYWORDS.has(die.tag) || die.tag === DW_TAG.enumeration_type;
  return named && flagAttribute(die, DW_AT.declaration);
}

function badReference(from: Unit, what: string): Error {
  return dwarfError('DWARF_BAD_REFERENCE', from.section.where, `nothing stands at ${what}, which an entry refers to`);
}

/** `ns::Outer::Inner`, inline namespaces left out. */
function qualifiedName(die: Die): string {
  const parts = enclosing(die)
    .filter((outer) => !(outer.tag === DW_TAG.namespace && flagAttribute(outer, DW_AT.export_symbols)))
    .map((outer) => stringAttribute(outer, DW_AT.name) ?? '(anonymous)');
  parts.push(stringAttribute(die, DW_AT.name) ?? '(anonymous)');
  return parts.join('::');
}

function readType(die: Die, reader: TypeReader): DwarfType {
  const target = once(() => reader.typeOf(die));
  switch (die.tag) {
    case DW_TAG.base_type:
      return readBase(die);
    case DW_TAG.unspecified_type:
      return {
        kind: 'unspecified',
        name: stringAttribute(die, DW_AT.name) ?? '(unspecified)',
        sizeBytes: numberAttribute(die, DW_AT.byte_size) ?? 4,
      };
    case DW_TAG.pointer_type:
    case DW_TAG.reference_type:
    case DW_TAG.rvalue_reference_type:
      return {
        kind: POINTER_KINDS[die.tag]!,
        sizeBytes: numberAttribute(die, DW_AT.byte_size) ?? 4,
        get target() {
          return target();
        },
      };
    case DW_TAG.ptr_to_member_type: {
      const owner = once(() => reader.typeOf(die, DW_AT.containing_type));
      return {
        kind: 'member pointer',
        get target() {
          return target();
        },
        get owner() {
          return owner();
        },
        get sizeBytes() {
          return bareType(target()).kind === 'function' ? 8 : 4;
        },
      };
    }
    case DW_TAG.const_type:
    case DW_TAG.volatile_type:
    case DW_TAG.restrict_type:
    case DW_TAG.atomic_type:
      return {
        kind: QUALIFIERS[die.tag]!,
        get target() {
          return target();
        },
      };
    case DW_TAG.typedef:
    case DW_TAG.template_alias: {
      const scopes = once(() => scopesOf(die, reader.resolve));
      return {
        kind: 'typedef',
        name: stringAttribute(die, DW_AT.name) ?? '(anonymous)',
        get scopes() {
          return scopes();
        },
        get target() {
          return target();
        },
      };
    }
    case DW_TAG.enumeration_type:
      return readEnum(die, reader);
    case DW_TAG.array_type:
      return readArray(die, target);
    case DW_TAG.subroutine_type:
      return readFunctionType(die, reader);
    default: {
      if (RECORD_KEYWORDS.has(die.tag)) return readRecord(die, reader);
      throw dwarfError(
        'DWARF_BAD_REFERENCE',
        `${die.unit.section.where}+0x${die.offset.toString(16)}`,
        `tag 0x${die.tag.toString(16)} stands where a type is wanted`,
        { tag: die.tag },
      );
    }
  }
}

const POINTER_KINDS: Readonly<Record<number, 'pointer' | 'reference' | 'rvalue reference'>> = {
  [DW_TAG.pointer_type]: 'pointer',
  [DW_TAG.reference_type]: 'reference',
  [DW_TAG.rvalue_reference_type]: 'rvalue reference',
};

const QUALIFIERS: Readonly<Record<number, 'const' | 'volatile' | 'restrict' | 'atomic'>> = {
  [DW_TAG.const_type]: 'const',
  [DW_TAG.volatile_type]: 'volatile',
  [DW_TAG.restrict_type]: 'restrict',
  [DW_TAG.atomic_type]: 'atomic',
};

function readBase(die: Die): BaseType {
  const name = stringAttribute(die, DW_AT.name) ?? '(unnamed)';
  const row = ENCODINGS[numberAttribute(die, DW_AT.encoding) ?? 0] ?? { encoding: 'other' as const, signed: false };
  return { kind: 'base', name, ...row, sizeBytes: numberAttribute(die, DW_AT.byte_size) ?? 0 };
}

function readEnum(die: Die, reader: TypeReader): EnumType {
  const underlying = hasAttribute(die, DW_AT.type) ? reader.typeOf(die) : undefined;
  const bare = underlying && bareType(underlying);
  const sizeBytes = numberAttribute(die, DW_AT.byte_size) ?? (bare?.kind === 'base' ? bare.sizeBytes : 4);
  const scopes = once(() => scopesOf(die, reader.resolve));
  const raw = once(() =>
    childrenOf(die)
      .filter((child) => child.tag === DW_TAG.enumerator)
      .map((child) => ({
        name: stringAttribute(child, DW_AT.name) ?? '(unnamed)',
        value: bigAttribute(child, DW_AT.const_value) ?? 0n,
      })),
  );
  const signed = once(() => (bare?.kind === 'base' ? bare.signed : raw().some((e) => e.value < 0n)));
  const wrap = (value: bigint): bigint =>
    signed() ? BigInt.asIntN(8 * sizeBytes, value) : BigInt.asUintN(8 * sizeBytes, value);
  const enumerators = once(() => raw().map((e) => ({ name: e.name, value: wrap(e.value) })));
  return {
    kind: 'enum',
    name: stringAttribute(die, DW_AT.name),
    scoped: flagAttribute(die, DW_AT.enum_class),
    sizeBytes,
    underlying,
    declaration: flagAttribute(die, DW_AT.declaration),
    get scopes() {
      return scopes();
    },
    get signed() {
      return signed();
    },
    get enumerators() {
      return enumerators();
    },
  };
}

/** One array type per dimension, the outermost first. */
function readArray(die: Die, element: () => DwarfType): ArrayType {
  const counts = childrenOf(die)
    .filter((child) => child.tag === DW_TAG.subrange_type)
    .map((range) => {
      const count = numberAttribute(range, DW_AT.count);
      if (count !== undefined) return count;
      const upper = bigAttribute(range, DW_AT.upper_bound);
      // GCC writes the bound of `int[0]` as 2^32 - 1 or -1.
      return upper === undefined ? undefined : Number(BigInt.asUintN(32, upper + 1n));
    });
  const nest = (dimension: number): ArrayType => {
    const inner = once(() => (dimension + 1 < counts.length ? nest(dimension + 1) : element()));
    return {
      kind: 'array',
      count: counts[dimension],
      vector: hasAttribute(die, 0x2107), // DW_AT_GNU_vector
      get element() {
        return inner();
      },
    };
  };
  return nest(0);
}

function readFunctionType(die: Die, reader: TypeReader): FunctionType {
  const children = once(() => childrenOf(die));
  const parameters = once(() =>
    children()
      .filter((child) => child.tag === DW_TAG.formal_parameter)
      .map((child) => reader.typeOf(child)),
  );
  const result = once(() => reader.typeOf(die));
  return {
    kind: 'function',
    get result() {
      return result();
    },
    get parameters() {
      return parameters();
    },
    get variadic() {
      return children().some((child) => child.tag === DW_TAG.unspecified_parameters);
    },
    get method() {
      const first = children().find((child) => child.tag === DW_TAG.formal_parameter);
      return first !== undefined && flagAttribute(first, DW_AT.artificial);
    },
  };
}
