// clang's words, cut down to what concerns the user's text. With -fdiagnostics-print-source-range-info clang writes
//
//     input_3:1:5:{1:5-1:6}: error: use of undeclared identifier 'x'        ← head: place, ranges, message
//         1 | x + 1                                                          ← snippet: source line,
//           | ^                                                                caret line, fix-it line
//
// and around it "In file included from" lines and notes about our own wrapper. Positions are the user's already
// (see host/unit/compose.ts); the source line is replaced by the user's own, since the composed one has blanks in it.

import { PRELUDE_NAME } from '../unit/declared-at.js';
import { missingHeader } from './missing-header.js';
import { missingOption } from './missing-option.js';

export type Severity = 'error' | 'warning' | 'note';

/** One thing clang says. */
export interface Diagnostic {
  readonly severity: Severity;
  /** `input_3`, a header's path, or undefined when it is in no file the user knows. */
  readonly file: string | undefined;
  /** Line and column from 1; the column counts bytes, as clang's does. */
  readonly line: number;
  readonly column: number;
  readonly ranges: readonly SourceRange[];
  readonly message: string;
  /** `-Wshadow` and the like. */
  readonly option: string | undefined;
  /** The source line, the caret line and the fix-it line below, as clang draws them. */
  readonly snippet: readonly string[];
  readonly notes: readonly Diagnostic[];
}

/** Part of a line, columns from 1, the end past the last byte. */
export interface SourceRange {
  readonly line: number;
  readonly column: number;
  readonly endLine: number;
  readonly endColumn: number;
}

/** Names that clang uses for text that is not the user's. */
export const WRAPPER_NAME = '<value>';

const HEAD =
  /^(?<file>.+?):(?<line>\d+):(?<column>\d+):(?<ranges>(?:\{[^}]*\})*:?) ?(?<severity>fatal error|error|warning|note): (?<message>.*)$/;
const BARE_HEAD = /^(?:clang(?:-\d+)?: )?(?<severity>fatal error|error): (?<message>.*)$/;
const OPTION = / \[(-W[^\]]*)\]$/;
const SNIPPET = /^ *(?:\d+)? \| ?/;
const NOISE = /^(?:In file included from |\d+ (?:warnings?|errors?)(?: and \d+ errors?)? generated)/;

/** The text that clang's words are about. */
export interface UserText {
  /** Its name there, such as `input_3`. */
  readonly file: string;
  readonly text: string;
  /** Where the last expression starts: the place of what is said about taking its value. */
  readonly valueOffset?: number | undefined;
}

/** Reads clang's standard error. */
export function parseDiagnostics(stderr: string, user: UserText): Diagnostic[] {
  const userLines = user.text.split(/\r\n|\n|\r/);
  const found: Building[] = [];
  let parent: Building | undefined;
  let current: Building | undefined;
  for (const line of stderr.split('\n')) {
    if (NOISE.test(line)) {
      current = undefined;
      continue;
    }
    const head = readHead(line);
    if (head !== undefined) {
      current = head;
      if (head.severity === 'note' && parent !== undefined) parent.notes.push(head);
      else {
        found.push(head);
        parent = head;
      }
    } else if (current !== undefined && SNIPPET.test(line)) current.snippet.push(line.trimEnd());
    else if (current !== undefined && line.trim() !== '' && current.snippet.length === 0)
      current.message += `\n${line}`;
  }
  const seen = new Set<string>();
  // What follows in the wrapper from a mistake of the user's is not worth a word.
  const isOwn = (each: Building): boolean => each.severity === 'error' && each.file === user.file && !isOurs(each);
  const mine = found.some(isOwn) ? found.filter((each) => each.severity !== 'error' || !isOurs(each)) : found;
  // A header that is missing explains all that comes of it.
  const hints = new Set<string>();
  const missing = mine.filter(({ severity, message }) => {
    const hint = severity === 'error' ? missingHeader(message) : undefined;
    return hint !== undefined && !hints.has(hint) && hints.add(hint);
  });
  const shown = missing.length > 0 ? missing : mine;
  return shown
    .map((each) => finish(each, user, userLines))
    .filter((each) => each !== undefined)
    .filter(({ file, line, column, message }) => {
      const key = `${file}:${line}:${column}: ${message}`;
      return !seen.has(key) && seen.add(key);
    });
}

interface Building {
  severity: Severity;
  file: string | undefined;
  line: number;
  column: number;
  ranges: SourceRange[];
  message: string;
  snippet: string[];
  notes: Building[];
}

function readHead(line: string): Building | undefined {
  const groups = (HEAD.exec(line) ?? BARE_HEAD.exec(line))?.groups;
  if (groups === undefined) return undefined;
  const severity = groups.severity === 'warning' || groups.severity === 'note' ? groups.severity : 'error';
  return {
    severity,
    file: groups.file,
    line: Number(groups.line ?? 0),
    column: Number(groups.column ?? 0),
    ranges: readRanges(groups.ranges ?? ''),
    message: groups.message ?? '',
    snippet: [],
    notes: [],
  };
}

function readRanges(text: string): SourceRange[] {
  return [...text.matchAll(/\{(?:[^:{}]*:)??(\d+):(\d+)-(\d+):(\d+)\}/g)].map((match) => {
    const [line, column, endLine, endColumn] = match.slice(1).map(Number) as [number, number, number, number];
    return { line, column, endLine, endColumn };
  });
}

function finish(raw: Building, user: UserText, userLines: readonly string[]): Diagnostic | undefined {
  const own = raw.file === user.file;
  let ours = isOurs(raw);
  if (ours && raw.severity === 'note') return undefined;
  if (ours && user.valueOffset !== undefined) {
    const before = user.text.slice(0, user.valueOffset).split(/\r\n|\n|\r/);
    const line = before.length;
    const column = Buffer.byteLength(before.at(-1) ?? '') + 1;
    const gutter = ' '.repeat(Math.max(5, String(line).length + 1));
    const source = `${String(line).padStart(5)} | ${expandTabs(userLines[line - 1] ?? '')}`;
    const caret = `${gutter} | ${' '.repeat(expandTabs(before.at(-1) ?? '').length)}^`;
    Object.assign(raw, { file: user.file, line, column, ranges: [], snippet: [source, caret] });
    ours = false;
  }
  const inPrelude = raw.file?.startsWith(PRELUDE_NAME) ?? false;
  const option = OPTION.exec(raw.message)?.[1];
  return {
    severity: raw.severity,
    file: ours || inPrelude ? undefined : raw.file,
    line: ours || inPrelude ? 0 : raw.line,
    column: ours || inPrelude ? 0 : raw.column,
    ranges: own ? raw.ranges : [],
    message: unwrap(raw.message.replace(OPTION, '')),
    option,
    snippet: ours ? [] : own ? ownSnippet(raw, userLines) : inPrelude ? outdented(raw.snippet) : raw.snippet,
    notes: hinted(
      raw,
      fewNotes(raw.notes, user).flatMap((note) => finish(note, user, userLines) ?? []),
    ),
  };
}

/** Notes shown of one diagnostic, besides those about the user's own lines. */
const MOST_NOTES = 4;

/** Overload sets and template backtraces run to dozens: the first few, and those in the user's text. */
function fewNotes(notes: readonly Building[], user: UserText): readonly Building[] {
  let others = 0;
  const shown = notes.filter(({ file }) => file === user.file || ++others <= MOST_NOTES);
  const left = notes.length - shown.length;
  if (left === 0) return shown;
  const note = `${left} more of these notes are left out`;
  return [...shown, { ...NO_PLACE, severity: 'note', message: note, ranges: [], snippet: [], notes: [] }];
}

const NO_PLACE = { file: undefined, line: 0, column: 0 } as const;

/** In place of what clang guesses of a name of the library, or says of its own options: what helps here. */
function hinted(raw: Building, notes: Diagnostic[]): Diagnostic[] {
  const message = raw.severity === 'error' ? (missingHeader(raw.message) ?? missingOption(raw.message)) : undefined;
  if (message === undefined) return isMemberAgain(raw) ? [...notes, { ...NO_PLACE, ...MEMBER_AGAIN }] : notes;
  return [{ ...NO_PLACE, severity: 'note', message, ranges: [], option: undefined, snippet: [], notes: [] }];
}

const MEMBER_AGAIN: Omit<Diagnostic, keyof typeof NO_PLACE> = {
  severity: 'note',
  message:
    'a member that is defined in its class is typed again with the class; declared there and defined outside, it is by itself',
  ranges: [],
  option: undefined,
  snippet: [],
  notes: [],
};

/** `int P::f() {…}` where the class of an earlier input has the body of `f`. */
function isMemberAgain({ severity, message, snippet, column, notes }: Building): boolean {
  if (severity !== 'error' || !/^redefinition of '/.test(message)) return false;
  const before = (snippet[0] ?? '').replace(SNIPPET, '').slice(0, column - 1);
  return /::\s*$/.test(before) && notes.some(({ file }) => file?.startsWith(PRELUDE_NAME));
}

/** In the wrapper around the last expression, or in the slot it is stored in. */
function isOurs(raw: Building): boolean {
  if (raw.file === WRAPPER_NAME || /__bw(?:::|_expr|_value|_do_)/.test(raw.message)) return true;
  return raw.file !== undefined && /[\\/]prefix\.h$/.test(raw.file);
}

/** A name of a type can be thousands of characters long. */
function cut(message: string): string {
  return message.replace(/'[^'\n]{400,}'/g, (name) => `${name.slice(0, 120)} … ${name.slice(-40)}`);
}

/** Says what the user did in place of what the wrapper did with it. */
function unwrap(message: string): string {
  return cut(message)
    .replace(/'(?:const )?__bw::(?:Lvalue)?Slot<[^']*>'(?: \(aka '[^']*'\))?/g, 'the value')
    .replace(/function '__bw_expr(?:\(\))?'/g, 'the last expression')
    .replace(/'__bw_expr(?:\(\))?'/g, 'the last expression')
    .replace(/'__bw_value'/g, 'the value')
    .replace(/__bw_unnamed_\w+/g, '(unnamed)')
    .replace(/__bw_local::/g, '')
    .replace(/\(lambda at [^)]*\)/g, '(lambda)');
}

function ownSnippet(raw: Building, userLines: readonly string[]): string[] {
  const text = userLines[raw.line - 1];
  const [first, ...rest] = raw.snippet;
  if (text === undefined || first === undefined) return raw.snippet;
  // What was put in front of the user's words is not theirs.
  if (raw.snippet.some((each) => /\| #line \d+ "|__attribute__\(\((?:used|weak)\)\)|__bw_do_/.test(each))) {
    const before = Buffer.from(text)
      .subarray(0, raw.column - 1)
      .toString();
    return [
      `${String(raw.line).padStart(5)} | ${expandTabs(text)}`,
      `      | ${' '.repeat(expandTabs(before).length)}^`,
    ];
  }
  // Snippets that span lines, or are cut, stay as clang drew them.
  if (raw.snippet.filter((each) => /^ *\d+ \|/.test(each)).length !== 1) return raw.snippet;
  const gutter = /^ *\d+ \| /.exec(first)?.[0] ?? SNIPPET.exec(first)?.[0] ?? '';
  return cropped([`${gutter}${expandTabs(text)}`, ...rest], gutter.length);
}

/** Without the blanks that keep a declaration of an earlier input at its column. */
function outdented(snippet: readonly string[]): readonly string[] {
  const blanks = snippet.map((line) => /^ *(?:\d+)? \| ( *)/.exec(line)?.[1]?.length ?? 0);
  const [source = 0] = blanks;
  const width = Math.min(source, ...blanks);
  return width === 0 ? snippet : snippet.map((line) => line.replace(`| ${' '.repeat(width)}`, '| '));
}

/** Longest source line that is shown whole, and what is left of a longer one on either side of the caret. */
const SNIPPET_COLUMNS = 400;
const AROUND_CARET = 60;

/** The part around the caret of a snippet whose source line is very long. */
function cropped(snippet: readonly string[], gutter: number): string[] {
  const [source = '', ...below] = snippet;
  const caret = below.map((line) => line.indexOf('^')).find((at) => at >= 0);
  if (source.length - gutter <= SNIPPET_COLUMNS || caret === undefined) return [...snippet];
  const from = Math.max(gutter, caret - AROUND_CARET);
  const to = from + 2 * AROUND_CARET;
  const cut = (line: string, mark: string): string => {
    const before = from > gutter ? mark : '';
    const behind = line.length > to ? mark : '';
    return `${line.slice(0, gutter)}${before}${line.slice(from, to)}${behind}`.trimEnd();
  };
  return [cut(source, '…'), ...below.map((line) => cut(line, ' '))];
}

/** As clang prints a line: tabs up to the next multiple of 8. */
function expandTabs(text: string): string {
  if (!text.includes('\t')) return text;
  let out = '';
  for (const char of text) out += char === '\t' ? ' '.repeat(8 - (out.length % 8)) : char;
  return out;
}

/** A diagnostic with its notes as clang prints them; the last line has no newline. */
export function renderDiagnostic(diagnostic: Diagnostic): string {
  const { file, line, column, severity, message, option, snippet, notes } = diagnostic;
  const place = file === undefined ? '' : `${file}:${line}:${column}: `;
  const head = `${place}${severity}: ${message}${option === undefined ? '' : ` [${option}]`}`;
  return [head, ...snippet, ...notes.map(renderDiagnostic)].join('\n');
}

/** Several diagnostics as clang prints them. */
export function renderDiagnostics(diagnostics: readonly Diagnostic[]): string {
  return diagnostics.map(renderDiagnostic).join('\n');
}
