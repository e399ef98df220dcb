// Lambdas at the prompt. In C++ one outside of functions captures nothing: `[&]` and `[x]` are errors there. At a prompt
// people write them as they would in `main`, so that they come to mean what they mean there:
//
//   [&] [=]        []              names of the session are seen without being captured
//   [x] [&x]       [x = x] [&x = x]
//
// What stands in the body of a function, or in another lambda, is left alone.

import type { Node } from 'web-tree-sitter';
import type { Edit } from './source-unit.js';

/** Nodes inside which lambdas are those of a function. */
const BODIES = new Set(['function_definition', 'lambda_expression', 'field_declaration_list']);

/** Lambdas in `node` that belong to the prompt, in source order. */
export function outerLambdas(node: Node): Node[] {
  const found: Node[] = [];
  const visit = (each: Node): void => {
    if (each.type === 'lambda_expression') found.push(each);
    if (BODIES.has(each.type)) return;
    for (const child of each.namedChildren) if (child !== null) visit(child);
  };
  visit(node);
  return found;
}

/** What makes the captures of `node`'s lambdas legal.
 *  @param base offset of the tree's text in the input
 *  @param inFunction the code will stand in a function, where defaults are legal */
export function captureEdits(node: Node, base: number, inFunction: boolean): Edit[] {
  return outerLambdas(node).flatMap((lambda) => {
    const list = lambda.childForFieldName('captures');
    return list === null ? [] : editsOfList(list.text, base + list.startIndex, inFunction);
  });
}

/** @param list `[=, &x]` with its brackets */
function editsOfList(list: string, offset: number, inFunction: boolean): Edit[] {
  const edits: Edit[] = [];
  let at = 1;
  for (const part of splitAtCommas(list.slice(1, -1))) {
    const text = part.trim();
    const start = offset + at + part.indexOf(text);
    const end = offset + at + part.length;
    const simple = /^(&?)\s*([A-Za-z_]\w*)$/.exec(text);
    if ((text === '&' || text === '=') && !inFunction) {
      const comma = list[at + part.length] === ',' ? 1 : 0;
      edits.push({ offset: start, length: end - start + comma, insert: '' });
    } else if (simple !== null && simple[2] !== 'this') {
      edits.push({ offset: start + text.length, length: 0, insert: `= ${simple[2]}` });
    }
    at += part.length + 1;
  }
  return edits;
}

/** Parts between commas outside of brackets and literals. */
function splitAtCommas(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let from = 0;
  for (const { 0: token, index } of text.matchAll(/"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|[([{<]|[)\]}>]|,/g)) {
    if (token.length > 1 || token === '"' || token === "'") continue;
    if (token === ',' && depth === 0) {
      parts.push(text.slice(from, index));
      from = index + 1;
    } else if ('([{<'.includes(token)) depth++;
    else if (')]}>'.includes(token)) depth--;
  }
  parts.push(text.slice(from));
  return parts;
}
