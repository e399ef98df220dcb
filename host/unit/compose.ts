// The text that clang compiles for an input, with positions that are the user's own.
//
// Something put in front of a token would move its column. So it goes on a line of its own, and what follows starts
// on a fresh line with as many blanks as it had bytes before it:
//
//     int a; const int k = 5;          int a;
//                             →        inline
//                                      #line 1 "input_3"
//                                             const int k = 5;
//
// The last expression becomes the body of a function whose result initialises the value slot (`__bw::Slot`).

import type { Edit, SourceUnit } from './source-unit.js';

/** The optimizer may not look into a function that could be another one at link time. */
const WEAK = '__attribute__((weak))';

/** How the last expression is taken: as the lvalue it is, or as a copy where it cannot be referred to. */
export type ComposeMode = 'reference' | 'value';

/** Name that diagnostics in the wrapper carry. */
const WRAPPER = '#line 1 "<value>"';
/** The optimizer runs initialisers at compile time if it can, and takes what templates, inline functions and classes
 *  hold in statics for the values they start with. An initialiser with assembler in it, if none, is left alone. */
const BARRIER = `${WRAPPER}\n{ __asm__ volatile(""); }\n`;
/** Declarations without a value, or with one literal. */
const LITERAL = /^[^=({]*(?:=\s*[-+]?(?:\d[\w.']*|'[^']*'|"[^"]*"|true|false|nullptr)\s*)?;?$/;
const SLOT = `static void __bw_drop();
[[clang::no_destroy]] __attribute__((used)) static __bw::Slot<decltype(__bw_expr())> __bw_value __asm__("__bw_value")(__bw_expr, __bw_drop);
static void __bw_drop() { __bw::end(__bw_value); }`;

/** The translation unit of an input, without the declarations of earlier ones.
 *  @param fileName what diagnostics call it */
export function composeInput(
  unit: SourceUnit,
  input: number,
  mode: ComposeMode = 'reference',
  fileName = `input_${input}`,
  late?: LateText,
): string {
  const { text, trailing } = unit;
  const writer = new Writer(text, fileName, mayRead(unit) ? BARRIER : '');
  unit.items.forEach((item, index) => {
    for (const edit of inOrder(item.edits)) writer.apply(edit);
    if (index === late?.behind)
      writer.apply({ offset: item.end, length: 0, insert: `#line 1 "${late.file}"\n${late.late}` });
  });
  if (trailing === undefined) return writer.finish(text.length);
  const type = mode === 'reference' ? 'decltype(auto)' : 'auto';
  writer.apply({
    offset: trailing.start,
    length: 0,
    insert: `${WRAPPER}\nstatic inline ${type} __bw_expr() { return ${trailing.literal ? '+' : ''}(`,
  });
  for (const edit of inOrder(trailing.edits ?? [])) writer.apply(edit);
  return `${writer.finish(trailing.end)}${WRAPPER}\n); }\n${SLOT}\n`;
}

/** A copy of a unit that is compiled again: functions of these names may be others by now, so that calls to them stay
 *  real. Its last expression is gone. */
export function revisedUnit(unit: SourceUnit, names: ReadonlySet<string>): SourceUnit {
  const items = unit.items.map((item) => {
    const open = item.functions.filter((each) => names.has(each.name));
    const edits = open.map(({ offset }): Edit => ({ offset, length: 0, insert: WEAK }));
    return { ...item, edits: [...edits, ...item.edits] };
  });
  return { text: unit.text.slice(0, unit.trailing?.start), items, trailing: undefined };
}

/** Whether something of an input may run when it is entered. */
function mayRead({ text, items, trailing }: SourceUnit): boolean {
  return (
    trailing !== undefined ||
    items.some(({ kind, start, end, declares }) => {
      const source = text.slice(start, end);
      if (kind === 'statement' || kind === 'expression') return true;
      if (kind === 'namespace') return source.includes('=');
      const prototype = declares.every(({ key, text }) => key.startsWith('function ') && typeof text === 'string');
      return kind === 'declaration' && !(prototype && declares.length > 0) && !LITERAL.test(source);
    })
  );
}

function inOrder(edits: readonly Edit[]): Edit[] {
  return [...edits].sort((a, b) => a.offset - b.offset || a.length - b.length);
}

/** Declarations of earlier inputs that stand behind an item of this one, because they depend on it. */
export interface LateText {
  readonly late: string;
  /** Index of the item; -1 for none. */
  readonly behind: number;
  /** What diagnostics call them. */
  readonly file: string;
}

class Writer {
  #out: string;
  #at = 0;

  constructor(
    private readonly text: string,
    private readonly fileName: string,
    start: string,
  ) {
    this.#out = start + this.#lineMark(1);
  }

  apply(edit: Edit): void {
    this.#out += this.text.slice(this.#at, edit.offset);
    this.#at = edit.offset + edit.length;
    if (edit.insert === '') {
      this.#out += blanks(this.text.slice(edit.offset, this.#at));
      return;
    }
    const before = this.text.slice(0, this.#at);
    const lines = before.split(/\r\n|\n|\r/);
    this.#out += `\n${edit.insert}\n${this.#lineMark(lines.length)}${blanks(lines.at(-1) ?? '')}`;
  }

  finish(end: number): string {
    return `${this.#out}${this.text.slice(this.#at, end)}\n`;
  }

  #lineMark(line: number): string {
    return `#line ${line} "${this.fileName.replace(/[\\"]/g, '\\$&')}"\n`;
  }
}

/** As many blanks as `text` has bytes; tabs and line ends stay. */
function blanks(text: string): string {
  return text.replace(/[^\t\r\n]/gu, (char) => ' '.repeat(Buffer.byteLength(char)));
}
