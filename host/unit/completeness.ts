// Whether Enter runs the text or asks for another line. Two mistakes are possible, and they do not cost the same: a
// text taken as complete too early is a compile error, one taken as incomplete is a prompt that seems stuck. So
// `incomplete` is said only for what another line can mend, and a broken text is `invalid`: clang explains it.

import type { CppParser } from './parser.js';
import type { Scan } from './scan.js';
import type { Completeness } from './source-unit.js';

/** Tokens that want something behind them. */
const WANTS_MORE = new Set([
  ...[
    '+',
    '-',
    '*',
    '/',
    '%',
    '=',
    '<',
    '&',
    '|',
    '^',
    '!',
    '~',
    '?',
    ':',
    ',',
    '.',
    '->',
    '::',
    '<<',
    '>>',
    '<=',
    '>=',
  ],
  ...['==', '!=', '&&', '||', '+=', '-=', '*=', '/=', '%=', '&=', '|=', '^=', '<<=', '>>=', '<=>', '.*', '->*'],
  ...[
    'else',
    'do',
    'try',
    'return',
    'case',
    'template',
    'typename',
    'using',
    'namespace',
    'typedef',
    'struct',
    'class',
  ],
  ...[
    'union',
    'enum',
    'static',
    'const',
    'constexpr',
    'inline',
    'extern',
    'new',
    'delete',
    'sizeof',
    'operator',
    'goto',
  ],
  ...[
    'concept',
    'auto',
    'consteval',
    'constinit',
    'volatile',
    'requires',
    'throw',
    'co_await',
    'co_return',
    'co_yield',
  ],
]);

/** First words of items that end in `;` or a brace, never in nothing. */
const HEADS = new Set([
  ...[
    'if',
    'for',
    'while',
    'do',
    'switch',
    'try',
    'template',
    'namespace',
    'struct',
    'class',
    'union',
    'enum',
    'using',
  ],
  ...[
    'typedef',
    'extern',
    'static',
    'inline',
    'constexpr',
    'consteval',
    'constinit',
    'concept',
    'static_assert',
    'return',
  ],
  ...['break', 'continue', 'goto', 'auto', 'const', 'asm', 'else'],
]);

/** Judges a scanned text. */
export function judge(text: string, scanned: Scan, parser: CppParser): Completeness {
  if (scanned.broken) return 'invalid';
  if (scanned.open.size > 0) return 'incomplete';
  const last = scanned.tokens.at(-1);
  if (last === undefined) return 'complete';
  const lastText = text.slice(last.start, last.end);
  const segment = parser.segments(text, scanned.tokens).at(-1);
  if (segment === undefined || segment.closed) return 'complete';
  const first = segment.tokens[0] ?? last;
  // A preprocessor line behind it ends nothing, but what comes next may.
  if (WANTS_MORE.has(lastText)) return 'incomplete';
  if (HEADS.has(text.slice(first.start, first.end))) return 'incomplete';
  if (lastText === ']' && text.startsWith('[[', first.start) && isAttributeOnly(text.slice(first.start, last.end)))
    return 'incomplete';
  if (parser.isExpression(text, segment.tokens)) return 'complete';
  return parser.kindOf(text, segment.tokens, '\n;') === undefined ? 'invalid' : 'incomplete';
}

function isAttributeOnly(source: string): boolean {
  return /^\[\[[^\]]*\]\]$/.test(source);
}
