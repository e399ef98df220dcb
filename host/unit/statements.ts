// Statements that have to stand in a function. clang 19 crashes when it gives a name to a template instantiated with a
// lambda or a local class of a statement at file scope, and knows assembler with operands only in functions. So such a
// statement becomes the body of one:
//
//   for_each(b, e, [&](int a) { n += a; });     →     static inline void __bw_do_0() { … } __bw_do_0();

import type { Node } from 'web-tree-sitter';
import { captureEdits, outerLambdas } from './lambdas.js';
import type { Edit } from './source-unit.js';

const STATEMENTS = new Set([
  ...['compound_statement', 'if_statement', 'for_statement', 'for_range_loop', 'while_statement', 'do_statement'],
  ...['switch_statement', 'labeled_statement', 'try_statement', 'expression_statement'],
]);
/** What a `return` is the business of. */
const INNER = new Set(['lambda_expression', 'function_definition', 'inline_method_definition']);
const CLASSES = ['struct_specifier', 'class_specifier', 'union_specifier', 'enum_specifier'];

/** The edits that put a statement into a function; none if it can stand by itself.
 *  @param base offset of the tree's text in the input */
export function functionEdits(node: Node, base: number): Edit[] {
  if (!STATEMENTS.has(node.type)) return [];
  const needed = outerLambdas(node).length > 0 || hasLocalClass(node) || isRunAssembler(node);
  // `return` ends no input: it is refused where it stands.
  if (!needed || returnIn(node) !== undefined) return [];
  const name = `__bw_do_${base + node.startIndex}`;
  return [
    { offset: base + node.startIndex, length: 0, insert: `static inline void ${name}() {` },
    ...captureEdits(node, base, true),
    { offset: base + node.endIndex, length: 0, insert: `}\n${name}();` },
  ];
}

function hasLocalClass(node: Node): boolean {
  return node.descendantsOfType(CLASSES).some((each) => each !== null && each.childForFieldName('body') !== null);
}

/** Assembler that is meant to run now: anything but labels and directives, which define something. */
function isRunAssembler(node: Node): boolean {
  const assembler = node.type === 'expression_statement' ? node.namedChild(0) : null;
  if (assembler?.type !== 'gnu_asm_expression') return false;
  const code = assembler.childForFieldName('assembly_code')?.text ?? '';
  return assembler.namedChildCount > 1 || !/(?:^|\\n|["\n;])\s*(?:\.\w|[\w.$]+:)/.test(code);
}

/** The `return` in a statement that leaves what is around it. */
export function returnIn(node: Node): Node | undefined {
  if (node.type === 'return_statement' || node.type === 'co_return_statement') return node;
  if (INNER.has(node.type)) return undefined;
  for (const child of node.namedChildren) {
    const found = child === null ? undefined : returnIn(child);
    if (found !== undefined) return found;
  }
  return undefined;
}
