// A soak: a session of random inputs, of which some fault, hang, restart the board or take its power away, and in which
// every variable must be what a model says, after each trouble and in the end.

import { BarewireError } from '../../host/diag/error.js';
import { openSession } from '../../host/session/open.js';
import type { Session } from '../../host/session/session.js';
import type { BytePort } from '../../protocol/byte-port.js';
import { HANGS, type SoakInput, SoakModel, type SoakStep } from './soak-model.js';

const RUN_TIMEOUT_MS = 10_000;
const MOST_COMPLAINTS = 5;

/** What came of it. */
export interface SoakReport {
  readonly inputs: number;
  readonly faults: number;
  readonly hangs: number;
  readonly restarts: number;
  /** Of the restarts, those in which the board's memory was lost. */
  readonly losses: number;
  /** Longest time that it took to put the session back, in milliseconds. */
  readonly longestMs: number;
  readonly variables: number;
  readonly complaints: readonly string[];
}

/** Plays `count` steps on a board whose simulator is QEMU.
 *  @param progress called now and then
 *  @param untilMs of the process clock: no step begins later */
export async function playSoak(
  board: string,
  seed: number,
  count: number,
  progress?: (done: number) => void,
  untilMs = Number.POSITIVE_INFINITY,
): Promise<SoakReport> {
  let port: BytePort | undefined;
  const session = await openSession({
    board,
    wrapPort: (opened) => {
      port = opened;
      return opened;
    },
  });
  const notices: string[] = [];
  session.onNotice((text) => notices.push(text));
  let printed = '';
  session.onOutput((bytes) => {
    printed = (printed + Buffer.from(bytes).toString()).slice(-2 * HANGS.length);
    if (!printed.includes(HANGS)) return;
    printed = '';
    session.interrupt();
  });
  const model = new SoakModel(seed);
  const complaints: string[] = [];
  const tally = { inputs: 0, faults: 0, hangs: 0, restarts: 0, losses: 0, longestMs: 0 };
  try {
    for (let index = 0; index < count && complaints.length < MOST_COMPLAINTS; index++) {
      if (performance.now() > untilMs) break;
      const step = model.next();
      const complain = (what: string): void => {
        complaints.push(
          `seed ${seed}, step ${index}: ${JSON.stringify(step)} ${what}; ${notices.slice(-2).join(' | ')}`,
        );
      };
      notices.length = 0;
      const startMs = performance.now();
      const wrong = await play(session, step, () => port!.close());
      if (wrong !== undefined) complain(wrong);
      tally.inputs++;
      const fails = step.kind === 'input' ? step.fails : 'SESSION_RESTARTED';
      if (fails !== undefined) {
        const probe = model.probe();
        const { value } = await session.evaluate(probe.text);
        if (value !== probe.value) complain(`left ${value}, not ${probe.value}`);
      }
      if (fails === 'SESSION_RESTARTED') {
        tally.restarts++;
        tally.longestMs = Math.max(tally.longestMs, performance.now() - startMs);
        if (notices.some((text) => /repeated/.test(text))) tally.losses++;
        const differing = notices
          .join('\n')
          .split('\n')
          .find((line) => line.startsWith('  '));
        if (differing !== undefined) complain(`was not restored whole: ${differing}`);
      } else if (fails === 'SESSION_FAULT') tally.faults++;
      else if (fails === 'SESSION_STOPPED') tally.hangs++;
      if (index % 500 === 499) progress?.(index + 1);
    }
    for (const [name, expected] of model.variables) {
      const { value } = await session.evaluate(name);
      if (value !== `(int) ${expected}`)
        complaints.push(`seed ${seed}, in the end: ${name} is ${value}, not ${expected}`);
    }
    return { ...tally, variables: model.variables.size, complaints };
  } finally {
    await session.close();
  }
}

/** @returns what went otherwise than it should */
async function play(session: Session, step: SoakStep, kill: () => Promise<void>): Promise<string | undefined> {
  if (step.kind === 'reset') {
    await session.reset();
    return undefined;
  }
  if (step.kind === 'kill') {
    await kill();
    return undefined;
  }
  return playInput(session, step);
}

async function playInput(session: Session, step: SoakInput): Promise<string | undefined> {
  try {
    const { value } = await session.evaluate(step.text, { runTimeoutMs: RUN_TIMEOUT_MS });
    if (step.fails !== undefined) return `worked, but should end with ${step.fails}`;
    return step.value === undefined || value === step.value ? undefined : `gave ${value}`;
  } catch (error) {
    if (error instanceof BarewireError && error.code === step.fails) return undefined;
    return `ended with ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
  }
}
