// Questions to a syntax tree that are answered with text: words in front of a declaration, a node without some of its
// parts, the names that it gives.

import type { Node } from 'web-tree-sitter';
import { type Declarator, declaratorsOf, namedChildren, readDeclarator } from './declarators.js';
import type { Edit } from './source-unit.js';

/** Words in front of a declaration, and the nodes of those that may go. */
export interface Specifiers {
  readonly words: readonly string[];
  readonly statics: readonly Node[];
  readonly inlines: readonly Node[];
  readonly externs: readonly Node[];
}

/** Storage classes and qualifiers in front of the type or between it and the declarator. */
export function specifiersOf(node: Node): Specifiers {
  const words: string[] = [];
  const statics: Node[] = [];
  const inlines: Node[] = [];
  const externs: Node[] = [];
  for (const child of namedChildren(node)) {
    if (child.type !== 'storage_class_specifier' && child.type !== 'type_qualifier') continue;
    words.push(child.text);
    if (child.text === 'static') statics.push(child);
    if (child.text === 'extern') externs.push(child);
    if (/^(inline|__inline|__inline__)$/.test(child.text)) inlines.push(child);
  }
  return { words, statics, inlines, externs };
}

/** A node's text without some of its children, up to `end`, and with `edits` made, whose offsets are the tree's. */
export function textWithout(
  node: Node,
  children: readonly Node[],
  end = node.endIndex,
  edits: readonly Edit[] = [],
): string {
  let text = node.text.slice(0, end - node.startIndex);
  const cuts = [
    ...children.map((child) => ({ offset: child.startIndex, length: child.text.length, insert: undefined })),
    ...edits,
  ];
  for (const { offset, length, insert } of cuts.sort((x, y) => y.offset - x.offset)) {
    const start = offset - node.startIndex;
    const behind = text.slice(start + length);
    text = text.slice(0, start) + (insert === undefined ? behind.trimStart() : ` ${insert}${behind}`);
  }
  return text.trimEnd();
}

/** Everything in front of the first declarator, without storage classes; a type's body is left to its own
 *  declaration. */
export function typeTextOf(node: Node, type: Node, first: Declarator, typeName?: string, keepStorage = false): string {
  const end = first.node.startIndex - node.startIndex;
  const drop = namedChildren(node).filter(
    (child) => child.type === 'storage_class_specifier' && !(keepStorage && child.text !== 'static'),
  );
  const pieces: string[] = [];
  let at = 0;
  const cuts = [
    ...drop.map((child) => ({ child, text: '' })),
    ...(typeName === undefined ? [] : [{ child: type, text: typeName }]),
  ];
  for (const { child, text } of cuts.sort((a, b) => a.child.startIndex - b.child.startIndex)) {
    pieces.push(node.text.slice(at, child.startIndex - node.startIndex), text);
    at = child.endIndex - node.startIndex;
  }
  pieces.push(node.text.slice(at, end));
  return pieces.join('').trim();
}

/** A node's text with the name of its type in place of the type's body. */
export function textWithTypeName(node: Node, type: Node, typeName: string | undefined): string {
  const from = type.startIndex - node.startIndex;
  return (
    node.text.slice(0, from).replace(/\bstatic\b/, '') + (typeName ?? '') + node.text.slice(from + type.text.length)
  );
}

/** `auto f() {…}`, `f(auto x)`: the body is needed to know the type. */
export function isDeduced(node: Node, layer: Node): boolean {
  const type = node.childForFieldName('type');
  const parameters = layer.childForFieldName('parameters');
  if (parameters !== null && /\bauto\b/.test(parameters.text)) return true;
  const trailing = namedChildren(layer).some((child) => child.type === 'trailing_return_type');
  return type?.type === 'placeholder_type_specifier' && !trailing;
}

/** Names that a typedef gives. */
export function typedefNames(node: Node): string[] {
  return declaratorsOf(node).map((each) => readDeclarator(each).name?.text ?? each.text);
}

/** Constants that an unscoped enumeration puts into the scope around it. */
export function enumerators(node: Node): string[] {
  if (node.type !== 'enum_specifier' || /^enum\s+(?:class|struct)\b/.test(node.text)) return [];
  const list = node.childForFieldName('body');
  const names = (list === null ? [] : namedChildren(list)).map((child) => child.childForFieldName('name')?.text);
  return names.filter((name) => name !== undefined);
}

/** `get` of `P<std::string>::get<int>`. */
export function lastName(name: Node | undefined): string {
  let last = name;
  while (last?.type === 'qualified_identifier' || last?.type === 'template_function')
    last = last.childForFieldName('name') ?? undefined;
  return last?.text ?? '';
}

/** `vt<int> = 9;`, which the grammar takes for a declaration without a name. */
export function isNamelessAssignment(node: Node): boolean {
  const [declarator, ...more] = node.type === 'declaration' ? declaratorsOf(node) : [];
  return (
    declarator?.type === 'init_declarator' &&
    more.length === 0 &&
    node.childForFieldName('type')?.type === 'template_type' &&
    declarator.childForFieldName('declarator')?.text === ''
  );
}

/** Whether an initialiser calls anything, so that it may be more than a constant. */
export function hasCall(value: Node | undefined): boolean {
  return (
    value !== undefined && (value.type === 'call_expression' || value.descendantsOfType('call_expression').length > 0)
  );
}

/** A text that ends in `;`. */
export function withSemicolon(text: string): string {
  return /;\s*$/.test(text) ? text : `${text};`;
}

/** The same, but a function's body needs none. */
export function withSemicolonUnlessBody(text: string): string {
  return /[;}]\s*$/.test(text)
    ? /\b(?:struct|class|union|enum)\b[^(]*\{[\s\S]*\}\s*$/.test(text)
      ? withSemicolon(text)
      : text
    : `${text};`;
}

/** Attributes that a declaration begins with: what is put in front of it stands behind them. */
export function leadingAttributes(text: string): string {
  return /^(?:(?:alignas\s*\([^()]*(?:\([^()]*\)[^()]*)*\)|\[\[[^\]]*\]\])\s*)+/.exec(text)?.[0] ?? '';
}

/** A declaration with `words` in front of it. */
export function withWords(words: string, text: string): string {
  const attributes = leadingAttributes(text);
  return `${attributes}${words} ${text.slice(attributes.length)}`;
}
