// What later inputs see: declarations, not definitions, so that typing a thing again is legal C++. The store is a
// map from a key that says what is declared (`function f(int)`, `variable n`, `type P`, `macro X`) to its text;
// declaring the same thing again takes the old one's place.

import { type Origin, originOf, rendered } from './declared-at.js';
import { before, type Difference, differenceOf, isNone } from './differences.js';
import type { DeclarationPlan, SourceUnit, VariablePlan } from './source-unit.js';
import type { Versions } from './versions.js';

/** One declaration that later inputs see. */
export interface Declaration {
  readonly key: string;
  /** Whole lines, the last one with its newline. */
  readonly text: string;
  readonly names: readonly string[];
  /** May not be stated twice in one translation unit. */
  readonly once: boolean;
  readonly defaults: boolean;
  /** Where the user typed it, if code comes of it wherever it is used. */
  readonly origin?: Origin | undefined;
}

/** Tells the type of a variable the input defined, as C++ text (`int[3]`, `std::vector<int>`), by its qualified
 *  name; `undefined` when the object has no such variable. */
export type TypeResolver = (name: string) => string | undefined;

/** What later inputs see of an input. Without `resolveType` doubtful cases are taken as they look.
 *  @param file what clang called the input: debug information of what is compiled from its declarations says so */
export function declarationsOf(unit: SourceUnit, resolveType?: TypeResolver, file?: string): Declaration[] {
  const declarations: Declaration[] = [];
  let region: { depth: number; lines: string[]; names: string[] } | undefined;
  for (const item of unit.items) {
    const conditional = item.kind === 'directive' ? conditionalOf(unit.text.slice(item.start, item.end)) : undefined;
    if (conditional === 'open') {
      region ??= { depth: 0, lines: [], names: [] };
      region.depth++;
    }
    const own = item.declares.flatMap((plan) => {
      const origin = file === undefined ? undefined : originOf(unit, item, plan, file);
      return settle(plan, resolveType, origin);
    });
    if (region === undefined) {
      declarations.push(...own);
      continue;
    }
    if (conditional !== undefined) region.lines.push(`${unit.text.slice(item.start, item.end)}\n`);
    else region.lines.push(...own.map((each) => each.text));
    region.names.push(...own.flatMap((each) => each.names));
    if (conditional === 'close' && --region.depth === 0) {
      const text = region.lines.join('');
      declarations.push({ key: `conditional ${text}`, text, names: region.names, once: true, defaults: false });
      region = undefined;
    }
  }
  return declarations;
}

function conditionalOf(line: string): 'open' | 'middle' | 'close' | undefined {
  const name = /^\s*#\s*(\w+)/.exec(line)?.[1] ?? '';
  if (/^(?:if|ifdef|ifndef)$/.test(name)) return 'open';
  if (name === 'endif') return 'close';
  return /^(?:el(?:se|if|ifdef|ifndef))$/.test(name) ? 'middle' : undefined;
}

function settle(plan: DeclarationPlan, resolveType: TypeResolver | undefined, origin?: Origin): Declaration[] {
  const text = typeof plan.text === 'string' ? plan.text : variableText(plan.text, resolveType);
  if (text === undefined) return [];
  const open = plan.scopes.map((scope) => `${scope} { `).join('');
  const close = ' }'.repeat(plan.scopes.length);
  // Joined and not concatenated, which would keep the pieces and the input that they were cut out of.
  const whole = [open, text, close, '\n'].join('');
  return [new Settled(plan.key, whole, plan.names, plan.once, plan.defaults ?? false, origin)];
}

/** A declaration as it is kept: most have one name, which needs no list. */
class Settled implements Declaration {
  private readonly named: string | readonly string[];

  constructor(
    readonly key: string,
    readonly text: string,
    names: readonly string[],
    readonly once: boolean,
    readonly defaults: boolean,
    readonly origin: Origin | undefined,
  ) {
    this.named = names.length === 1 ? names[0]! : names;
  }

  get names(): readonly string[] {
    return typeof this.named === 'string' ? [this.named] : this.named;
  }
}

function variableText(plan: VariablePlan, resolveType: TypeResolver | undefined): string | undefined {
  if (resolveType === undefined) return plan.doubt === 'expression' ? undefined : plan.fallback;
  const type = resolveType(plan.name);
  // Types without a name can only be said as the user did.
  const nameable = type !== undefined && !/\(lambda\)|\{\.\.\.\}/.test(type);
  const stated = !nameable ? undefined : `extern std::type_identity_t<${type}> ${plan.declarator};`;
  switch (plan.doubt) {
    case 'deduced':
      return stated ?? plan.fallback;
    case 'template': {
      // `std::vector v{1, 2}`: the name of the type says less than the type.
      const typed = /^extern (?:[\w:]*::)?(\w+) \w+;$/.exec(plan.fallback)?.[1];
      const deduced =
        typed !== undefined && type !== undefined && new RegExp(`(?:^|::)${typed}<`).test(`${type.split('<')[0]}<`);
      return deduced && type.includes('<') ? stated : plan.fallback;
    }
    case 'pointer':
      return type === undefined ? undefined : plan.fallback;
    case 'prototype':
      return stated ?? plan.fallback;
    case 'expression':
      return stated;
  }
}

/** The declarations of a session; immutable. Inputs can be compiled again with what they were compiled with, and taken
 *  back: a store that is not the newest any more knows the next one, and what it had that this one has not. */
export class DeclarationStore {
  /** Nothing declared. */
  static readonly empty = new DeclarationStore(new Map(), new Map());
  #text: string | undefined;
  /** Of the newest store. */
  #own: ReadonlyMap<string, Declaration> | undefined;
  /** Of an older store. */
  #newer: { readonly store: DeclarationStore; readonly difference: Difference } | undefined;
  /** Of an older store that was asked lately. */
  #made: WeakRef<ReadonlyMap<string, Declaration>> | undefined;

  private constructor(
    own: ReadonlyMap<string, Declaration>,
    /** Names typed again, with what clang sees in their place. */
    readonly versions: Versions,
  ) {
    this.#own = own;
  }

  get size(): number {
    return this.#map().size;
  }

  /** All of them, oldest first. */
  list(): readonly Declaration[] {
    return [...this.#map().values()];
  }

  has(key: string): boolean {
    return this.#map().has(key);
  }

  /** Whether what is declared under a key may not be stated twice. */
  isOnce(key: string): boolean {
    return this.#map().get(key)?.once ?? false;
  }

  /** Whether a name is declared, as whatever. */
  declares(name: string): boolean {
    for (const each of this.#map().values()) if (each.names.includes(name)) return true;
    return false;
  }

  /** Whether a plan says the same as what is declared, and what that mentions has not changed since. */
  isUnchanged(plan: DeclarationPlan): boolean {
    const old = this.#map().get(plan.key);
    if (old === undefined || bare(old.text) !== bare(declarationText(plan))) return false;
    const all = this.list();
    const later = all.slice(all.indexOf(old) + 1);
    return !later.some(({ key, names }) => key.startsWith('macro ') && names.some((name) => mentions(old.text, name)));
  }

  /** A store in which `declarations` have been made too. Those known already are replaced: a function or variable
   *  moves behind what its new type may mention, and what mentions it moves behind it.
   *  @param versions of names that they gave another version */
  add(declarations: readonly Declaration[], versions: Versions = this.versions): DeclarationStore {
    if (declarations.length === 0 && versions === this.versions) return this;
    const map = this.#map();
    const next = addAll(map, declarations);
    const difference = differenceOf(map, next);
    if (versions === this.versions && isNone(difference)) return this;
    const newer = new DeclarationStore(next, versions);
    // What nobody declared cannot be let go.
    if (map.size > 0) {
      this.#newer = { store: newer, difference };
      this.#made = new WeakRef(map);
      this.#own = undefined;
      this.#text = undefined;
    }
    return newer;
  }

  /** A store without the declarations on some lines of `text()`, counted from 1: those that clang does not accept.
   *  @param places lines of the user's that clang named instead, as `input_3:1`
   *  @returns the store itself when there is nothing on those lines */
  withoutLines(lines: readonly number[], places: readonly string[] = []): DeclarationStore {
    let line = 1;
    const removed: string[] = [];
    for (const each of this.list()) {
      const { key, origin, text } = each;
      const end = line + rendered(each, line).split('\n').length - 1;
      const first = origin?.line ?? 0;
      const isMeant = (place: string): boolean =>
        text.split('\n').some((_, index) => place === `${origin?.file}:${first + index}`);
      if (lines.some((at) => line <= at && at < end) || (origin !== undefined && places.some(isMeant)))
        removed.push(key);
      line = end;
    }
    return this.without(removed);
  }

  /** A store without some declarations.
   *  @returns the store itself when it has none of them */
  without(keys: readonly string[]): DeclarationStore {
    const next = new Map(this.#map());
    for (const key of keys) next.delete(key);
    return next.size === this.size ? this : new DeclarationStore(next, this.versions);
  }

  /** What a compilation of the next input starts with. */
  text(): string {
    this.#text ??= textOf(this.list());
    return this.#text;
  }

  /** What a compilation of `unit` starts with: `text()`, unless the unit defines again what may be stated only once.
   *  Then that is left out, and what depends on it comes `late`, behind the item with the last of those definitions. */
  preludeFor(unit: SourceUnit): { readonly text: string; readonly late: string; readonly behind: number } {
    const map = this.#map();
    const clash = (plan: DeclarationPlan): boolean => {
      if (typeof plan.text !== 'string' && plan.text.doubt === 'expression') return false;
      const old = map.get(plan.key);
      if (old === undefined) return false;
      const isVariable = plan.key.startsWith('variable ');
      if (otherResult(plan, old) !== undefined) return true;
      return old.once || old.defaults || (isVariable && (plan.once || declarationText(plan) !== old.text));
    };
    const removed = unit.items.flatMap((item, index) =>
      item.declares.filter((plan) => !plan.key.startsWith('macro ') && clash(plan)).map((plan) => ({ plan, index })),
    );
    const plans = unit.items.flatMap((item) =>
      item.declares.filter(({ text }) => typeof text === 'string' || text.doubt !== 'expression'),
    );
    const others = this.list().filter((each) => plans.some((plan) => supersedes(plan, each)));
    if (removed.length === 0 && others.length === 0) return { text: this.text(), late: '', behind: -1 };
    const keys = new Set([...removed.map(({ plan }) => plan.key), ...others.map(({ key }) => key)]);
    const kept = this.list().filter((each) => !keys.has(each.key));
    const dependents = dependentsOf(
      kept,
      new Set(removed.flatMap(({ plan }) => plan.names)),
      new Set(removed.flatMap(({ plan }) => (plan.key.startsWith('type ') ? plan.names : []))),
    );
    // A template does not depend on its specialisations.
    const whole = removed.filter(({ plan }) => !isSpecialisation(declarationText(plan)));
    const parts = new Set(removed.filter((each) => !whole.includes(each)).flatMap(({ plan }) => plan.names));
    for (const { plan } of whole) for (const name of plan.names) parts.delete(name);
    for (const each of dependents) if (each.names.some((name) => parts.has(name))) dependents.delete(each);
    // What the unit states itself is not stated for it.
    const own = new Set(unit.items.flatMap((item) => item.declares.map((plan) => plan.key)));
    return {
      text: textOf(kept.filter((each) => !dependents.has(each))),
      late: textOf([...dependents].filter((each) => !own.has(each.key))),
      behind: Math.max(0, ...removed.map(({ index }) => index)),
    };
  }

  /** Functions that `unit` gives another result type: their names, and the types they had. */
  otherResults(unit: SourceUnit): { readonly name: string; readonly was: string }[] {
    const map = this.#map();
    return unit.items.flatMap((item) =>
      item.declares.flatMap((plan) => {
        const old = map.get(plan.key);
        const was = old === undefined ? undefined : otherResult(plan, old);
        return was === undefined || was === 'auto' ? [] : [{ name: plan.names[0] ?? '', was }];
      }),
    );
  }

  /** Variables that `unit` gives another type: their names, and the types they had. Those whose type only the compiler
   *  knows are not among them. */
  otherTypes(unit: SourceUnit): { readonly name: string; readonly was: string }[] {
    const map = this.#map();
    return unit.items.flatMap((item) =>
      item.declares.flatMap((plan) => {
        const old = map.get(plan.key);
        const [name = ''] = plan.names;
        if (old === undefined || old.once || plan.once || !plan.key.startsWith('variable ')) return [];
        const [was, is] = [old.text, declarationText(plan)].map((text) => variableType(text, name));
        return was === undefined || is === undefined || was === is ? [] : [{ name, was }];
      }),
    );
  }

  #map(): ReadonlyMap<string, Declaration> {
    const older: DeclarationStore[] = [];
    let from: DeclarationStore = this;
    let map = from.#own ?? from.#made?.deref();
    while (map === undefined) {
      older.push(from);
      from = from.#newer!.store;
      map = from.#own ?? from.#made?.deref();
    }
    for (const each of older.reverse()) map = before(map, each.#newer!.difference);
    if (this.#own === undefined) this.#made = new WeakRef(map);
    return map;
  }
}

/** Declarations as clang reads them. */
function textOf(declarations: Iterable<Declaration>): string {
  const pieces: string[] = [];
  let line = 1;
  for (const each of declarations) {
    const piece = rendered(each, line);
    pieces.push(piece);
    for (let at = piece.indexOf('\n'); at >= 0; at = piece.indexOf('\n', at + 1)) line++;
  }
  return pieces.join('');
}

function addAll(map: ReadonlyMap<string, Declaration>, declarations: readonly Declaration[]): Map<string, Declaration> {
  const next = new Map(map);
  for (const declaration of declarations) {
    const { key } = declaration;
    for (const each of map.values()) if (supersedes(declaration, each)) next.delete(each.key);
    const old = next.get(key);
    // A definition after a prototype with default arguments: those stay.
    if (old?.defaults && !declaration.defaults && !declaration.once) continue;
    if (old?.text === declaration.text && old.once === declaration.once && old.defaults === declaration.defaults)
      continue;
    // A specialisation stands behind its template, which its dependents may stand before.
    if (old === undefined || old.text === declaration.text || isSpecialisation(declaration.text)) {
      next.set(key, declaration);
      continue;
    }
    next.delete(key);
    if (key.startsWith('macro ')) {
      // What came in between was typed with the old one.
      const all = [...map.values()];
      const used = all
        .slice(all.indexOf(old) + 1)
        .some((each) => declaration.names.some((name) => mentions(each.text, name)));
      if (used) return addAll(withOldMacro(map, old), declarations.slice(declarations.indexOf(declaration)));
      next.set(key, declaration);
      continue;
    }
    const dependents = dependentsOf(
      [...next.values()],
      new Set(declaration.names),
      new Set(key.startsWith('type ') ? declaration.names : []),
    );
    const cyclic = [...dependents].some((each) =>
      each.names.some((name) => !declaration.names.includes(name) && mentions(declaration.text, name)),
    );
    next.set(key, declaration);
    if (cyclic) continue;
    for (const each of dependents) {
      next.delete(each.key);
      next.set(each.key, each);
    }
  }
  return next;
}

/** Whether a variable takes its name from structured bindings, or these take theirs from a variable. */
function supersedes(now: Pick<Declaration, 'key' | 'names'>, old: Declaration): boolean {
  const [kind, before] = [now.key, old.key].map((key) => key.slice(0, key.indexOf(' ')));
  const kinds = ['variable', 'bindings'];
  if (now.key === old.key || !kinds.includes(kind ?? '') || !kinds.includes(before ?? '')) return false;
  if (kind === 'variable' && before === 'variable') return false;
  const scope = (key: string): string => /^\w+ ((?:\w+::)*)/.exec(key)?.[1] ?? '';
  return scope(now.key) === scope(old.key) && now.names.some((name) => old.names.includes(name));
}

/** The same with the old definition of a macro under a key of its own, where it stands. */
function withOldMacro(map: ReadonlyMap<string, Declaration>, old: Declaration): Map<string, Declaration> {
  let number = 1;
  while (map.has(`${old.key} ${number}`)) number++;
  return new Map(
    [...map].map(([key, each]) =>
      each === old ? [`${key} ${number}`, renamed(each, `${key} ${number}`)] : [key, each],
    ),
  );
}

function renamed({ text, names, once, defaults, origin }: Declaration, key: string): Declaration {
  return { key, text, names, once, defaults, origin };
}

/** Declarations that must stand behind those of `names`: bodies and initialisers that mention them, and all that
 *  mentions a type among these.
 *  @param types those of the names that are types themselves */
function dependentsOf(
  declarations: readonly Declaration[],
  names: ReadonlySet<string>,
  types: ReadonlySet<string> = new Set(),
): Set<Declaration> {
  const soft = new Set(names);
  const hard = new Set(types);
  const found = new Set<Declaration>();
  for (const each of declarations) {
    const isFunction = each.key.startsWith('function ');
    // Another overload may stay.
    if (isFunction && !each.once && !isSpecialisation(each.text) && each.names.some((name) => names.has(name)))
      continue;
    const computed = each.once || isSpecialisation(each.text) || COMPUTED.test(each.text);
    const depends =
      [...hard].some((name) => mentions(each.text, name)) ||
      (computed && [...soft].some((name) => mentions(each.text, name)));
    if (!depends) continue;
    found.add(each);
    const target = isFunction || each.key.startsWith('variable ') ? soft : hard;
    for (const name of each.names) target.add(name);
  }
  return found;
}

/** What calls something to know a type: `decltype(f())`, `int a[f()]`, `A<f()>`. */
const COMPUTED = /\bdecltype\b|[[<][^\]>]*\(/;

const isSpecialisation = (text: string): boolean => /^(?:[\w\s:"]+\{\s*)*template\s*<\s*>/.test(text);

/** What a function returned before, if a plan for the same parameters says another type. */
function otherResult(plan: DeclarationPlan, old: Declaration): string | undefined {
  const [name = ''] = plan.names;
  if (!plan.key.startsWith('function ') || old.once || plan.once) return undefined;
  const was = resultType(old.text, name);
  const is = resultType(declarationText(plan), name);
  return was === undefined || is === undefined || was === is ? undefined : was;
}

/** `const char *` of `extern "C" inline const char *name(…)`. */
function resultType(text: string, name: string): string | undefined {
  const head = new RegExp(`^([^(]*?)(?<![\\w$])${escapeRegExp(name)}\\s*\\(`).exec(
    text.replace(/\[\[.*?\]\]/g, ''),
  )?.[1];
  return head
    ?.replace(/^.*\{/s, '')
    .replace(/extern\s*"C"|\b(?:extern|inline|static)\b/g, '')
    .replace(/\s+/g, ' ')
    .trim();
}

/** `int[3]` of `extern int name[3];`. */
function variableType(text: string, name: string): string | undefined {
  if (/\b(?:auto|decltype|type_identity_t)\b/.test(text)) return undefined;
  const [, head, tail] =
    new RegExp(`\\bextern\\s+([^;]*?)(?<![\\w$])${escapeRegExp(name)}(?![\\w$])([^;]*);`).exec(text) ?? [];
  return head === undefined ? undefined : bare(`${head.trim()}${tail ?? ''}`);
}

function mentions(text: string, name: string): boolean {
  return text.includes(name) && new RegExp(`(?<![\\w$])${escapeRegExp(name)}(?![\\w$])`).test(text);
}

const bare = (text: string): string => text.replace(/\s+/g, ' ').trim();

function declarationText(plan: DeclarationPlan): string {
  return settle(plan, undefined)[0]?.text ?? '';
}

function escapeRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
