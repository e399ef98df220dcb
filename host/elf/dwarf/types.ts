// C++ types as DWARF describes them: plain data, discriminated by `kind`. Types refer to each other in circles
// (a list node points to list nodes), so parts are getters that read the next entry when they are first asked for.

import type { Scope } from './scope.js';

export type Access = 'public' | 'protected' | 'private';
export type BaseEncoding = 'boolean' | 'signed' | 'unsigned' | 'float' | 'complex' | 'char' | 'utf' | 'other';

/** `void`, also what a missing DW_AT_type means. */
export interface VoidType {
  readonly kind: 'void';
}

/** `int`, `double`, `char16_t`… */
export interface BaseType {
  readonly kind: 'base';
  readonly name: string;
  /** `char` for `char`, `signed char` and `unsigned char` alike, `utf` for char8_t, char16_t, char32_t. */
  readonly encoding: BaseEncoding;
  readonly signed: boolean;
  readonly sizeBytes: number;
}

/** `decltype(nullptr)` and whatever else has a name and nothing more. */
export interface UnspecifiedType {
  readonly kind: 'unspecified';
  readonly name: string;
  readonly sizeBytes: number;
}

export interface PointerType {
  readonly kind: 'pointer' | 'reference' | 'rvalue reference';
  readonly target: DwarfType;
  readonly sizeBytes: number;
}

/** `int P::*`; `target` is a function type for pointers to member functions. */
export interface MemberPointerType {
  readonly kind: 'member pointer';
  readonly target: DwarfType;
  readonly owner: DwarfType;
  readonly sizeBytes: number;
}

export interface QualifiedType {
  readonly kind: 'const' | 'volatile' | 'restrict' | 'atomic';
  readonly target: DwarfType;
}

export interface TypedefType {
  readonly kind: 'typedef';
  readonly name: string;
  readonly scopes: readonly Scope[];
  readonly target: DwarfType;
}

export interface Enumerator {
  readonly name: string;
  readonly value: bigint;
}

export interface EnumType {
  readonly kind: 'enum';
  readonly name: string | undefined;
  readonly scopes: readonly Scope[];
  /** `enum class` */
  readonly scoped: boolean;
  readonly signed: boolean;
  readonly sizeBytes: number;
  readonly underlying: DwarfType | undefined;
  readonly enumerators: readonly Enumerator[];
  readonly declaration: boolean;
}

export interface ArrayType {
  readonly kind: 'array';
  readonly element: DwarfType;
  /** Outermost dimension; further ones are arrays in `element`. Undefined: `int[]`. */
  readonly count: number | undefined;
  readonly vector: boolean;
}

export interface Member {
  /** Undefined: an anonymous struct or union. */
  readonly name: string | undefined;
  readonly type: DwarfType;
  /** Bytes from the start of the record. */
  readonly offset: number;
  /** Bit-fields: the first bit from the start of the record (bit 0 of byte 0 first), and how many. */
  readonly bits: { readonly offset: number; readonly size: number } | undefined;
  readonly access: Access;
  /** Made by the compiler: the vtable pointer. */
  readonly artificial: boolean;
}

export interface Base {
  readonly type: DwarfType;
  /** Undefined: a virtual base, found through the vtable. */
  readonly offset: number | undefined;
  /** Virtual bases: how far before the vtable's address point the base's offset stands. */
  readonly vtableOffset: number | undefined;
  readonly access: Access;
}

export interface StaticMember {
  readonly name: string;
  readonly type: DwarfType;
  readonly access: Access;
  readonly constValue: bigint | undefined;
}

/** A member function as its class declares it. */
export interface Method {
  readonly name: string;
  readonly linkageName: string | undefined;
  readonly result: DwarfType;
  /** Without `this`. */
  readonly parameters: readonly DwarfType[];
  readonly isStatic: boolean;
  readonly isConst: boolean;
  /** Made by the compiler. */
  readonly artificial: boolean;
}

export type TemplateArgument =
  | { readonly kind: 'type'; readonly name: string | undefined; readonly type: DwarfType }
  | {
      readonly kind: 'value';
      readonly name: string | undefined;
      readonly type: DwarfType;
      readonly value: bigint | undefined;
    }
  | { readonly kind: 'template'; readonly name: string | undefined; readonly template: string }
  | { readonly kind: 'pack'; readonly name: string | undefined; readonly args: readonly TemplateArgument[] };

export interface RecordType {
  readonly kind: 'record';
  readonly keyword: 'struct' | 'class' | 'union';
  /** As DWARF has it, with template arguments: `vector<int, std::allocator<int> >`; undefined if it has none. */
  readonly name: string | undefined;
  readonly scopes: readonly Scope[];
  /** Undefined for declarations. */
  readonly sizeBytes: number | undefined;
  /** DW_AT_alignment, only there when the source asks for one. */
  readonly align: number | undefined;
  /** Passed by reference, because copying or destroying it runs code (DW_CC_pass_by_reference). */
  readonly byReference: boolean;
  /** Only declared in this object: members are not known. */
  readonly declaration: boolean;
  readonly members: readonly Member[];
  readonly bases: readonly Base[];
  readonly staticMembers: readonly StaticMember[];
  readonly methods: readonly Method[];
  readonly templateArgs: readonly TemplateArgument[];
  /** The type of a lambda expression. */
  readonly lambda: boolean;
  /** Has virtual functions of its own. */
  readonly dynamic: boolean;
}

export interface FunctionType {
  readonly kind: 'function';
  readonly result: DwarfType;
  readonly parameters: readonly DwarfType[];
  readonly variadic: boolean;
  /** The first parameter is `this` (target of a member pointer). */
  readonly method: boolean;
}

export type DwarfType =
  | VoidType
  | BaseType
  | UnspecifiedType
  | PointerType
  | MemberPointerType
  | QualifiedType
  | TypedefType
  | EnumType
  | ArrayType
  | RecordType
  | FunctionType;

/** How many links of typedefs, qualifiers or array dimensions are followed before the input counts as garbage. */
export const MAX_TYPE_DEPTH = 64;

/** The type behind typedefs and qualifiers. */
export function bareType(type: DwarfType): Exclude<DwarfType, QualifiedType | TypedefType> {
  let at = type;
  for (let i = 0; i < MAX_TYPE_DEPTH; i++) {
    switch (at.kind) {
      case 'const':
      case 'volatile':
      case 'restrict':
      case 'atomic':
      case 'typedef':
        at = at.target;
        break;
      default:
        return at;
    }
  }
  return { kind: 'void' };
}

/** Bytes a value of the type takes; undefined for void, functions, declarations and arrays without a bound. */
export function sizeOfType(type: DwarfType, depth = 0): number | undefined {
  const bare = bareType(type);
  switch (bare.kind) {
    case 'void':
    case 'function':
      return undefined;
    case 'array': {
      const element = depth > MAX_TYPE_DEPTH ? undefined : sizeOfType(bare.element, depth + 1);
      return element === undefined || bare.count === undefined ? undefined : element * bare.count;
    }
    default:
      return bare.sizeBytes;
  }
}

/** Alignment that the 32-bit Arm and RISC-V ABIs give a type. */
export function alignOfType(type: DwarfType, depth = 0): number {
  const bare = bareType(type);
  if (depth > MAX_TYPE_DEPTH) return 1;
  switch (bare.kind) {
    case 'array':
      return alignOfType(bare.element, depth + 1);
    case 'record': {
      const parts = [...bare.members, ...bare.bases].map((part) => alignOfType(part.type, depth + 1));
      return Math.max(1, bare.align ?? 1, ...parts);
    }
    case 'member pointer':
      return 4;
    case 'base':
      return bare.encoding === 'complex' ? Math.max(1, bare.sizeBytes / 2) : Math.min(16, Math.max(1, bare.sizeBytes));
    default:
      return Math.max(1, sizeOfType(bare) ?? 1);
  }
}
