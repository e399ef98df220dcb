// Types what the grammar makes into a real session. Each input works, with the value that the model knows, or fails
// with a coded error; after a failure a probe over all variables and functions shows that nothing changed.

import { BarewireError } from '../../host/diag/error.js';
import { ProgramExit } from '../../host/session/errors.js';
import type { Session } from '../../host/session/session.js';
import { type FuzzInput, Grammar } from './grammar.js';

/** What came of a run. */
export interface FuzzReport {
  readonly worked: number;
  readonly failed: number;
  /** What must not have happened, with the seed's inputs up to there. */
  readonly complaints: readonly string[];
}

const RUN_TIMEOUT_MS = 5000;

/** Plays inputs until `count` or, if given, `untilMs` of the process clock. */
export async function playInputs(session: Session, seed: number, count: number, untilMs?: number): Promise<FuzzReport> {
  const grammar = new Grammar(seed);
  const complaints: string[] = [];
  let worked = 0;
  let failed = 0;
  for (let index = 0; index < count; index++) {
    if (untilMs !== undefined && performance.now() > untilMs) break;
    const input = grammar.next();
    const outcome = await play(session, input);
    const complain = (what: string): void => {
      complaints.push(`seed ${seed}, input ${index}: ${JSON.stringify(input.text)} ${what}`);
    };
    if (outcome.error === undefined) {
      worked++;
      if (input.fails !== undefined) complain(`worked, but should fail with ${input.fails.source}`);
      else if (input.value !== undefined && outcome.value !== input.value) {
        complain(`gave ${outcome.value}, not ${input.value}`);
      } else input.settle?.();
      continue;
    }
    failed++;
    const known = input.value !== undefined || input.settle !== undefined;
    if (outcome.code === undefined) complain(`failed without a code: ${outcome.error}`);
    else if (known) complain(`should work, but: ${outcome.error}`);
    else if (input.fails !== undefined && !input.fails.test(outcome.code)) {
      complain(`failed with ${outcome.code}, not ${input.fails.source}: ${outcome.error}`);
    }
    const probe = grammar.probe();
    const after = await play(session, probe);
    if (after.value !== probe.value) complain(`changed the session: ${after.value ?? after.error}, not ${probe.value}`);
    if (complaints.length > 5) break;
  }
  return { worked, failed, complaints };
}

interface Outcome {
  readonly value?: string | undefined;
  readonly error?: string;
  /** Undefined for an error that is none of ours, and for our bugs. */
  readonly code?: string | undefined;
}

async function play(session: Session, input: FuzzInput): Promise<Outcome> {
  try {
    const { value } = await session.evaluate(input.text, { runTimeoutMs: RUN_TIMEOUT_MS });
    return { value };
  } catch (error) {
    if (error instanceof BarewireError && error.kind !== 'bug') return { error: error.message, code: error.code };
    if (error instanceof ProgramExit) return { error: error.message, code: 'EXIT' };
    return { error: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}
