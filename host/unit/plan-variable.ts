// What later inputs see of a variable: `extern`, with the type that was typed, or with the one that the compiler found.

import type { Node } from 'web-tree-sitter';
import { type Declarator, innermost, namedChildren } from './declarators.js';
import { leadingAttributes } from './node-text.js';
import type { VariablePlan } from './source-unit.js';

/** The declaration of one variable without its initialiser.
 *  @param prefix namespaces around it: `co::`
 *  @param head what stands in front of the declarators: `const unsigned`
 *  @param deducedType the head says `auto` */
export function planVariable(
  each: Declarator,
  prefix: string,
  head: string,
  type: Node,
  deducedType: boolean,
): string | VariablePlan {
  const declarator = each.name?.text ?? '';
  const name = prefix + declarator;
  const plain = `${externHead(head)} ${each.node.text};`;
  if (deducedType) {
    const init = each.value === undefined ? undefined : initialiserText(each.value);
    const bare = each.layers.length === 0 && init !== undefined;
    const fallback = bare
      ? `extern ${head.replace(/\bauto\b/, `std::decay_t<decltype(${init})>`)} ${declarator};`
      : `inline ${head} ${each.node.text} = ${init ?? '{}'};`;
    return { name, declarator, fallback, doubt: 'deduced' };
  }
  const array = each.layers.find((layer) => layer.type === 'array_declarator');
  if (array !== undefined && array === innermost(each) && array.childForFieldName('size') === null) {
    const count = each.value?.type === 'initializer_list' ? countInitialisers(each.value) : undefined;
    if (count !== undefined) {
      const cut = array.text.lastIndexOf('[');
      const sized = `${array.text.slice(0, cut)}[${count}]`;
      return `${externHead(head)} ${each.node.text.replace(array.text, () => sized)};`;
    }
    return { name, declarator, fallback: plain, doubt: 'deduced' };
  }
  // What a bound calls may be typed again, and the array keeps its size.
  if (each.layers.some((layer) => layer.type === 'array_declarator' && boundOf(layer).includes('(')))
    return { name, declarator, fallback: plain, doubt: 'deduced' };
  const isNamed = type.type === 'type_identifier' || type.type === 'qualified_identifier';
  if (!isNamed) return plain;
  if (each.value === undefined) {
    const sigil = innermost(each)?.type;
    if (sigil === 'pointer_declarator' || sigil === 'reference_declarator')
      return { name, declarator, fallback: plain, doubt: 'pointer' };
    return plain;
  }
  return each.layers.length === 0 ? { name, declarator, fallback: plain, doubt: 'template' } : plain;
}

const boundOf = (array: Node): string => array.childForFieldName('size')?.text ?? '';

/** `extern` stands behind attributes that come first. */
function externHead(head: string): string {
  const first = leadingAttributes(head);
  return `${first}extern ${head.slice(first.length)}`;
}

/** How many elements a braced list gives an array; unknown with designators. */
function countInitialisers(list: Node): number | undefined {
  const elements = namedChildren(list).filter((child) => child.type !== 'comment');
  return elements.length === 0 || elements.some((child) => child.type === 'initializer_pair')
    ? undefined
    : elements.length;
}

function initialiserText(value: Node): string {
  if (value.type !== 'initializer_list' && value.type !== 'argument_list') return value.text;
  return value.text.slice(1, -1);
}
