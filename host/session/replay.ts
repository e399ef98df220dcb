// The session on a board that lost its memory: the batches of the log again, in order, at the same addresses. Nothing
// is compiled or linked, and batches that went well travel together, so that a hundred inputs are a few frames.
//
// What cannot be repeated is left out and told: code that was stopped by hand would run for ever again (a copy of the
// variables, taken after it, follows in the log), and an input that restarts the board would do so again.

import type { BatchReply, Op } from '../../protocol/batch.js';
import { debugScope } from '../diag/debug.js';
import type { ExecuteOptions } from '../wire/link.js';
import { isStop } from './errors.js';
import type { PastEntry } from './log.js';
import { writesMuch } from './sparing.js';

const log = debugScope('session');

/** Code that runs longer is taken to wait for something that will not come. */
const RUN_TIMEOUT_MS = 10_000;
/** Operations that travel together at most. */
const TOGETHER = 200;

export interface ReplayReport {
  /** Inputs that are done again. */
  readonly inputs: number;
  /** `input 4 was stopped`: what is not as it was. */
  readonly differing: readonly string[];
}

type Execute = (ops: readonly Op[], options?: ExecuteOptions) => Promise<BatchReply>;

interface Unit {
  readonly entry: PastEntry;
  readonly ops: readonly Op[];
  readonly status: BatchReply['status'];
}

/** What of the log can be repeated, and what is to be said of the rest. */
function repeatable(entries: readonly PastEntry[], skipped: ReadonlySet<number>): { units: Unit[]; left: string[] } {
  const units: Unit[] = [];
  const left: string[] = [];
  for (const [at, entry] of entries.entries()) {
    const { name } = entry;
    if (skipped.has(entry.index)) {
      left.push(`${name} restarts the board: left out`);
      continue;
    }
    for (const { ops, status } of entry.steps) {
      if (isStop(status)) {
        const next = entries[at + 1];
        if (next?.t !== 'other' || next.name !== COPY)
          left.push(`${name} had been stopped: what it did is not repeated`);
      } else if (status !== undefined) units.push({ entry, ops, status });
    }
  }
  return { units, left };
}

/** Name of the log's entries that hold a copy of the variables. */
export const COPY = 'a copy of the variables';

/** Sends the log's batches again.
 *  @param skipped indices of entries to leave out
 *  @param current learns which entries are under way, should the board restart meanwhile
 *  @throws WIRE_… */
export async function replayLog(
  execute: Execute,
  entries: readonly PastEntry[],
  skipped: ReadonlySet<number>,
  current: (entries: readonly PastEntry[]) => void,
  together = TOGETHER,
): Promise<ReplayReport> {
  const { units, left: differing } = repeatable(entries, skipped);
  for (let at = 0; at < units.length; ) {
    const batch = takeTogether(units, at, together);
    current(batch.map(({ entry }) => entry));
    const reply = await execute(
      batch.flatMap(({ ops }) => ops),
      { runTimeoutMs: RUN_TIMEOUT_MS },
    );
    const ended = endedAt(batch, reply);
    const last = batch[ended]!;
    if (reply.status !== last.status) {
      log?.(`${last.entry.name} ended ${reply.status}, not ${last.status}`);
      differing.push(`${last.entry.name} ended otherwise than before (${reply.status}, not ${last.status})`);
    }
    at += ended + 1;
  }
  const inputs = entries.filter(({ t, state }) => t === 'input' && state === 'done').length;
  return { inputs, differing: [...new Set(differing)] };
}

/** Units that go in one list: those that went well, or a single one that did not. What writes much begins a list. */
function takeTogether(units: readonly Unit[], from: number, most: number): Unit[] {
  const batch: Unit[] = [];
  let ops = 0;
  for (const unit of units.slice(from, from + most)) {
    const alone = unit.status !== 'OK' || writesMuch(unit.ops);
    if (batch.length > 0 && (alone || ops + unit.ops.length > most)) break;
    batch.push(unit);
    ops += unit.ops.length;
    if (unit.status !== 'OK') break;
  }
  return batch;
}

/** Index of the unit in which a list ended. */
function endedAt(batch: readonly Unit[], { status, done }: BatchReply): number {
  if (status === 'OK') return batch.length - 1;
  let ops = 0;
  for (const [index, unit] of batch.entries()) {
    ops += unit.ops.length;
    if (done < ops) return index;
  }
  return batch.length - 1;
}
