// Class, struct and union entries → RecordType: members and bit-fields, bases, statics, template arguments.
// @see DWARF 5, 5.7 (structures, unions, classes), 2.23 (template parameters)

import { DW_AT, DW_OP, DW_TAG } from './constants.js';
import { Cursor } from './cursor.js';
import {
  bigAttribute,
  blockAttribute,
  childrenOf,
  type Die,
  flagAttribute,
  numberAttribute,
  stringAttribute,
} from './die.js';
import { once } from './once.js';
import { scopesOf } from './scope.js';
import type { TypeReader } from './type-reader.js';
import {
  type Access,
  type Base,
  bareType,
  type DwarfType,
  type Member,
  type Method,
  type RecordType,
  type StaticMember,
  type TemplateArgument,
} from './types.js';

/** Tags of records. */
export const RECORD_KEYWORDS: ReadonlyMap<number, RecordType['keyword']> = new Map([
  [DW_TAG.structure_type, 'struct'],
  [DW_TAG.class_type, 'class'],
  [DW_TAG.union_type, 'union'],
]);

const ACCESS: readonly (Access | undefined)[] = [undefined, 'public', 'protected', 'private'];

/** Reads a class, struct or union; its parts are read when they are asked for. */
export function readRecord(die: Die, reader: TypeReader): RecordType {
  const keyword = RECORD_KEYWORDS.get(die.tag)!;
  const children = once(() => childrenOf(die));
  const defaultAccess: Access = keyword === 'class' ? 'private' : 'public';
  const accessOf = (child: Die): Access => ACCESS[numberAttribute(child, DW_AT.accessibility) ?? 0] ?? defaultAccess;
  const isStatic = (child: Die): boolean =>
    child.tag === DW_TAG.variable ||
    (child.tag === DW_TAG.member && (flagAttribute(child, DW_AT.external) || flagAttribute(child, DW_AT.declaration)));
  const members = once(() =>
    children()
      .filter((child) => child.tag === DW_TAG.member && !isStatic(child))
      .map((child) => readMember(child, reader, accessOf(child))),
  );
  const bases = once(() =>
    children()
      .filter((child) => child.tag === DW_TAG.inheritance)
      .map((child): Base => readBaseClass(child, reader, accessOf(child))),
  );
  const statics = once(() =>
    children()
      .filter(isStatic)
      .map(
        (child): StaticMember => ({
          name: stringAttribute(child, DW_AT.name) ?? '(unnamed)',
          type: reader.typeOf(child),
          access: accessOf(child),
          constValue: bigAttribute(child, DW_AT.const_value),
        }),
      ),
  );
  const methods = once(() =>
    children()
      .filter((child) => child.tag === DW_TAG.subprogram)
      .map((child) => readMethod(child, reader)),
  );
  const templateArgs = once(() => readTemplateArgs(children(), reader));
  const name = stringAttribute(die, DW_AT.name);
  const scopes = once(() => scopesOf(die, reader.resolve));
  return {
    kind: 'record',
    keyword,
    name,
    align: numberAttribute(die, DW_AT.alignment),
    byReference: numberAttribute(die, DW_AT.calling_convention) === DW_CC_PASS_BY_REFERENCE,
    declaration: flagAttribute(die, DW_AT.declaration),
    sizeBytes: numberAttribute(die, DW_AT.byte_size),
    get scopes() {
      return scopes();
    },
    get members() {
      return members();
    },
    get bases() {
      return bases();
    },
    get staticMembers() {
      return statics();
    },
    get methods() {
      return methods();
    },
    get templateArgs() {
      return templateArgs();
    },
    // clang makes closures classes without a name, GCC calls them `<lambda(int)>`.
    lambda: name === undefined ? keyword === 'class' : name.startsWith('<lambda'),
    get dynamic() {
      return members().some((member) => member.artificial && (member.name ?? '').startsWith('_vptr'));
    },
  };
}

function readMethod(die: Die, reader: TypeReader): Method {
  const all = childrenOf(die).filter((child) => child.tag === DW_TAG.formal_parameter);
  const self = all[0] !== undefined && flagAttribute(all[0], DW_AT.artificial) ? all[0] : undefined;
  return {
    name: stringAttribute(die, DW_AT.name) ?? '(unnamed)',
    linkageName: stringAttribute(die, DW_AT.linkage_name),
    get result() {
      return reader.typeOf(die);
    },
    get parameters() {
      return all.filter((each) => !flagAttribute(each, DW_AT.artificial)).map((each) => reader.typeOf(each));
    },
    isStatic: self === undefined,
    get isConst() {
      const pointer = self === undefined ? undefined : bareType(reader.typeOf(self));
      return pointer?.kind === 'pointer' && pointer.target.kind === 'const';
    },
    artificial: flagAttribute(die, DW_AT.artificial),
  };
}

/** Source: DWARF 5, table 7.20. */
const DW_CC_PASS_BY_REFERENCE = 4;

function readMember(die: Die, reader: TypeReader, access: Access): Member {
  const type = once(() => reader.typeOf(die));
  const offset = memberOffset(die) ?? 0;
  const size = numberAttribute(die, DW_AT.bit_size);
  return {
    name: stringAttribute(die, DW_AT.name),
    get type() {
      return type();
    },
    offset,
    bits: size === undefined ? undefined : { size, offset: bitOffset(die, reader, offset, size) },
    access,
    artificial: flagAttribute(die, DW_AT.artificial),
  };
}

/** First bit of a bit-field. The older form counts from the most significant end of a storage unit:
 *
 *      storage   31 ······· 0      bit_offset = 31 - (highest bit of the field)
 */
function bitOffset(die: Die, reader: TypeReader, offset: number, size: number): number {
  const fromStart = numberAttribute(die, DW_AT.data_bit_offset);
  if (fromStart !== undefined) return fromStart;
  const fromTop = numberAttribute(die, DW_AT.bit_offset);
  if (fromTop === undefined) return offset * 8;
  const type = bareType(reader.typeOf(die));
  const storage = numberAttribute(die, DW_AT.byte_size) ?? ('sizeBytes' in type ? (type.sizeBytes ?? 4) : 4);
  return offset * 8 + storage * 8 - Number(BigInt.asIntN(32, BigInt(fromTop))) - size;
}

/** DW_AT_data_member_location as a constant or as `DW_OP_plus_uconst n`; undefined for virtual bases. */
function memberOffset(die: Die): number | undefined {
  const constant = numberAttribute(die, DW_AT.data_member_location);
  if (constant !== undefined) return constant;
  const block = blockAttribute(die, DW_AT.data_member_location);
  if (block?.[0] !== DW_OP.plus_uconst) return undefined;
  return new Cursor(block, 'member location', 1).uleb();
}

function readBaseClass(die: Die, reader: TypeReader, access: Access): Base {
  const type = once(() => reader.typeOf(die));
  const virtual = (numberAttribute(die, DW_AT.virtuality) ?? 0) !== 0;
  return {
    get type() {
      return type();
    },
    offset: virtual ? undefined : (memberOffset(die) ?? 0),
    vtableOffset: virtual ? virtualBaseSlot(die) : undefined,
    access,
  };
}

/** How far before the vtable's address point the offset of a virtual base stands. Both compilers write
 *  `dup deref constu N minus deref plus`. */
function virtualBaseSlot(die: Die): number | undefined {
  const block = blockAttribute(die, DW_AT.data_member_location);
  if (!block || block[0] !== DW_OP.dup || block[1] !== DW_OP.deref) return undefined;
  const cursor = new Cursor(block, 'base location', 3);
  const slot = block[2] === DW_OP.constu ? cursor.uleb() : block[2] === DW_OP.const1u ? cursor.u8() : undefined;
  return cursor.pos < block.length && cursor.u8() === DW_OP.minus ? slot : undefined;
}

function readTemplateArgs(children: readonly Die[], reader: TypeReader): TemplateArgument[] {
  const args: TemplateArgument[] = [];
  for (const child of children) {
    const name = stringAttribute(child, DW_AT.name);
    if (child.tag === DW_TAG.template_type_parameter) {
      args.push({ kind: 'type', name, type: reader.typeOf(child) });
    } else if (child.tag === DW_TAG.template_value_parameter) {
      const type = reader.typeOf(child);
      args.push({ kind: 'value', name, type, value: constantOf(child, type) });
    } else if (child.tag === DW_TAG.GNU_template_template_param) {
      args.push({ kind: 'template', name, template: stringAttribute(child, DW_AT.GNU_template_name) ?? '?' });
    } else if (child.tag === DW_TAG.GNU_template_parameter_pack) {
      args.push({ kind: 'pack', name, args: readTemplateArgs(childrenOf(child), reader) });
    }
  }
  return args;
}

/** A constant with the sign of its type: data forms do not tell. */
function constantOf(die: Die, type: DwarfType): bigint | undefined {
  const value = bigAttribute(die, DW_AT.const_value);
  if (value === undefined) return undefined;
  const bare = bareType(type);
  if (bare.kind !== 'base' && bare.kind !== 'enum') return value;
  return bare.signed ? BigInt.asIntN(8 * bare.sizeBytes, value) : BigInt.asUintN(8 * bare.sizeBytes, value);
}
