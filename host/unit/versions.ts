// Types, templates and constants that are typed again. Code compiled before goes on using the old one, so that both
// have to live side by side, with their members' symbols and all: clang gets the new one under another name.
//
//   typed            1: struct P {…};   2: P p;   3: struct P {…};      4: P q;
//   clang sees          struct P {…};      P p;      struct P__v2 {…};     P__v2 q;
//
// Each name has a current version, and every input is read with those: `use(P)` typed after 3 is an overload of the
// `use(P)` typed before. The suffix is taken off wherever something is shown. A type typed again word for word is the
// old one. Functions and plain variables have no versions: they are replaced.

import type { DeclarationStore } from './declarations.js';
import type { CppParser } from './parser.js';
import { scan, type Token } from './scan.js';
import type { DeclarationPlan, Edit, Item, SourceUnit } from './source-unit.js';

/** Names typed again so far: qualified name → name that clang sees. */
export type Versions = ReadonlyMap<string, string>;

/** An input as it is compiled, and the versions that hold once it is committed. */
export interface VersionedUnit {
  readonly unit: SourceUnit;
  readonly versions: Versions;
}

/** Splits an input and gives the names in it the version they have now. Never throws. */
export function splitVersioned(parser: CppParser, store: DeclarationStore, text: string): VersionedUnit {
  const unit = parser.split(text);
  const { versions } = store;
  const active = versions.size > 0;
  if (!active && !unit.items.some((item) => item.declares.some((plan) => store.has(plan.key))))
    return { unit, versions };

  const tokens = renameable(parser, text);
  const now = unit.items.map(() => versions);
  const asNow = active ? parser.split(applied(text, renames(unit, tokens, now, versions))) : unit;
  const after: Versions[] = [];
  const blanks: Edit[] = [];
  let latest = versions;
  unit.items.forEach((item, index) => {
    const plans = asNow.items[index]?.declares ?? item.declares;
    const changed = new Map(latest);
    for (const plan of plans) {
      if (!isVersioned(plan) && !(plan.key.startsWith('variable ') && store.isOnce(plan.key))) continue;
      if (!store.has(plan.key)) continue;
      const blank = unchanged(store, plan, item);
      if (blank !== undefined) blanks.push(blank);
      else for (const name of clashing(store, plan)) changed.set(...next(store, plan, name, changed));
    }
    latest = changed;
    after.push(changed);
  });
  if (blanks.length === 0 && latest.size === 0) return { unit, versions };

  const found = renames(unit, tokens, after, latest, versions);
  const changedText = applied(
    text,
    [...found, ...blanks].sort((a, b) => a.offset - b.offset),
  );
  const renamed = parser.split(changedText);
  return { unit: merged(unit, renamed, found, blanks), versions: latest };
}

/** Takes the version off every name in a text that is shown. */
export function withoutVersions(text: string, versions: Versions): string {
  if (versions.size === 0 || !text.includes('__v')) return text;
  const names = new Set([...versions.values()].map((each) => each.replace(/__v\d+$/, '')));
  return text.replace(/\b(\w+?)__v\d+\b/g, (whole, name: string) => (names.has(name) ? name : whole));
}

/** What old code keeps and new code gets another of. */
function isVersioned(plan: DeclarationPlan): boolean {
  return /^(?:type|enum) /.test(plan.key) || (plan.once && plan.key.startsWith('variable '));
}

/** Names of a plan that are declared already. */
function clashing(store: DeclarationStore, plan: DeclarationPlan): string[] {
  return plan.names.filter((name) => /^(?!__bw_unnamed_)\w+$/.test(name) && store.declares(name));
}

/** The next free version of a name. */
function next(store: DeclarationStore, plan: DeclarationPlan, name: string, versions: Versions): [string, string] {
  const plain = name.replace(/__v\d+$/, '');
  const scope = /^\w+ ((?:\w+::)*)/.exec(plan.key)?.[1] ?? '';
  let number = 2;
  const taken = new Set(versions.values());
  while (taken.has(`${plain}__v${number}`) || store.declares(`${plain}__v${number}`)) number++;
  return [`${scope}${plain}`, `${plain}__v${number}`];
}

/** What to blank out when a type is typed again as it is. */
function unchanged(store: DeclarationStore, plan: DeclarationPlan, item: Item): Edit | undefined {
  if (item.kind !== 'type' && item.kind !== 'template') return undefined;
  if (!plan.key.startsWith('type ') || item.declares.length !== 1 || !store.isUnchanged(plan)) return undefined;
  return { offset: item.start, length: item.end - item.start, insert: '' };
}

interface Word extends Token {
  readonly text: string;
  /** `ns` of `ns::P`, '' of `::P`; undefined when nothing qualifies it. */
  readonly qualifier: string | undefined;
}

/** Words that may name a type or variable: no members, no labels in braces. */
function renameable(parser: CppParser, text: string): Word[] {
  const { tokens, directives } = scan(text);
  const inLines = directives
    .filter(({ name }) => !/^(?:include|include_next|import|pragma|error|warning|line)$/.test(name))
    .flatMap(({ start, end, name }) => {
      const from = text.indexOf(name, start) + name.length;
      return scan(text.slice(from, end)).tokens.map((each) => ({
        ...each,
        start: each.start + from,
        end: each.end + from,
      }));
    });
  const all = [...tokens, ...inLines].sort((a, b) => a.start - b.start);
  const members = parser.memberNames(text);
  const textOf = (token: Token | undefined): string => (token === undefined ? '' : text.slice(token.start, token.end));
  return all.flatMap((token, index): Word[] => {
    if (token.kind !== 'word' || members.has(token.start)) return [];
    const before = textOf(all[index - 1]);
    if (before === '.' || before === '->') return [];
    const word = textOf(token);
    if (before !== '::') return [{ ...token, text: word, qualifier: undefined }];
    const outer = all[index - 2];
    return [{ ...token, text: word, qualifier: outer?.kind === 'word' ? textOf(outer) : '' }];
  });
}

/** The edits that give each word its version.
 *  @param perItem versions that hold in each item
 *  @param rest those for the last expression
 *  @param before versions for the right-hand side of what is an alias or a variable */
function renames(
  unit: SourceUnit,
  words: readonly Word[],
  perItem: readonly Versions[],
  rest: Versions,
  before: Versions = rest,
): Edit[] {
  const edits: Edit[] = [];
  const seen = new Set<string>();
  for (const word of words) {
    const index = unit.items.findIndex((item) => item.start <= word.start && word.end <= item.end);
    const item = unit.items[index];
    let versions = item === undefined ? rest : (perItem[index] ?? rest);
    const once = `${index} ${word.text}`;
    const isVariable = item?.kind === 'declaration' && item.declares.every(({ key }) => key.startsWith('variable '));
    const valueLike = item?.kind === 'using' || isVariable;
    if (valueLike && seen.has(once)) versions = perItem[index - 1] ?? before;
    seen.add(once);
    const name = versionOf(word, versions, item);
    if (name !== undefined) edits.push({ offset: word.start, length: word.text.length, insert: name });
  }
  return edits;
}

function versionOf(word: Word, versions: Versions, item: Item | undefined): string | undefined {
  for (const [full, name] of versions) {
    if (full !== word.text && !full.endsWith(`::${word.text}`)) continue;
    const scope = full.slice(0, -word.text.length).replace(/::$/, '');
    const inner = scope.slice(scope.lastIndexOf(':') + 1);
    if (word.qualifier !== undefined ? word.qualifier === inner : scope === '' || inScope(item, inner, versions, word))
      return name;
  }
  return undefined;
}

/** Whether a name without a qualifier may mean one of a namespace. */
function inScope(item: Item | undefined, scope: string, versions: Versions, word: Word): boolean {
  return !versions.has(word.text) && (item === undefined || item.kind !== 'namespace' || item.names.includes(scope));
}

function applied(text: string, edits: readonly Edit[]): string {
  let out = '';
  let at = 0;
  for (const { offset, length, insert } of edits) {
    if (offset < at) continue;
    const gone = text.slice(offset, offset + length);
    out += text.slice(at, offset) + (insert === '' ? gone.replace(/[^\r\n]/g, ' ') : insert);
    at = offset + length;
  }
  return out + text.slice(at);
}

/** The user's text and positions with the declarations of the renamed one. */
function merged(unit: SourceUnit, renamed: SourceUnit, found: readonly Edit[], blanks: readonly Edit[]): SourceUnit {
  const kept = unit.items.filter((item) => !blanks.some(({ offset }) => offset === item.start));
  const items = kept.map((item, index): Item => {
    const other = renamed.items[index] ?? item;
    const own = found.filter(({ offset }) => item.start <= offset && offset < item.end);
    if (own.length === 0) return { ...item, declares: other.declares };
    if (item.kind !== 'directive') return { ...item, edits: withCaptures(item.edits, own), declares: other.declares };
    const line = applied(unit.text.slice(0, item.end), own).slice(item.start);
    const insert = [...other.edits.map((edit) => edit.insert), line].join('\n');
    return {
      ...item,
      edits: [{ offset: item.start, length: item.end - item.start, insert }],
      declares: other.declares,
    };
  });
  const { trailing } = unit;
  const edits = found.filter(({ offset }) => trailing !== undefined && offset >= trailing.start);
  const gone = blanks.map(
    (edit): Item => ({
      kind: 'type',
      start: edit.offset,
      end: edit.offset + edit.length,
      names: [],
      edits: [edit],
      declares: [],
      functions: [],
    }),
  );
  return {
    text: unit.text,
    items: [...items, ...gone].sort((a, b) => a.start - b.start),
    trailing: trailing === undefined ? undefined : { ...trailing, edits: withCaptures(trailing.edits ?? [], edits) },
  };
}

/** Edits and the renames beside them. The `= x` behind a captured name (lambdas.ts) says the new name too. */
function withCaptures(edits: readonly Edit[], renamed: readonly Edit[]): Edit[] {
  const adapted = edits.map((edit) => {
    const name = renamed.find(({ offset, length }) => offset + length === edit.offset);
    return name !== undefined && edit.insert.startsWith('= ') ? { ...edit, insert: `= ${name.insert}` } : edit;
  });
  return [...adapted, ...renamed];
}
