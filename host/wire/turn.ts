// One move of the link machine: a copy of the state to write on, and the effects collected so far.

import type { FrameKind } from '../../protocol/messages.js';
import type { BarewireError } from '../diag/error.js';
import type { CounterName } from './counters.js';
import type { Job, LinkEffect, LinkState, Slot } from './machine-state.js';

type Writable<T> = { -readonly [K in keyof T]: T[K] };

export interface Turn {
  readonly state: Writable<LinkState>;
  readonly effects: LinkEffect[];
  readonly nowMs: number;
}

const EMPTY = new Uint8Array();

export function count(turn: Turn, name: CounterName, by = 1): void {
  turn.effects.push({ type: 'count', name, by });
}

/** Sends a frame without a body. */
export function sendBare(turn: Turn, kind: FrameKind, seq: number): void {
  turn.effects.push({ type: 'send', frame: { kind, seq, body: EMPTY }, fresh: true });
}

export function sendPing(turn: Turn): void {
  turn.state.pinged = true;
  count(turn, 'pings');
  sendBare(turn, 'PING', (turn.state.output.offset >>> 2) & 0xff);
}

/** @param seq of the batch whose code is to be stopped */
export function sendBreak(turn: Turn, seq: number): void {
  count(turn, 'breaks');
  sendBare(turn, 'BREAK', seq);
}

/** Replaces the job that is worked on. */
export function setJob(turn: Turn, job: Job): void {
  turn.state.jobs = [job, ...turn.state.jobs.slice(1)];
}

/** Changes the slots of the job that is worked on; `change` gives a slot back unchanged to leave it. */
export function mapSlots(turn: Turn, change: (slot: Slot, index: number) => Slot): void {
  const job = turn.state.jobs[0];
  if (job !== undefined) setJob(turn, { ...job, slots: job.slots.map(change) });
}

/** Ends the job that is worked on without a reply; the next one begins with a new sequence. */
export function failJob(turn: Turn, error: BarewireError): void {
  const [job, ...others] = turn.state.jobs;
  turn.state.jobs = others;
  turn.state.phase = 'unsynced';
  turn.state.wait = undefined;
  if (job !== undefined) turn.effects.push({ type: 'failed', id: job.id, error });
}

/** The job that is worked on, for messages. */
export function describeJob({ state }: Turn): string {
  const job = state.jobs[0];
  if (job === undefined) return 'no work';
  if (job.running) return 'a run of your code';
  const names = [...new Set(job.ops.map((op) => op.op))];
  return names.length === 0 ? 'an empty batch' : `a batch of ${names.join(', ')}`;
}
