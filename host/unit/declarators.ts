// Reading declarators: what a declaration's names are, and what surrounds them.

import type { Node } from 'web-tree-sitter';

/** A declarator taken apart. */
export interface Declarator {
  /** The declared name's node; absent for structured bindings and what we do not know. */
  readonly name: Node | undefined;
  /** `S::f`: defines something declared elsewhere. */
  readonly qualified: boolean;
  /** From the name outwards: `array_declarator`, `function_declarator`, `pointer_declarator`, … */
  readonly layers: readonly Node[];
  /** The declarator without its initialiser. */
  readonly node: Node;
  readonly value: Node | undefined;
}

/** Takes apart one `declarator` child of a declaration or function definition. */
export function readDeclarator(node: Node): Declarator {
  const init = node.type === 'init_declarator';
  const outer = init ? (node.childForFieldName('declarator') ?? node) : node;
  const layers: Node[] = [];
  let inner: Node | undefined = memberPointer(outer) ?? outer;
  while (inner !== undefined && LAYERS.has(inner.type)) {
    if (inner.type !== 'parenthesized_declarator' && inner.type !== 'attributed_declarator') layers.unshift(inner);
    inner =
      inner.childForFieldName('declarator') ??
      namedChildren(inner).find((child) => NAMES.has(child.type) || LAYERS.has(child.type));
    inner = memberPointer(inner) ?? inner;
  }
  const known = inner !== undefined && NAMES.has(inner.type);
  return {
    name: known ? inner : undefined,
    qualified: inner?.type === 'qualified_identifier',
    layers,
    node: outer,
    value: init ? (node.childForFieldName('value') ?? undefined) : undefined,
  };
}

/** The `*p` of `P::*p`, which the grammar takes for a name in a scope. */
function memberPointer(node: Node | undefined): Node | undefined {
  let name = node;
  while (name?.type === 'qualified_identifier') name = name.childForFieldName('name') ?? undefined;
  return name?.type === MEMBER_POINTER ? name : undefined;
}

const MEMBER_POINTER = 'pointer_type_declarator';
const LAYERS = new Set([
  MEMBER_POINTER,
  'pointer_declarator',
  'reference_declarator',
  'array_declarator',
  'function_declarator',
  'parenthesized_declarator',
  'attributed_declarator',
]);
const NAMES = new Set([
  'identifier',
  'field_identifier',
  'type_identifier',
  'qualified_identifier',
  'operator_name',
  'operator_cast',
  'destructor_name',
  'template_function',
  'literal_operator',
]);

/** The layer next to the name: a function if it is a `function_declarator`, and so on. */
export function innermost(declarator: Declarator): Node | undefined {
  return declarator.layers[0];
}

/** Whether the declared object itself is constant, given whether its declaration says `const`. */
export function isConstant(declarator: Declarator, specifierConst: boolean): boolean {
  const outer = declarator.layers.find((layer) => layer.type !== 'array_declarator');
  if (outer === undefined) return specifierConst;
  const isPointer = outer.type === 'pointer_declarator' || outer.type === MEMBER_POINTER;
  return isPointer && namedChildren(outer).some((child) => child.text === 'const');
}

/** The parameter types of a function declarator as one comparable text: no names, defaults or spare blanks. */
export function signature(layer: Node): string {
  const parameters = layer.childForFieldName('parameters');
  const types = (parameters === null ? [] : namedChildren(parameters))
    .filter((child) => child.type !== 'comment')
    .map(parameterType);
  const list = types.length === 1 && types[0] === 'void' ? '' : types.join(',');
  const after = namedChildren(layer).filter(
    (child) => child.type === 'type_qualifier' || child.type === 'ref_qualifier',
  );
  return `(${list})${after.map((child) => ` ${child.text}`).join('')}`;
}

function parameterType(parameter: Node): string {
  const declarator = parameter.childForFieldName('declarator');
  const end = parameter.childForFieldName('default_value')?.startIndex ?? parameter.endIndex;
  let text = parameter.text.slice(0, end - parameter.startIndex).replace(/=\s*$/, '');
  const name = declarator === null ? undefined : readDeclarator(declarator).name;
  if (name !== undefined) {
    const from = name.startIndex - parameter.startIndex;
    text = `${text.slice(0, from)} ${text.slice(from + name.text.length)}`;
  }
  return text
    .replace(/\s+/g, ' ')
    .replace(/ ?([*&,<>()[\]]) ?/g, '$1')
    .replace(/\[[^\]]*\]/, '*')
    .trim();
}

/** Whether some parameter has a default argument. */
export function hasDefaults(layer: Node): boolean {
  const parameters = layer.childForFieldName('parameters');
  return parameters !== null && namedChildren(parameters).some((child) => child.type.startsWith('optional_parameter'));
}

/** Children that are not punctuation. */
export function namedChildren(node: Node | null): Node[] {
  return (node?.namedChildren ?? []).filter((child) => child !== null);
}

/** All declarators of a declaration. */
export function declaratorsOf(node: Node): Node[] {
  return node.childrenForFieldName('declarator').filter((child) => child !== null);
}
