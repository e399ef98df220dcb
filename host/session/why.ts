// What a name is now: which input it comes from, which versions it had, and who still uses an older one.

import type { Item } from '../unit/source-unit.js';
import type { TypedInput } from './input-record.js';

interface Place {
  readonly input: number;
  readonly item: Item;
  readonly source: string;
}

const LINE_LENGTH = 60;

/** The answer to `:why NAME`, in lines.
 *  @param inputs of which something lasts, oldest first */
export function whyName(inputs: readonly TypedInput[], name: string): string {
  const places = inputs.flatMap(({ input, unit }) =>
    unit.items.map((item): Place => ({ input, item, source: unit.text.slice(item.start, item.end) })),
  );
  const definitions = places.filter(({ item }) => item.names.includes(name) && !isForward(item));
  const now = definitions.at(-1);
  if (now === undefined) return `${name} is not from this session`;
  const lines = [`${name} is from input ${now.input}: ${firstLine(now.source)}`];
  for (const old of definitions.slice(0, -1).reverse())
    lines.push(`before: input ${old.input}: ${firstLine(old.source)}`);
  if (definitions.length === 1) return lines.join('\n');
  if (!isCompiledIn(now.item)) return [...lines, 'all callers use the newest of the same parameter types'].join('\n');
  const [from, to] = [places.indexOf(definitions[0]!), places.indexOf(now)];
  const users = places.slice(from + 1, to).filter((place) => {
    const uses = new RegExp(`(?<![\\w$])${name}(?![\\w$])`).test(place.source);
    return uses && !definitions.includes(place) && place.item.names.length > 0 && isCurrent(places, place);
  });
  const list = users.map(({ item, input }) => `${item.names.join(', ')} (input ${input})`);
  return [
    ...lines,
    list.length === 0 ? 'nothing uses an older one' : `an older one is used by ${list.join(', ')}`,
  ].join('\n');
}

/** Whether code that was compiled before goes on with the old one. */
function isCompiledIn({ declares }: Item): boolean {
  return declares.some(({ key, once }) => /^(?:type|enum|macro) /.test(key) || once);
}

const isForward = ({ declares }: Item): boolean =>
  declares.length > 0 && declares.every(({ key }) => key.startsWith('forward '));

/** Whether nothing of the same key was declared later. */
function isCurrent(places: readonly Place[], place: Place): boolean {
  const keys = new Set(place.item.declares.map(({ key }) => key));
  return !places.slice(places.indexOf(place) + 1).some(({ item }) => item.declares.some(({ key }) => keys.has(key)));
}

function firstLine(source: string): string {
  const line = source.split('\n')[0] ?? '';
  return line.length > LINE_LENGTH || source.includes('\n') ? `${line.slice(0, LINE_LENGTH)} …` : line;
}
