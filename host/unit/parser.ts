// Source text → SourceUnit. The scanner finds where items end (`;` or a closing brace outside all brackets); the
// grammar says what each one is. Items are parsed one by one, so that one the grammar does not understand spoils no
// other, and so that a last expression without `;` is recognised by parsing it as one.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Language, type Node, Parser } from 'web-tree-sitter';
import { BarewireError } from '../diag/error.js';
import { type Analysis, analyse } from './analyse.js';
import { judge } from './completeness.js';
import { type Highlight, highlight } from './highlight.js';
import { captureEdits } from './lambdas.js';
import { isNamelessAssignment } from './node-text.js';
import { type Directive, type Scan, scan, type Token } from './scan.js';
import type { Completeness, DeclarationPlan, Edit, Item, SourceUnit, Trailing } from './source-unit.js';

export type { Completeness, Item, SourceUnit } from './source-unit.js';

let loading: Promise<CppParser> | undefined;

/** Loads the grammar (about 25 ms); later calls give the same parser.
 *  @throws UNIT_GRAMMAR when the files of the packages are not there */
export function loadParser(): Promise<CppParser> {
  loading ??= load();
  return loading;
}

async function load(): Promise<CppParser> {
  try {
    const require = createRequire(import.meta.url);
    const grammar = readFileSync(require.resolve('tree-sitter-cpp/tree-sitter-cpp.wasm'));
    await Parser.init();
    const parser = new Parser();
    parser.setLanguage(await Language.load(grammar));
    return new CppParser(parser);
  } catch (cause) {
    loading = undefined;
    const message = `cannot load the C++ grammar: ${(cause as Error).message}; run npm ci again`;
    throw new BarewireError('UNIT_GRAMMAR', message, {}, 'user', { cause });
  }
}

/** Nodes that a closing brace ends. */
const BRACED = new Set([
  'function_definition',
  'compound_statement',
  'namespace_definition',
  'linkage_specification',
  'if_statement',
  'for_statement',
  'for_range_loop',
  'while_statement',
  'switch_statement',
  'try_statement',
  'inline_method_definition',
]);

/** A stretch of tokens that ends where an item does. */
export interface Segment {
  readonly tokens: readonly Token[];
  /** Ended by `;` or a brace; the last one may not be. */
  readonly closed: boolean;
}

/** The C++ grammar, loaded. */
export class CppParser {
  constructor(private readonly parser: Parser) {}

  /** Whether Enter should run this text. Never throws. */
  completeness(text: string): Completeness {
    return judge(text, scan(text), this);
  }

  /** Splits an input. Never throws: what is not C++ becomes a statement, and clang says what is wrong with it. */
  split(text: string): SourceUnit {
    const scanned = scan(text);
    const items: Item[] = [];
    let trailing: Trailing | undefined;
    for (const part of this.parts(text, scanned)) {
      if ('name' in part) {
        items.push(directiveItem(text, part));
        continue;
      }
      const [first, last] = [part.tokens[0], part.tokens.at(-1)];
      if (first === undefined || last === undefined) continue;
      const { start } = first;
      const { end } = last;
      if (!part.closed && this.isExpression(text, part.tokens)) {
        const literal = part.tokens.every((token) => token.kind === 'string');
        trailing = { start, end, literal, edits: this.#captures(text, part.tokens) };
      } else items.push({ start, end, ...this.#analyse(text, part) });
    }
    return { text, items, trailing };
  }

  /** Where members of classes and constants of scoped enumerations are named: those names mean nothing outside. */
  memberNames(text: string): ReadonlySet<number> {
    return this.#parse(text, (root) => {
      const scoped = (node: Node): boolean =>
        /^enum\s+(?:class|struct)\b/.test(node.parent?.parent?.text.slice(0, 24) ?? '');
      const fields = root.descendantsOfType('field_identifier').map((node) => node?.startIndex ?? -1);
      const constants = root
        .descendantsOfType('enumerator')
        .map((node) => (node !== null && scoped(node) ? node.startIndex : -1));
      return new Set([...fields, ...constants]);
    });
  }

  /** Ranges of a text to colour, in order and without overlaps. */
  tokens(text: string): Highlight[] {
    return highlight(text, scan(text));
  }

  /** Items and preprocessor lines outside of items, in source order. */
  parts(text: string, scanned: Scan): (Segment | Directive)[] {
    const parts: (Segment | Directive)[] = this.segments(text, scanned.tokens);
    const inside = (directive: Directive): boolean =>
      parts.some(
        (part) =>
          'tokens' in part &&
          (part.tokens[0]?.start ?? 0) < directive.start &&
          directive.start < (part.tokens.at(-1)?.end ?? 0),
      );
    const outside = scanned.directives.filter((directive) => !inside(directive));
    const startOf = (part: Segment | Directive): number =>
      'tokens' in part ? (part.tokens[0]?.start ?? 0) : part.start;
    return [...parts, ...outside].sort((a, b) => startOf(a) - startOf(b));
  }

  segments(text: string, tokens: readonly Token[]): Segment[] {
    const segments: Segment[] = [];
    let from = 0;
    tokens.forEach((token, index) => {
      if (token.depth !== 0 || token.kind !== 'punctuation') return;
      const mark = text.slice(token.start, token.end);
      if (mark !== ';' && mark !== '}') return;
      const candidate = tokens.slice(from, index + 1);
      const next = wordAt(text, tokens[index + 1]);
      const first = wordAt(text, candidate[0]);
      if (next === 'else' && first === 'if') return;
      if (next === 'catch' && first === 'try') return;
      if (first === 'do' && !candidate.some((each) => each.depth === 0 && wordAt(text, each) === 'while')) return;
      if (mark === '}' && !this.#isBraced(text, candidate)) return;
      segments.push({ tokens: candidate, closed: true });
      from = index + 1;
    });
    if (from < tokens.length) segments.push({ tokens: tokens.slice(from), closed: false });
    return segments;
  }

  /** Whether an item without `;` is an expression, whose value is to be shown. */
  isExpression(text: string, tokens: readonly Token[]): boolean {
    const words = tokens.map((token) => wordAt(text, token));
    // The grammar takes `typeid(int)` for a function's head.
    let source = words.includes('typeid')
      ? sourceOf(text, tokens).replace(/\btypeid\b/g, 'sizeof')
      : sourceOf(text, tokens);
    if (words[0] === 'decltype') {
      // The grammar does not know `decltype(x){1}`: any name stands for the type.
      const close = tokens.findIndex((token, index) => index > 1 && token.depth === 0);
      source = `T${text.slice(tokens[close]?.end, tokens.at(-1)?.end)}`;
    }
    if (STATEMENT_WORDS.has(words[0] ?? '')) return false;
    const asIs = this.#parse(`${source}\n;`, (root) => {
      const [node, ...more] = realChildren(root);
      if (node === undefined || more.length > 0) return false;
      return isNamelessAssignment(node) || (!root.hasError && node.type === 'expression_statement');
    });
    if (asIs) return true;
    const returned = this.#parse(`auto f() { return\n${source}\n; }`, (root) => {
      const body = root.namedChild(0)?.childForFieldName('body');
      return !root.hasError && body?.namedChildCount === 1 && body.namedChild(0)?.type === 'return_statement';
    });
    if (returned) return true;
    // The grammar does not know what is a template: `std::is_same_v<A, B>`.
    const mark = text.slice(tokens.at(-1)?.start, tokens.at(-1)?.end);
    return mark === '>' && tokens[0]?.kind === 'word' && !words.some((word) => DECLARATION_WORDS.has(word ?? ''));
  }

  /** The node an item is, or undefined when the grammar does not understand it.
   *  @param ending what to put behind it */
  kindOf(text: string, tokens: readonly Token[], ending = ''): string | undefined {
    return this.#parse(`${sourceOf(text, tokens)}${ending}`, (root) => {
      const nodes = realChildren(root);
      return root.hasError || nodes.length !== 1 ? undefined : nodes[0]?.type;
    });
  }

  #analyse(text: string, segment: Segment): Analysis {
    const source = sourceOf(text, segment.tokens);
    const base = segment.tokens[0]?.start ?? 0;
    const declared = LIKE_A_CALL.test(source) ? this.#asDeclaration(source, base) : undefined;
    if (declared !== undefined) return declared;
    return this.#parse(source, (root) => {
      const [node] = realChildren(root).filter((child) => child.type !== 'ERROR');
      if (node === undefined || node.startIndex !== 0) return unknown(source);
      const analysis = analyse(node, base);
      return analysis.kind === 'statement' && root.hasError ? unknown(source) : analysis;
    });
  }

  /** `T (*p)[3] = a;`: a declaration, or a call if `T` is a function. The grammar decides for the call; a storage
   *  class in front tells it otherwise. */
  #asDeclaration(source: string, base: number): Analysis | undefined {
    if (!this.#single(source, (node) => node.type === 'expression_statement')) return undefined;
    const storage = 'static ';
    return this.#parse(storage + source, (root) => {
      const [node, ...more] = realChildren(root);
      if (root.hasError || node?.type !== 'declaration' || more.length > 0) return undefined;
      const analysis = analyse(node, base - storage.length);
      const edits = analysis.edits.filter(({ offset }) => offset >= base);
      if (node.childForFieldName('type')?.type === 'primitive_type') return { ...analysis, edits };
      const declares = analysis.declares.map((plan): DeclarationPlan => {
        const [declarator = ''] = plan.names;
        if (typeof plan.text !== 'string') return { ...plan, text: { ...plan.text, doubt: 'expression' } };
        return { ...plan, text: { name: declarator, declarator, fallback: plan.text, doubt: 'expression' } };
      });
      return { ...analysis, kind: 'expression', names: [], edits: [], declares };
    });
  }

  /** What makes the captures of lambdas in a last expression legal. */
  #captures(text: string, tokens: readonly Token[]): readonly Edit[] {
    const source = sourceOf(text, tokens);
    if (!source.includes('[')) return [];
    return this.#parse(`${source}\n;`, (root) => captureEdits(root, tokens[0]?.start ?? 0, true));
  }

  #isBraced(text: string, tokens: readonly Token[]): boolean {
    const source = sourceOf(text, tokens);
    return this.#parse(source, (root) => {
      const nodes = realChildren(root);
      const [node] = nodes;
      if (node === undefined || nodes.length !== 1) return false;
      const inner = node.type === 'template_declaration' ? node.namedChildren.at(-1) : node;
      // `P p{}` is a variable whose `;` is still to come.
      if (inner?.type === 'function_definition') return hasParameters(inner);
      return BRACED.has(node.type) && node.endIndex === source.length;
    });
  }

  #single(source: string, test: (node: Node) => boolean): boolean {
    return this.#parse(source, (root) => {
      const nodes = realChildren(root);
      return !root.hasError && nodes.length === 1 && nodes[0] !== undefined && test(nodes[0]);
    });
  }

  #parse<T>(source: string, use: (root: Node) => T): T {
    const tree = this.parser.parse(source);
    try {
      return use((tree as NonNullable<typeof tree>).rootNode);
    } finally {
      tree?.delete();
    }
  }
}

/** Starts of what may declare a pointer or reference, or call something. */
const LIKE_A_CALL = /^[\w:][\w:<>,\s]*\(\s*(?:[\w:<>,\s]*::\s*)?[*&]/;

/** Whether a definition is one of a function: its declarator has a parameter list. */
function hasParameters(definition: Node): boolean {
  const declarator = definition.childForFieldName('declarator');
  const lists = ['function_declarator', 'abstract_function_declarator'];
  return declarator === null || declarator.descendantsOfType(lists).length > 0;
}

const STATEMENT_WORDS = new Set([
  ...['return', 'goto', 'break', 'continue', 'if', 'else', 'for', 'while', 'do', 'switch', 'case', 'default', 'try'],
  ...[
    'catch',
    'using',
    'typedef',
    'template',
    'namespace',
    'static_assert',
    'extern',
    'struct',
    'class',
    'union',
    'enum',
  ],
  ...[
    'concept',
    'static',
    'inline',
    'constexpr',
    'consteval',
    'constinit',
    'asm',
    'friend',
    'public',
    'private',
    'protected',
  ],
]);
const DECLARATION_WORDS = new Set(['typename', 'class', 'const', 'auto', 'requires']);

function wordAt(text: string, token: Token | undefined): string | undefined {
  return token?.kind === 'word' ? text.slice(token.start, token.end) : undefined;
}

function sourceOf(text: string, tokens: readonly Token[]): string {
  return text.slice(tokens[0]?.start, tokens.at(-1)?.end);
}

function realChildren(root: Node): Node[] {
  return root.children.filter((child) => child !== null && child.type !== 'comment' && child.type !== ';') as Node[];
}

/** An item the grammar does not understand: kept whole if it looks like a definition, forgotten otherwise. */
function unknown(source: string): Analysis {
  const kept = /^(?:template|using|typedef|concept|struct|class|union|enum)\b/.test(source);
  const name = /^(?:struct|class|union|enum(?:\s+(?:class|struct))?|concept|using)\s+(\w+)/.exec(source)?.[1];
  const names = name === undefined ? [] : [name];
  const key = name === undefined ? `text ${source}` : `type ${name}`;
  return {
    kind: kept ? 'type' : 'statement',
    names,
    edits: [],
    functions: [],
    declares: kept ? [{ key, names, text: source, once: true, scopes: [] }] : [],
  };
}

function directiveItem(text: string, directive: Directive): Item {
  const { start, end, name } = directive;
  const line = text.slice(start, end);
  const item = { kind: 'directive' as const, start, end, names: [], edits: [], declares: [], functions: [] };
  const macro = /^#\s*(?:define|undef)\s+(\w+)/.exec(line)?.[1];
  if (macro !== undefined) {
    const undef = `#undef ${macro}`;
    const plan = {
      key: `macro ${macro}`,
      names: [macro],
      text: name === 'define' ? `${undef}\n${line}` : undef,
      once: false,
      scopes: [],
    };
    const edits = name === 'define' ? [{ offset: start, length: 0, insert: undef }] : [];
    return { ...item, names: [macro], edits, declares: [plan] };
  }
  const isSaid = name === 'pragma' && /^#\s*pragma\s+(?:(?:GCC|clang)\s+)?(?:message|warning|error|once)\b/.test(line);
  if ((name === 'include' || name === 'pragma' || name === 'include_next') && !isSaid) {
    return {
      ...item,
      declares: [{ key: line.replace(/\s+/g, ' ').trim(), names: [], text: line, once: false, scopes: [] }],
    };
  }
  return item;
}
