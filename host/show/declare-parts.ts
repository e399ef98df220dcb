// Parts of the text that declares a type (declare-types.ts): what needs no more than the type itself.

import type { Scope } from '../elf/dwarf/scope.js';
import {
  alignOfType,
  type DwarfType,
  type EnumType,
  type Member,
  type Method,
  type RecordType,
  sizeOfType,
  type TemplateArgument,
  type TypedefType,
} from '../elf/dwarf/types.js';
import { simplifyName } from './simplify-name.js';
import { scopePrefix, typeName } from './type-name.js';

/** A type that has a name, or could. */
export type Named = RecordType | EnumType | TypedefType;

/** A type that is but a name. */
export const NAMELESS = {
  record: {
    kind: 'record',
    keyword: 'struct',
    sizeBytes: undefined,
    align: undefined,
    byReference: false,
    declaration: true,
    members: [],
    bases: [],
    staticMembers: [],
    methods: [],
    templateArgs: [],
    lambda: false,
    dynamic: false,
  },
  enum: {
    kind: 'enum',
    scoped: false,
    signed: false,
    sizeBytes: 1,
    underlying: undefined,
    enumerators: [],
    declaration: true,
  },
} as const;

/** The types with a name that a type says, pointers and all. */
export function namedIn(type: DwarfType): Named[] {
  switch (type.kind) {
    case 'record':
    case 'enum':
    case 'typedef':
      return [type];
    case 'array':
      return namedIn(type.element);
    case 'function':
      return [type.result, ...type.parameters].flatMap(namedIn);
    case 'member pointer':
      return [...namedIn(type.target), ...namedIn(type.owner)];
    case 'void':
    case 'base':
    case 'unspecified':
      return [];
    default:
      return namedIn(type.target);
  }
}

/** The class that a type stands in. */
export function parentOf(scopes: readonly Scope[]): string | undefined {
  const last = scopes.at(-1);
  if (last?.kind !== 'type' || last.name === undefined) return undefined;
  return simplifyName(scopePrefix(scopes).replace(/::$/, ''));
}

/** Member functions that text can declare: no constructors, destructors, conversions, templates. */
export function methodsOf({ name = '', methods }: RecordType): Method[] {
  const own = name.replace(/<.*$/s, '');
  return methods.filter(
    (method) =>
      !method.artificial &&
      method.name !== own &&
      !/^~|[<>(]|^operator\b(?! ?(?:[-+*/%^&|!=~,]|\[\]))/.test(method.name) &&
      method.linkageName !== undefined,
  );
}

export function typesIn(args: readonly TemplateArgument[]): DwarfType[] {
  return args.flatMap((arg) => (arg.kind === 'type' ? [arg.type] : arg.kind === 'pack' ? typesIn(arg.args) : []));
}

export function templateParameters(args: readonly TemplateArgument[]): string {
  return args
    .map((arg) => {
      if (arg.kind === 'pack') return arg.args[0]?.kind === 'value' ? `${typeName(arg.args[0].type)}...` : 'class...';
      if (arg.kind === 'value') return typeName(arg.type);
      return arg.kind === 'template' ? 'template <class...> class' : 'class';
    })
    .join(', ');
}

export function enumText(type: EnumType, name: string): string {
  const underlying =
    type.underlying === undefined
      ? `${type.signed ? '' : 'unsigned '}${INTEGERS[type.sizeBytes] ?? 'int'}`
      : typeName(type.underlying);
  const values = type.enumerators.map((each) => `${each.name} = ${each.value}`).join(', ');
  return `enum ${type.scoped ? 'class ' : ''}${name} : ${underlying} { ${values} };`;
}

const INTEGERS: Readonly<Record<number, string>> = { 1: 'char', 2: 'short', 4: 'int', 8: 'long long' };

/** Whether the members lie where only a packed class has them. */
export function isPacked({ members, bases, align, sizeBytes = 0, keyword }: RecordType): boolean {
  if (keyword === 'union') return false;
  const parts = [...members.filter(({ bits }) => bits === undefined), ...bases];
  const most = Math.max(1, align ?? 1, ...[...members, ...bases].map(({ type }) => alignOfType(type)));
  return parts.some(({ type, offset }) => (offset ?? 0) % alignOfType(type) !== 0) || sizeBytes % most !== 0;
}

/** Members in order; in a packed class with what lies between them. */
export function membersText(
  { members, bases }: RecordType,
  packed: boolean,
  textOf: (member: Member) => string,
): string[] {
  if (!packed) return members.map(textOf);
  let end = Math.max(0, ...bases.map(({ offset, type }) => (offset ?? 0) + (sizeOfType(type) ?? 0)));
  return members.flatMap((member, index) => {
    const gap = member.bits === undefined ? member.offset - end : 0;
    end = member.offset + (sizeOfType(member.type) ?? 0);
    return [...(gap > 0 ? [`unsigned char __gap${index}[${gap}];`] : []), textOf(member)];
  });
}
