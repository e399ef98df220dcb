// Source text → object bytes. One clang is always kept waiting for the next input (spare.ts); an input whose
// declarations it does not know, or that finds it dead, is compiled by a fresh one.

import type { BoardRecord } from '../../boards/board.js';
import { debugScope } from '../diag/debug.js';
import { environment } from '../diag/environment.js';
import { BarewireError } from '../diag/error.js';
import type { Toolchain } from '../toolchain/toolchain.js';
import { type ComposeMode, composeInput, type LateText } from '../unit/compose.js';
import { PRELUDE_NAME, typedFile } from '../unit/declared-at.js';
import { scan } from '../unit/scan.js';
import type { SourceUnit } from '../unit/source-unit.js';
import { type Backend, type Feed, type Header, mainText, type Waiting } from './backend.js';
import { type Diagnostic, parseDiagnostics, renderDiagnostics } from './diagnostics.js';
import { compileFlags, type FlagOptions, RUNTIME } from './flags.js';
import { refusesHeader } from './precompile.js';
import { prefixText } from './prefix.js';
import { openProcesses } from './processes.js';
import type { ClangResult } from './run-clang.js';
import { makeWorkFolder, removeWorkFolder } from './work-folder.js';
import { openYowasp } from './yowasp/backend.js';

const log = debugScope('compile');
const TIMEOUT_MS = 60_000;
/** Of a line of clang's last words. */
const CRASH_COLUMNS = 200;
/** Declarations of this length take clang about 5 ms to read as text, a third of a small input (measured); a header
 *  takes a second of one core to build, so that a longer session builds more seldom. */
const GROWN_CHARS = 3000;
const GROWN_SHARE = 1 / 4;

export interface CompilerOptions extends FlagOptions {
  readonly board: BoardRecord;
  readonly toolchain: Toolchain;
  /** Headers that every input sees, as absolute paths. */
  readonly headers?: readonly string[];
  /** Longest time one compilation may take, in milliseconds. */
  readonly timeoutMs?: number;
  /** Where the precompiled header is kept. */
  readonly cacheDir?: string;
  /** How the spare gets its input; `none` compiles every input in a fresh process. */
  readonly feed?: Feed | 'none';
  /** Told once what is waited for, when that takes longer than a second. */
  readonly onWait?: ((text: string) => void) | undefined;
}

export interface CompileResult {
  /** ELF32 relocatable object. */
  readonly object: Uint8Array;
  readonly warnings: readonly Diagnostic[];
}

export class Compiler {
  readonly #backend: Backend;
  readonly #dir: string;
  readonly #timeoutMs: number;
  #header: Header;
  /** A header that holds declarations of earlier inputs too, once they have grown long. */
  #grown: GrownHeader | undefined;
  #spare: Waiting | undefined;
  /** What the two slots for waiting compilations are waiting for. */
  readonly #free: [Promise<void>, Promise<void>] = [Promise.resolve(), Promise.resolve()];
  #slot: 0 | 1 = 0;
  /** The declarations the next spare is to know, while its slot is still in use. */
  #wanted: string | undefined;
  #rebuilding: Promise<void> | undefined;
  #building = false;
  /** Declarations that could not be precompiled. */
  #refused: string | undefined;
  /** Headers that were replaced, the last of which may still be in use. */
  readonly #outdated: Header[] = [];
  #closed = false;
  readonly #removeDir = (): void => removeWorkFolder(this.#dir);

  private constructor(backend: Backend, dir: string, timeoutMs: number) {
    this.#backend = backend;
    this.#header = backend.header;
    this.#dir = dir;
    this.#timeoutMs = timeoutMs;
    process.on('exit', this.#removeDir);
  }

  /** Gets ready to compile for a board; builds the precompiled header the first time (about a second).
   *  @throws TOOLCHAIN_MISSING, COMPILE_PREFIX, COMPILE_CACHE */
  static async create(options: CompilerOptions): Promise<Compiler> {
    const { board, toolchain, feed } = options;
    const timeoutMs = options.timeoutMs ?? TIMEOUT_MS;
    let dir: string | undefined;
    const workDir = (): string => {
      dir ??= makeWorkFolder();
      return dir;
    };
    const open = board.arch === 'wasm32' ? openYowasp : openProcesses;
    const backend = await open({
      toolchain,
      flagsFor: (systemDirs) => compileFlags(board, [RUNTIME, ...systemDirs], options),
      prefix: prefixText(board.libc, options.headers),
      cacheDir: options.cacheDir ?? environment().cacheDir,
      timeoutMs,
      workDir,
      feed,
      onWait: options.onWait,
    });
    return new Compiler(backend, workDir(), timeoutMs);
  }

  /** How the waiting clang gets its input here. */
  get feed(): Feed | 'none' {
    return this.#backend.feed;
  }

  /** Starts the clang that waits for the next input; nothing happens if one already waits that knows `prelude`. */
  prepare(prelude: string): void {
    if (this.#backend.feed === 'none' || this.#closed) return;
    if (this.#spare !== undefined) {
      if (this.#spare.prelude === prelude && !this.#spare.dead) return;
      this.#spare.kill();
      this.#spare = undefined;
    }
    this.#grow(prelude);
    const starting = this.#wanted !== undefined;
    this.#wanted = prelude;
    if (!starting) void this.#startSpare();
  }

  async #startSpare(): Promise<void> {
    const slot = this.#slot;
    this.#slot = slot === 0 ? 1 : 0;
    await this.#free[slot];
    const prelude = this.#wanted;
    this.#wanted = undefined;
    if (prelude === undefined || this.#closed || this.#spare !== undefined) return;
    const { header, tail } = this.#headerFor(prelude);
    const spare = header.wait(prelude, tail, slot);
    this.#spare = spare;
    this.#free[slot] = spare.gone;
  }

  /** Compiles one composed input.
   *  @param source what `composeInput` made of it
   *  @param prelude declarations of earlier inputs
   *  @param userText what the user typed, for the messages
   *  @param fileName name of the user's text in `source`
   *  @param valueOffset where in `userText` the last expression is, for what clang says about taking its value
   *  @throws COMPILE_FAILED with `details.diagnostics`, COMPILE_PRELUDE, COMPILE_TIMEOUT, COMPILE_CRASHED */
  async compile(
    source: string,
    prelude: string,
    input: number,
    userText: string,
    fileName = `input_${input}`,
    valueOffset?: number,
  ): Promise<CompileResult> {
    let result = await this.#run(source, prelude);
    if (result.code !== 0 && refusesHeader(result.stderr)) {
      log?.(`precompiled header refused, building it anew: ${result.stderr.trimEnd()}`);
      await this.#rebuild();
      result = await this.#run(source, prelude);
    }
    const diagnostics = parseDiagnostics(result.stderr, { file: fileName, text: userText, valueOffset });
    if (result.code === 0 && result.stdout.length > 0) {
      // What clang says about earlier inputs was said when they were typed.
      const warnings = diagnostics.filter(({ severity, file }) => severity === 'warning' && file !== undefined);
      return { object: this.#backend.objectOf(result.stdout), warnings };
    }
    const atEnd = diagnostics.map((each) => (isAtOurInclude(each) ? atEndOf(each, userText, fileName) : each));
    throw failure(result, atEnd, fileName, this.#backend.name, this.#dir);
  }

  /** Composes and compiles one input; takes the value of its last expression by copy where clang cannot refer to it.
   *  @param late declarations of earlier inputs that depend on what the input defines again
   *  @throws as `compile` */
  async compileUnit(
    unit: SourceUnit,
    prelude: string,
    input: number,
    fileName = `input_${input}`,
    late?: Pick<LateText, 'late' | 'behind'>,
  ): Promise<CompileResult> {
    refuseReservedNames(unit);
    refuseReturns(unit, fileName);
    refuseLongNames(unit, fileName);
    const lateText = late === undefined ? undefined : { ...late, file: PRELUDE_NAME };
    const attempt = (mode: ComposeMode): Promise<CompileResult> =>
      this.compile(
        composeInput(unit, input, mode, fileName, lateText),
        prelude,
        input,
        unit.text,
        fileName,
        unit.trailing?.start,
      );
    try {
      const result = await attempt('reference');
      // `P{1, 2}.x`: a reference would outlive what it refers to.
      const dangles =
        unit.trailing !== undefined && result.warnings.some(({ option }) => option === '-Wreturn-stack-address');
      return dangles ? await attempt('value') : result;
    } catch (error) {
      if (unit.trailing === undefined || !isUnreferable(error)) throw error;
      return attempt('value');
    }
  }

  /** Ends the waiting clang and removes the session's files. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#wanted = undefined;
    this.#spare?.kill();
    this.#spare = undefined;
    await heldOpen(Promise.all(this.#free));
    await this.#backend.close();
    process.off('exit', this.#removeDir);
    this.#removeDir();
  }

  async #run(source: string, prelude: string): Promise<ClangResult> {
    if (this.#wanted === prelude) await heldOpen(this.#free[this.#slot === 0 ? 1 : 0]);
    const spare = this.#spare;
    if (spare !== undefined && spare.prelude === prelude && !spare.dead) {
      this.#spare = undefined;
      return spare.compile(source, this.#timeoutMs);
    }
    const { header, tail } = this.#headerFor(prelude);
    return header.compile(mainText(prelude, tail, source), this.#timeoutMs);
  }

  /** The header to use for these declarations, and what of them it lacks. */
  #headerFor(prelude: string): { header: Header; tail: string } {
    const grown = this.#grown;
    if (grown === undefined || !prelude.startsWith(grown.prelude)) return { header: this.#header, tail: prelude };
    return { header: grown.header, tail: prelude.slice(grown.prelude.length) };
  }

  /** Starts to precompile the declarations in the background when those that are read as text have grown long. */
  #grow(prelude: string): void {
    if (
      this.#building ||
      this.#headerFor(prelude).tail.length < Math.max(GROWN_CHARS, prelude.length * GROWN_SHARE) ||
      prelude === this.#refused
    )
      return;
    const earlier = this.#grown;
    const start = performance.now();
    this.#building = true;
    void this.#header
      .extended(`#line 1 "${PRELUDE_NAME}"\n${prelude}`)
      .then(
        (header) => {
          if (this.#closed) return;
          log?.(
            `${prelude.length} characters of declarations precompiled in ${(performance.now() - start).toFixed(0)} ms`,
          );
          this.#grown = { prelude, header };
          // A spare may still be reading the header before.
          if (earlier !== undefined) this.#outdated.push(earlier.header);
          for (const old of this.#outdated.splice(0, Math.max(0, this.#outdated.length - 1))) old.discard();
        },
        (error: unknown) => {
          // What each input can be compiled with as text need not stand alone: it stays text.
          log?.(`declarations not precompiled: ${(error as Error).message}`);
          this.#grown = earlier;
          this.#refused = prelude;
        },
      )
      .finally(() => {
        this.#building = false;
      });
  }

  async #rebuild(): Promise<void> {
    this.#spare?.kill();
    this.#spare = undefined;
    this.#grown = undefined;
    this.#rebuilding ??= this.#header.rebuilt().then((header) => {
      this.#header = header;
    });
    try {
      await this.#rebuilding;
    } finally {
      this.#rebuilding = undefined;
    }
  }
}

/** A header with the declarations of earlier inputs up to some point. */
interface GrownHeader {
  readonly prelude: string;
  readonly header: Header;
}

/** Waits for processes that do not hold the program open by themselves. */
async function heldOpen<T>(promise: Promise<T>): Promise<T> {
  const hold = setInterval(() => undefined, 1000);
  try {
    return await promise;
  } finally {
    clearInterval(hold);
  }
}

/** @throws COMPILE_RESERVED_NAME when the user declares what the wrapper around inputs is made of */
function refuseReservedNames(unit: SourceUnit): void {
  const names = unit.items.flatMap((item) => item.declares.flatMap((plan) => plan.names));
  // Names that composing gives to what has none are not in the text.
  const reserved = names.find((name) => name.startsWith('__bw') && unit.text.includes(name));
  if (reserved === undefined) return;
  throw new BarewireError(
    'COMPILE_RESERVED_NAME',
    `${reserved}: names that begin with __bw are barewire's own; choose another`,
    { name: reserved },
  );
}

/** clang takes a `return` at file scope for nothing, or crashes over it.
 *  @throws COMPILE_FAILED */
function refuseReturns({ text, items }: SourceUnit, file: string): void {
  const at = items.find((item) => item.returnsAt !== undefined)?.returnsAt;
  if (at === undefined) return;
  const lines = text.slice(0, at).split(/\r\n|\n|\r/);
  const before = lines.at(-1) ?? '';
  const source = /^[^\r\n]*/.exec(text.slice(at - before.length))?.[0] ?? '';
  const diagnostic: Diagnostic = {
    severity: 'error',
    file,
    line: lines.length,
    column: Buffer.byteLength(before) + 1,
    ranges: [],
    message: "'return' outside of a function: an input ends where its text does",
    option: undefined,
    snippet: [`${String(lines.length).padStart(5)} | ${source}`, `      | ${before.replace(/[^\t]/gu, ' ')}^`],
    notes: [],
  };
  throw new BarewireError('COMPILE_FAILED', renderDiagnostics([diagnostic]), { diagnostics: [diagnostic], lines: [] });
}

/** clang takes time that grows with the square of a name's length to say what is wrong with it: 131072 letters, 23 s
 *  (measured with 19). */
const LONGEST_NAME = 4096;

/** @throws COMPILE_NAME_TOO_LONG */
function refuseLongNames({ text }: SourceUnit, fileName: string): void {
  if (!/[\w$]{4097}/.test(text)) return;
  const token = scan(text).tokens.find(({ kind, start, end }) => kind === 'word' && end - start > LONGEST_NAME);
  if (token === undefined) return;
  const line = text.slice(0, token.start).split(/\r\n|\n|\r/).length;
  const length = token.end - token.start;
  throw new BarewireError(
    'COMPILE_NAME_TOO_LONG',
    `${fileName}:${line}: a name of ${length} letters (${text.slice(token.start, token.start + 16)}…) is longer than ${LONGEST_NAME}; choose a shorter one`,
    { line, length, limit: LONGEST_NAME },
  );
}

const PRELUDE_ERROR = new RegExp(`^${PRELUDE_NAME}(/.*?)?:(\\d+):\\d+:.*? error: `);

function failure(
  result: ClangResult,
  diagnostics: readonly Diagnostic[],
  input: string,
  clang: string,
  dir: string,
): BarewireError {
  const { code, signal, stderr } = result;
  const errors = diagnostics.filter((each) => each.severity === 'error');
  // clang may crash over what follows from a mistake: the mistake is what counts.
  const isMistake = errors.some(({ file, notes }) => [file, ...notes.map((note) => note.file)].some(Boolean));
  if (errors.length === 0 || ((signal !== null || code !== 1) && !isMistake)) {
    const how = signal === null ? `with status ${code}` : `by ${signal}`;
    const words = lastLines(withoutStackDump(stderr), 12);
    const hint =
      signal === null
        ? ''
        : "\nthat is clang's mistake, and nothing has changed: is the input very long or deeply nested? try it in smaller pieces";
    return new BarewireError('COMPILE_CRASHED', `${clang} ended ${how}${words === '' ? '' : `:\n${words}`}${hint}`, {
      code,
      signal,
      stderr,
    });
  }
  // A template of an earlier input that fails for what this one makes of it is this one's mistake.
  const isEarlier = ({ file, notes }: Diagnostic): boolean =>
    file === undefined && !notes.some((note) => note.file !== undefined);
  const preludeErrors = errors.some(isEarlier)
    ? stderr.split('\n').flatMap((line) => {
        const [place = '', file, number] = PRELUDE_ERROR.exec(line) ?? [];
        return number === undefined ? [] : [{ place, typed: file !== undefined, line: Number(number) }];
      })
    : [];
  const lines = preludeErrors.flatMap(({ typed, line }) => (typed ? [] : [line]));
  const places = preludeErrors.flatMap(({ place, typed, line }) =>
    typed ? [`${typedFile(place).replace(/:\d+:\d+:.*$/, '')}:${line}`] : [],
  );
  if (errors.every(isEarlier) && preludeErrors.length > 0) {
    const message = `a declaration kept from an earlier input no longer compiles:\n${renderDiagnostics(errors)}`;
    return new BarewireError('COMPILE_PRELUDE', message, { diagnostics: errors, lines, places, dir });
  }
  // A body that is not finished is missed at our own `#include` too.
  const own = errors.some((each) => !isEarlier(each))
    ? diagnostics.filter((each) => each.severity !== 'error' || !isEarlier(each))
    : diagnostics;
  return new BarewireError('COMPILE_FAILED', renderDiagnostics(fewInHeaders(own, input)), {
    diagnostics: own,
    lines,
    places,
  });
}

/** Errors inside of headers that are shown: what one wrong argument of an algorithm leads to runs to hundreds of lines. */
const MOST_IN_HEADERS = 3;

function fewInHeaders(diagnostics: readonly Diagnostic[], input: string): Diagnostic[] {
  let inHeaders = 0;
  const isHeaders = ({ severity, file }: Diagnostic): boolean =>
    severity === 'error' && file !== undefined && file !== input;
  const shown = diagnostics.filter((each) => !isHeaders(each) || ++inHeaders <= MOST_IN_HEADERS);
  const left = diagnostics.length - shown.length;
  if (left === 0) return shown;
  const message = `${left} more ${left === 1 ? 'error' : 'errors'} inside of headers ${left === 1 ? 'is' : 'are'} left out`;
  const place = { file: undefined, line: 0, column: 0, ranges: [], option: undefined, snippet: [], notes: [] };
  return [...shown, { ...place, severity: 'note', message }];
}

/** Said where the waiting clang includes the input: it is about the input's end, such as of a body left open. */
function isAtOurInclude({ file, snippet }: Diagnostic): boolean {
  return file === undefined && /#include ".*fifo-[01]"/.test(snippet[0] ?? '');
}

function atEndOf(diagnostic: Diagnostic, text: string, file: string): Diagnostic {
  const lines = text.trimEnd().split(/\r\n|\n|\r/);
  const column = Buffer.byteLength(lines.at(-1) ?? '') + 1;
  return { ...diagnostic, file, line: lines.length, column, ranges: [], snippet: [] };
}

/** clang's last words without addresses and arguments of its own; `details.stderr` has them. */
function withoutStackDump(stderr: string): string {
  return stderr
    .split('\n')
    .filter((line) => !/^\s*#?\d+ +(?:\S+ +)?0x|^PLEASE submit|^Stack dump|^\d+\.\t/.test(line))
    .map((line) => (line.length > CRASH_COLUMNS ? `${line.slice(0, CRASH_COLUMNS)}…` : line))
    .join('\n');
}

function lastLines(text: string, count: number): string {
  return text.trimEnd().split('\n').slice(-count).join('\n');
}

/** Bit-fields, members of packed structs and vector elements cannot be referred to. */
function isUnreferable(error: unknown): boolean {
  if (!(error instanceof BarewireError) || error.code !== 'COMPILE_FAILED') return false;
  return /cannot bind to (?:bit-field|packed field|vector element)/.test(error.message);
}
