// How types are spelled. A type is kept as the text left and right of where a name would stand, since `int (*)[3]`
// grows on both sides.

/** `left NAME right`. `wraps`: a pointer to it needs parentheses (functions, arrays). */
export interface Type {
  readonly left: string;
  readonly right: string;
  readonly wraps?: boolean;
  readonly reference?: '&' | '&&';
  /** What a reference refers to, so that `T&&` of `int&` collapses. */
  readonly inner?: Type;
  /** Elements of an argument pack. */
  readonly pack?: readonly Type[];
}

/** The type without a name in it. */
export const textOf = (type: Type): string =>
  type.pack === undefined ? type.left + type.right : type.pack.map(textOf).join(', ');
/** A type that is all to the left of the name. */
export const plain = (left: string): Type => ({ left, right: '' });

/** `T *`, `T (*)(int)`: a pointer or reference to a type. */
export function around(type: Type, mark: string): Type {
  if (!type.wraps) return { left: textOf(type) + mark, right: '' };
  return { left: `${type.left.trimEnd()} (${mark}`, right: `)${type.right}` };
}

/** A reference to a type; references to references collapse. */
export function referTo(type: Type, mark: '&' | '&&'): Type {
  if (type.reference !== undefined && type.inner !== undefined) {
    const collapsed = type.reference === '&' || mark === '&' ? '&' : '&&';
    return { ...around(type.inner, collapsed), reference: collapsed, inner: type.inner };
  }
  return { ...around(type, mark), reference: mark, inner: type };
}

/** The class's own name, as its constructor has it: `ns::vec<int>` → `vec`. */
export function lastComponent(text: string): string {
  let depth = 0;
  let start = 0;
  let end = text.length;
  for (let i = text.length - 1; i >= 0; i--) {
    const char = text[i];
    if (char === '>' || char === ')') depth++;
    else if (char === '<' || char === '(') {
      depth--;
      if (depth === 0 && char === '<') end = i;
    } else if (char === ':' && depth === 0) {
      start = i + 1;
      break;
    }
  }
  return text.slice(start, end);
}
