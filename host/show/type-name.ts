// Types in C++'s own notation: `int[3]`, `const char *`, `int (*)(int)`, `int P::*`. A declarator grows around the
// name it declares, from the inside out; here the name is empty and the same rules give the type alone.

import type { Scope } from '../elf/dwarf/scope.js';
import {
  bareType,
  type DwarfType,
  type FunctionType,
  MAX_TYPE_DEPTH,
  type RecordType,
  sizeOfType,
} from '../elf/dwarf/types.js';
import { simplifyName } from './simplify-name.js';

/** A type as a C++ user writes it. */
export function typeName(type: DwarfType): string {
  return declare(type, '', 0);
}

/** A type with the name it declares: `int n[3]`, `void (*run)()`. */
export function declaredAs(type: DwarfType, name: string): string {
  return declare(type, name, 0);
}

/** `ns::Outer::` without inline and anonymous namespaces and functions, which users do not write. */
export function scopePrefix(scopes: readonly Scope[]): string {
  return scopes
    .filter((scope) => scope.name !== undefined && (scope.kind === 'namespace' || scope.kind === 'type'))
    .map((scope) => `${scope.name}::`)
    .join('');
}

/** The name that printers are keyed by: `std::vector`, without arguments. */
export function templateName(type: RecordType): string | undefined {
  if (type.name === undefined) return undefined;
  const angle = type.name.indexOf('<');
  return scopePrefix(type.scopes) + (angle < 0 ? type.name : type.name.slice(0, angle));
}

const POINTER_MARKS = { pointer: '*', reference: '&', 'rvalue reference': '&&' } as const;

/** `inner` is what stands around the declared name so far: `*`, `(*)`, `[3]`. */
function declare(type: DwarfType, inner: string, depth: number): string {
  if (depth > MAX_TYPE_DEPTH) return '…';
  const next = depth + 1;
  switch (type.kind) {
    case 'pointer':
    case 'reference':
    case 'rvalue reference':
      return declare(type.target, wrapped(type.target, POINTER_MARKS[type.kind] + inner), next);
    case 'member pointer':
      return declare(type.target, wrapped(type.target, `${declare(type.owner, '', next)}::*${inner}`), next);
    case 'const':
    case 'volatile':
    case 'restrict':
    case 'atomic':
      return declareQualified(type.kind, type.target, inner, next);
    case 'array':
      if (type.vector)
        return joined(
          declare(type.element, '', next),
          `${inner}__attribute__((vector_size(${sizeOfType(type) ?? 0})))`,
        );
      return declare(type.element, `${inner}[${type.count ?? ''}]`, next);
    case 'function':
      return declare(type.result, `${inner}${parameters(type, next)}`, next);
    default:
      return joined(plainName(type), inner);
  }
}

/** Pointers to arrays and functions need parentheses. */
function wrapped(target: DwarfType, inner: string): string {
  const kind = target.kind === 'const' || target.kind === 'volatile' ? bareType(target).kind : target.kind;
  return kind === 'array' || kind === 'function' ? `(${inner})` : inner;
}

function joined(name: string, inner: string): string {
  return inner === '' || inner.startsWith('[') ? name + inner : `${name} ${inner}`;
}

const QUALIFIER_WORDS = { const: 'const', volatile: 'volatile', restrict: '__restrict', atomic: '_Atomic' } as const;

/** In front of a name, behind a pointer's star, and on the elements of an array. */
function declareQualified(kind: keyof typeof QUALIFIER_WORDS, target: DwarfType, inner: string, depth: number): string {
  const word = QUALIFIER_WORDS[kind];
  if (target.kind === 'array') {
    const { element, count, vector } = target;
    return declare(
      { kind: 'array', element: element.kind === kind ? element : { kind, target: element }, count, vector },
      inner,
      depth,
    );
  }
  if (target.kind === 'pointer' || target.kind === 'member pointer' || kind === 'restrict') {
    return declare(target, inner === '' ? word : joined(word, inner), depth);
  }
  return `${word} ${declare(target, inner, depth)}`;
}

function parameters(type: FunctionType, depth: number): string {
  const shown = type.method ? type.parameters.slice(1) : type.parameters;
  const names = shown.map((parameter) => declare(parameter, '', depth));
  if (type.variadic) names.push('...');
  const self = type.method ? type.parameters[0] : undefined;
  // Of qualifiers only those of what `this` points to belong to the type.
  const pointed = self && bareType(self);
  const constant = pointed?.kind === 'pointer' && pointed.target.kind === 'const' ? ' const' : '';
  return `(${names.join(', ')})${constant}`;
}

function plainName(type: DwarfType): string {
  switch (type.kind) {
    case 'void':
      return 'void';
    case 'base':
      return simplifyName(type.name);
    case 'unspecified':
      return type.name === 'decltype(nullptr)' ? 'std::nullptr_t' : type.name;
    case 'typedef':
      return simplifyName(scopePrefix(type.scopes) + type.name);
    case 'enum':
      return type.name === undefined ? 'enum {...}' : simplifyName(scopePrefix(type.scopes) + type.name);
    case 'record':
      return recordName(type);
    default:
      return '?';
  }
}

function recordName(type: RecordType): string {
  if (type.lambda) return '(lambda)';
  if (type.name === undefined) return `${type.keyword} {...}`;
  return simplifyName(scopePrefix(type.scopes) + type.name);
}
