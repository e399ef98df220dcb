// `barewire run FILE…`: each file is one input; `main()`, if one of them defines it, is then called.

import { readFileSync } from 'node:fs';
import { renderDiagnostic } from '../compile/diagnostics.js';
import { BarewireError } from '../diag/error.js';
import { ProgramExit } from '../session/errors.js';
import type { EvaluateOptions, Session } from '../session/session.js';
import type { Shown } from './evaluate.js';
import { EXIT, errorCode, errorText, exitCodeOf } from './exit-codes.js';

/** What `--json` prints, one object a run. */
export interface RunReport {
  readonly board: string;
  readonly files: readonly string[];
  readonly exitCode: number;
  /** What `main` returned, or the argument of `exit`; null when neither came to pass. */
  readonly result: number | null;
  readonly values: readonly string[];
  readonly output: string;
  readonly warnings: readonly string[];
  /** Time the code ran, in microseconds of the board's clock. */
  readonly micros: number;
  readonly error: { readonly code: string; readonly message: string; readonly details: unknown } | null;
}

/** Text of a source file.
 *  @throws CLI_UNREADABLE_FILE */
export function readSource(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new BarewireError('CLI_UNREADABLE_FILE', `cannot read ${path}: ${why}`, { path }, 'user', { cause });
  }
}

/** Runs source files in one session.
 *  @param show where values and errors go as they happen
 *  @returns a report; its `exitCode` is main's result, if one ran */
export async function runFiles(
  session: Session,
  files: readonly string[],
  show: Shown,
  options: EvaluateOptions,
): Promise<RunReport> {
  const values: string[] = [];
  const warnings: string[] = [];
  const output: Uint8Array[] = [];
  let micros = 0;
  let result: number | null = null;
  let failure: unknown;
  session.onOutput((bytes) => output.push(bytes.slice()));
  try {
    // Unreadable files are found before anything runs.
    for (const [path, source] of files.map((path) => [path, readSource(path)] as const)) {
      const evaluation = await session.evaluate(source, { ...options, fileName: path });
      micros += evaluation.timing.runMicros;
      for (const text of evaluation.warnings.map(renderDiagnostic)) {
        warnings.push(text);
        show.error(text);
      }
      if (evaluation.value !== undefined) {
        values.push(evaluation.value);
        show.value(evaluation.value);
      }
    }
    const called = await session.call('main', options);
    if (called !== undefined) {
      result = called.value;
      micros += called.micros;
    }
  } catch (error) {
    if (error instanceof ProgramExit) result = error.exitCode;
    else {
      failure = error;
      show.error(errorText(error));
    }
  }
  return {
    board: session.board.name,
    files,
    exitCode: failure !== undefined ? exitCodeOf(failure) : result === null ? EXIT.ok : result & 0xff,
    result,
    values,
    output: Buffer.concat(output).toString('utf8'),
    warnings,
    micros,
    error:
      failure === undefined
        ? null
        : {
            code: errorCode(failure),
            message: failure instanceof Error ? failure.message : String(failure),
            details: failure instanceof BarewireError ? failure.details : {},
          },
  };
}
