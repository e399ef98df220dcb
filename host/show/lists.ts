// The shape that arrays and containers share: `{1, 2, 3}`, cut with a count when there is more than anyone reads.

import { type ShowContext, Unreadable } from './context.js';

/** `1,000` */
export function countText(count: number): string {
  return count.toLocaleString('en-US');
}

/** Texts of the first elements in braces.
 *  @param count elements there are; unknown when the end is only found by walking
 *  @param next text of the next element in order, undefined at the end */
export async function listText(
  context: ShowContext,
  count: number | undefined,
  next: (index: number) => Promise<string | undefined>,
): Promise<string> {
  const texts: string[] = [];
  const limit = Math.min(count ?? Number.POSITIVE_INFINITY, context.limits.elements);
  while (texts.length < limit && context.spendElement()) {
    let text: string | undefined;
    try {
      text = await next(texts.length);
    } catch (error) {
      // The way to the next element is lost; what was found so far is still worth seeing.
      if (!(error instanceof Unreadable)) throw error;
      return `{${[...texts, error.note].join(', ')}}`;
    }
    if (text === undefined) {
      // Fewer than the container says it has: worth seeing.
      if (count !== undefined) break;
      return `{${texts.join(', ')}}`;
    }
    texts.push(text);
  }
  if (count === undefined) texts.push('…');
  else if (texts.length < count) texts.push(`… (${countText(count)} in all)`);
  return `{${texts.join(', ')}}`;
}
