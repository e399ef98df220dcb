// What later inputs see: declarations, not definitions, so that typing a thing again is legal C++. The store is a
// map from a key that says what is declared (`function f(int)`, `variable n`, `type P`, `macro X`) to its text;
// declaring the same thing again takes the old one's place.

import type { DeclarationPlan, SourceUnit, VariablePlan } from './source-unit.js';

/** One declaration that later inputs see. */
export interface Declaration {
  readonly key: string;
  /** Whole lines, the last one with its newline. */
  readonly text: string;
  readonly names: readonly string[];
  /** May not be stated twice in one translation unit. */
  readonly once: boolean;
  readonly defaults: boolean;
}

/** Tells the type of a variable the input defined, as C++ text (`int[3]`, `std::vector<int>`), by its qualified
 *  name; `undefined` when the object has no such variable. */
export type TypeResolver = (name: string) => string | undefined;

/** What later inputs see of an input. Without `resolveType` doubtful cases are taken as they look. */
export function declarationsOf(unit: SourceUnit, resolveType?: TypeResolver): Declaration[] {
  const declarations: Declaration[] = [];
  let region: { depth: number; lines: string[]; names: string[] } | undefined;
  for (const item of unit.items) {
    const conditional = item.kind === 'directive' ? conditionalOf(unit.text.slice(item.start, item.end)) : undefined;
    if (conditional === 'open') {
      region ??= { depth: 0, lines: [], names: [] };
      region.depth++;
    }
    const own = item.declares.flatMap((plan) => settle(plan, resolveType));
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

function settle(plan: DeclarationPlan, resolveType: TypeResolver | undefined): Declaration[] {
  const text = typeof plan.text === 'string' ? plan.text : variableText(plan.text, resolveType);
  if (text === undefined) return [];
  const open = plan.scopes.map((scope) => `${scope} { `).join('');
  const close = ' }'.repeat(plan.scopes.length);
  return [
    {
      key: plan.key,
      text: `${open}${text}${close}\n`,
      names: plan.names,
      once: plan.once,
      defaults: plan.defaults ?? false,
    },
  ];
}

function variableText(plan: VariablePlan, resolveType: TypeResolver | undefined): string | undefined {
  if (resolveType === undefined) return plan.fallback;
  const type = resolveType(plan.name);
  const stated = type === undefined ? undefined : `extern std::type_identity_t<${type}> ${plan.declarator};`;
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
  }
}

/** The declarations of a session; immutable. */
export class DeclarationStore {
  /** Nothing declared. */
  static readonly empty = new DeclarationStore(new Map());
  #text: string | undefined;

  private constructor(private readonly byKey: ReadonlyMap<string, Declaration>) {}

  get size(): number {
    return this.byKey.size;
  }

  /** All of them, oldest first. */
  list(): readonly Declaration[] {
    return [...this.byKey.values()];
  }

  /** A store in which `declarations` have been made too. Those known already are replaced where they stand. */
  add(declarations: readonly Declaration[]): DeclarationStore {
    if (declarations.length === 0) return this;
    const next = new Map(this.byKey);
    for (const declaration of declarations) {
      const old = next.get(declaration.key);
      // A definition after a prototype with default arguments: those stay.
      if (old?.defaults && !declaration.defaults && !declaration.once) continue;
      const variable = /^(?:variable|function) /.test(declaration.key);
      // A variable's new type may stand behind its old place.
      if (variable && old !== undefined && old.text !== declaration.text) next.delete(declaration.key);
      next.set(declaration.key, declaration);
    }
    return new DeclarationStore(next);
  }

  /** What a compilation of the next input starts with. */
  text(): string {
    this.#text ??= this.list()
      .map((each) => each.text)
      .join('');
    return this.#text;
  }

  /** What a compilation of `unit` starts with: `text()`, unless the unit defines again what may be stated only once.
   *  Then that is left out, and what mentions it. */
  textFor(unit: SourceUnit): string {
    const plans = unit.items.flatMap((item) => item.declares);
    const clash = (plan: DeclarationPlan): boolean => {
      const old = this.byKey.get(plan.key);
      if (old === undefined) return false;
      return (
        old.once ||
        old.defaults ||
        (plan.key.startsWith('variable ') && (plan.once || declarationText(plan) !== old.text))
      );
    };
    const removed = plans.filter(clash);
    if (removed.length === 0) return this.text();
    const keys = new Set(removed.map((plan) => plan.key));
    const names = new Set(removed.filter((plan) => !plan.key.startsWith('macro ')).flatMap((plan) => plan.names));
    const kept: string[] = [];
    for (const each of this.byKey.values()) {
      const mentions = [...names].some((name) =>
        new RegExp(`(?<![\\w$])${escapeRegExp(name)}(?![\\w$])`).test(each.text),
      );
      if (keys.has(each.key)) continue;
      // Another overload may stay.
      const overload = each.key.startsWith('function ') && !each.once && each.names.some((name) => names.has(name));
      if (mentions && !overload) for (const name of each.names) names.add(name);
      else kept.push(each.text);
    }
    return kept.join('');
  }
}

function declarationText(plan: DeclarationPlan): string {
  return settle(plan, undefined)[0]?.text ?? '';
}

function escapeRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
