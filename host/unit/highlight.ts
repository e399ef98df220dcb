// Which parts of a line the editor colours. Lexical only: the line is half-typed most of the time.

import type { Scan } from './scan.js';

export type HighlightKind = 'keyword' | 'number' | 'string' | 'directive' | 'comment';

/** A range to colour; offsets in UTF-16 units. */
export interface Highlight {
  readonly start: number;
  readonly end: number;
  readonly kind: HighlightKind;
}

const KEYWORDS = new Set(
  (
    'alignas alignof asm auto bool break case catch char char8_t char16_t char32_t class concept const consteval constexpr ' +
    'constinit const_cast continue co_await co_return co_yield decltype default delete do double dynamic_cast else enum ' +
    'explicit export extern false float for friend goto if inline int long mutable namespace new noexcept nullptr operator ' +
    'private protected public register reinterpret_cast requires return short signed sizeof static static_assert ' +
    'static_cast struct switch template this thread_local throw true try typedef typeid typename union unsigned using ' +
    'virtual void volatile wchar_t while'
  ).split(' '),
);

/** The coloured ranges of a scanned text, in order. */
export function highlight(text: string, scanned: Scan): Highlight[] {
  const ranges: Highlight[] = scanned.directives.map(({ start, end }) => ({ start, end, kind: 'directive' }));
  let at = 0;
  const gaps: { start: number; end: number }[] = [];
  const code = [...scanned.tokens, ...scanned.directives].sort((a, b) => a.start - b.start);
  for (const each of code) {
    gaps.push({ start: at, end: each.start });
    at = each.end;
  }
  gaps.push({ start: at, end: text.length });
  for (const token of scanned.tokens) {
    const { start, end } = token;
    if (token.kind === 'number') ranges.push({ start, end, kind: 'number' });
    else if (token.kind === 'string' || token.kind === 'char') ranges.push({ start, end, kind: 'string' });
    else if (token.kind === 'word' && KEYWORDS.has(text.slice(start, end)))
      ranges.push({ start, end, kind: 'keyword' });
  }
  // Between tokens there is only white space and comments.
  for (const gap of gaps) {
    const inside = text.slice(gap.start, gap.end);
    const from = inside.search(/\/[/*]/);
    if (from >= 0) ranges.push({ start: gap.start + from, end: gap.start + inside.trimEnd().length, kind: 'comment' });
  }
  return ranges.sort((a, b) => a.start - b.start);
}
