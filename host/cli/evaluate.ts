// One input, evaluated and shown: what the terminal, the pipe and `run` have in common.

import { renderDiagnostic } from '../compile/diagnostics.js';
import { ProgramExit } from '../session/errors.js';
import type { EvaluateOptions, Session } from '../session/session.js';

/** Where things are shown. */
export interface Shown {
  value(text: string): void;
  /** Warnings, errors, notes. */
  error(text: string): void;
}

/** Evaluates `text` and shows its value and warnings.
 *  @returns the exit code if the input called `exit`, else `undefined`
 *  @throws what `Session.evaluate` throws */
export async function evaluateShown(
  session: Session,
  text: string,
  show: Shown,
  options: EvaluateOptions = {},
): Promise<number | undefined> {
  try {
    const { value, warnings } = await session.evaluate(text, options);
    for (const warning of warnings) show.error(renderDiagnostic(warning));
    if (value !== undefined) show.value(value);
    return undefined;
  } catch (error) {
    if (error instanceof ProgramExit) return error.exitCode & 0xff;
    throw error;
  }
}
