// Where a declaration was typed. What clang compiles from it in later inputs (members of classes, templates, lambdas) has its
// lines in debug information: they are to be the user's, and so such a declaration stands behind a `#line` of its own, at
// its column, and what follows it is back among the declarations of earlier inputs.
//
//     #line 3 "<earlier inputs>/input_2"
//            struct P { int get() { return x; } … };
//     #line 14 "<earlier inputs>"

import type { Declaration } from './declarations.js';
import type { DeclarationPlan, Item, SourceUnit } from './source-unit.js';

/** What clang calls the declarations of earlier inputs. */
export const PRELUDE_NAME = '<earlier inputs>';

/** A place in an input. */
export interface Origin {
  /** What clang called the input. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** Bytes in front of it on its line. */
  readonly indent: number;
  /** Characters of the declaration that are not the user's: namespaces around it, `inline`. */
  readonly skipped: number;
}

const OWN_WORDS = /^(?:(?:__attribute__\(\(\w+\)\)|inline) )+/;

/** Where a plan's text stands in the input; undefined when no code comes of it, or it is not there word for word. */
export function originOf(
  { text: source }: SourceUnit,
  item: Item,
  plan: DeclarationPlan,
  file: string,
): Origin | undefined {
  if (!plan.once || typeof plan.text !== 'string' || !/\)[^;]*\{|\]\s*\{/.test(plan.text)) return undefined;
  // Behind attributes they would be in the middle of what is the user's.
  const own = OWN_WORDS.exec(plan.text)?.[0].length ?? 0;
  const said = plan.text.slice(own).replace(/__v\d+\b/g, '');
  let [at, skipped] = [source.indexOf(said, item.start), own];
  if (at < 0 && own > 0) [at, skipped] = [source.indexOf(plan.text, item.start), 0];
  if (at < 0 && said.endsWith(';')) at = source.indexOf(said.slice(0, -1), item.start);
  if (at < 0 || at >= item.end) return undefined;
  const lines = source.slice(0, at).split(/\r\n|\n|\r/);
  const scopes = plan.scopes.reduce((length, scope) => length + scope.length + ' { '.length, 0);
  return {
    file,
    line: lines.length,
    indent: Buffer.byteLength(lines.at(-1) ?? ''),
    skipped: scopes + skipped,
  };
}

/** A declaration as clang reads it.
 *  @param line of the declarations on which it begins */
export function rendered({ text, origin }: Declaration, line: number): string {
  if (origin === undefined) return text;
  const head = text.slice(0, origin.skipped);
  const before = head === '' ? '' : `${head}\n`;
  const mark = `#line ${origin.line} "${PRELUDE_NAME}/${origin.file.replace(/[\\"]/g, '\\$&')}"\n`;
  const body = `${before}${mark}${' '.repeat(origin.indent)}${text.slice(origin.skipped)}`;
  const next = line + body.split('\n').length;
  return `${body}#line ${next} "${PRELUDE_NAME}"\n`;
}

/** The input that a file is the text of, in debug information and in what clang says: `input_2` of
 *  `<earlier inputs>/input_2`. */
export function typedFile(file: string): string {
  return file.replace(/^(?:\.\/)*<earlier inputs>\//, '');
}
