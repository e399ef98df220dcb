// The one log of what a session did: for each input its text, its object, and the batches that changed the board, in
// the order in which they were sent. Three things are made from it: a board that lost its memory gets the batches
// again (replay.ts); a host that died finds the session in the file (resume.ts); and whoever reads the file sees what
// was under way.
//
//   begin ─ sending ─ ended ─ … ─ commit | failed
//
// What is about to happen is in the file before the first byte of it is on the line.

import { deserialize, serialize } from 'node:v8';
import type { Op } from '../../protocol/batch.js';
import type { StatusName } from '../../protocol/messages.js';
import type { AddrRange } from '../link/types.js';
import type { ByteStore } from './byte-store.js';
import type { JournalFile } from './journal-file.js';
import type { LastValue } from './last-value.js';
import type { SavedBytes } from './plan-batch.js';

/** How a session began; the first record of a journal. */
export interface StartRecord {
  readonly t: 'start';
  readonly board: string;
  readonly buildId: string;
  readonly arena: AddrRange;
  /** `--port`, and the serial number of the USB device behind it. */
  readonly port: string | undefined;
  readonly serialNumber: string | undefined;
  /** How inputs are compiled, as `openSession` takes it. */
  readonly compile: unknown;
  readonly clang: string | undefined;
  readonly startedMs: number;
}

/** An earlier input that was compiled again. */
export interface RevisedRecord {
  readonly input: number;
  readonly object: Uint8Array;
  readonly open: readonly string[];
}

/** An input that compiled and linked. */
export interface InputBegin {
  readonly t: 'input';
  readonly input: number;
  readonly text: string;
  readonly fileName: string | undefined;
  /** As clang made it. */
  readonly object: Uint8Array;
  readonly revised: readonly RevisedRecord[];
  /** Keys of declarations that no longer compiled. */
  readonly lost: readonly string[];
  /** The first input that could be taken back then. */
  readonly oldestUndo: number | undefined;
}

/** What an entry that is no input does to the host: library code linked beside inputs, a checkpoint taken, a checkpoint
 *  gone back to. */
export type HostStep =
  | { readonly kind: 'track' | 'interrupts'; readonly input: number }
  | { readonly kind: 'mark' | 'back'; readonly name: string };

/** Beside inputs: `:undo`, and what else sends something. */
export type EntryBegin =
  | InputBegin
  | { readonly t: 'undo'; readonly fromInput: number; readonly count: number }
  | { readonly t: 'other'; readonly what: string; readonly host?: HostStep };

/** What became of an input on the board, as far as the host's later decisions depend on it. */
export interface InputOutcome {
  readonly saved: readonly SavedBytes[];
  readonly destroyed: readonly AddrRange[];
  readonly pointers: readonly number[] | undefined;
  readonly heapBytes: number;
}

export type JournalRecord =
  | StartRecord
  | EntryBegin
  /** `owed`: what must be sent if it does not go well. */
  | { readonly t: 'send'; readonly ops: readonly Op[]; readonly owed: readonly Op[] }
  | { readonly t: 'end'; readonly status: StatusName; readonly done: number }
  | { readonly t: 'commit'; readonly outcome: InputOutcome | undefined; readonly owed: readonly Op[] }
  /** `owed`: what could not be sent after it yet. */
  | { readonly t: 'failed'; readonly why: string; readonly owed: readonly Op[] }
  | { readonly t: 'last'; readonly last: LastValue | undefined }
  | { readonly t: 'closed' };

/** One batch that changed the board. */
export interface LogStep {
  /** Without those that only look. */
  readonly ops: readonly Op[];
  /** Undefined: nobody knows. */
  readonly status: StatusName | undefined;
  /** How many of `ops` finished. */
  readonly done: number;
}

export interface LogEntry {
  readonly begin: EntryBegin;
  readonly steps: LogStep[];
  /** `open`: under way, or cut off by the end of the host. */
  state: 'open' | 'done' | 'failed';
}

/** What of an entry it takes to do it again. */
export interface PastEntry extends Pick<LogEntry, 'steps' | 'state'> {
  /** Counts from 0. */
  readonly index: number;
  /** `input 3`. */
  readonly name: string;
  readonly t: EntryBegin['t'];
}

const CHANGES: ReadonlySet<Op['op']> = new Set(['WRITE', 'FILL', 'CHECK', 'RUN']);

/** Name of the entry in which a session's objects are destroyed. */
export const THE_END = 'the end of the session';

/** Whether a batch can change the board. */
export function changesBoard(ops: readonly Op[]): boolean {
  return ops.some(({ op }) => op !== 'CHECK' && CHANGES.has(op));
}

/** `input 3`, `taking back inputs from 3 on`. */
export function nameOf(begin: EntryBegin): string {
  if (begin.t === 'input') return `input ${begin.input}`;
  return begin.t === 'undo' ? `taking back inputs from ${begin.fromInput} on` : begin.what;
}

/** The log, and its file if there is one. What is over lies in the store: a session of a thousand expressions keeps
 *  nothing of them in memory. */
export class SessionLog {
  /** Where what is over was put, oldest first. */
  readonly #past: number[] = [];
  #current: LogEntry | undefined;
  #lastSteps: readonly LogStep[] = [];
  #touched = false;
  /** Records that go out with the next batch. */
  #held: JournalRecord[] = [];
  /** The batch under way, with what only looks. */
  #sent: readonly Op[] = [];

  constructor(
    private readonly store: ByteStore,
    private readonly file?: JournalFile,
  ) {}

  /** All that was begun, oldest first; read from the store each time. */
  entries(): PastEntry[] {
    const past = this.#past.map((handle): PastEntry => deserialize(this.store.get(handle)));
    return this.#current === undefined ? past : [...past, pastEntry(this.#current, past.length)];
  }

  /** Some batch is known to have reached the board. */
  get touchedBoard(): boolean {
    return this.#touched;
  }

  /** The batches of the last entry that sent any. */
  get lastSteps(): readonly LogStep[] {
    return this.#lastSteps;
  }

  /** Where the journal is; undefined when there is none. */
  get path(): string | undefined {
    return this.file?.path;
  }

  /** The first record. */
  start(record: StartRecord): void {
    this.file?.append([record]);
  }

  /** Something is about to be done. */
  begin(begin: EntryBegin): void {
    this.#putAway();
    this.#current = { begin, steps: [], state: 'open' };
    this.#held.push(begin);
  }

  /** A batch that changes the board is about to be sent.
   *  @param owed what must be sent if it does not go well */
  sending(ops: readonly Op[], owed: readonly Op[]): void {
    if (this.#current === undefined) this.begin({ t: 'other', what: 'a batch' });
    const changing = ops.filter(({ op }) => CHANGES.has(op));
    const { steps } = this.#current!;
    steps.push({ ops: changing, status: undefined, done: 0 });
    this.#lastSteps = steps;
    this.#sent = ops;
    this.#append({ t: 'send', ops: changing, owed });
  }

  /** The batch ended; `done` of its operations finished. */
  ended(status: StatusName, done: number): void {
    const steps = this.#current?.steps;
    const step = steps?.at(-1);
    if (steps === undefined || step === undefined) return;
    const finished = this.#sent.slice(0, done).filter(({ op }) => CHANGES.has(op)).length;
    steps[steps.length - 1] = { ...step, status, done: finished };
    this.#touched = true;
    this.#append({ t: 'end', status, done: finished });
  }

  /** @param owed what is still to be sent for it */
  commit(outcome?: InputOutcome, owed: readonly Op[] = []): void {
    this.#close('done', { t: 'commit', outcome, owed });
  }

  /** Adds what is done already, or needs not be done now. */
  note(what: string, ops: readonly Op[]): void {
    this.begin({ t: 'other', what });
    this.sending(ops, []);
    this.ended('OK', ops.length);
    this.commit();
  }

  /** @param owed what could not be sent after it yet */
  failed(why: string, owed: readonly Op[]): void {
    this.#close('failed', { t: 'failed', why, owed });
  }

  /** What `_` is now. */
  last(last: LastValue | undefined): void {
    this.#append({ t: 'last', last });
  }

  /** The session ends as it should. */
  close(): void {
    this.#append({ t: 'closed' });
    this.file?.close();
  }

  /** Takes over what a journal's file holds already. */
  adopt(entries: readonly LogEntry[]): void {
    for (const entry of entries) {
      this.#putAway();
      this.#current = entry;
      if (entry.steps.length > 0) this.#lastSteps = entry.steps;
      this.#touched ||= entry.steps.some(({ status }) => status !== undefined);
    }
    if (this.#current?.state !== 'open') this.#putAway();
  }

  #close(state: 'done' | 'failed', record: JournalRecord): void {
    const current = this.#current;
    if (current === undefined) return;
    current.state = state;
    // What sent nothing has nothing to say later, unless the host changed by it.
    if (state === 'failed' && current.steps.length === 0) {
      this.#current = undefined;
      this.#held = [];
      return;
    }
    this.#append(record);
    this.#putAway();
  }

  /** An entry that is over goes to the store. */
  #putAway(): void {
    const current = this.#current;
    this.#current = undefined;
    if (current !== undefined) this.#past.push(this.store.put(serialize(pastEntry(current, this.#past.length))));
  }

  #append(record: JournalRecord): void {
    const records = [...this.#held, record];
    this.#held = [];
    this.file?.append(records);
  }
}

function pastEntry({ begin, steps, state }: LogEntry, index: number): PastEntry {
  return { index, name: nameOf(begin), t: begin.t, steps, state };
}

/** A journal's session: how it began, what was done, and how it ended. */
export interface RecordedSession {
  readonly start: StartRecord;
  readonly entries: readonly LogEntry[];
  /** Of the committed inputs, by their entry. */
  readonly outcomes: ReadonlyMap<LogEntry, InputOutcome>;
  /** Owed to the board by the entry that was under way. */
  readonly owed: readonly Op[];
  readonly last: LastValue | undefined;
  /** It ended by itself. */
  readonly closed: boolean;
}

/** Makes sense of a journal's records; undefined when not even the first is there. */
export function readRecords(records: readonly unknown[]): RecordedSession | undefined {
  const [start, ...rest] = records as readonly JournalRecord[];
  if (start?.t !== 'start') return undefined;
  const entries: LogEntry[] = [];
  const outcomes = new Map<LogEntry, InputOutcome>();
  let owed: readonly Op[] = [];
  let last: LastValue | undefined;
  let closed = false;
  for (const record of rest) {
    const current = entries.at(-1);
    switch (record.t) {
      case 'input':
      case 'undo':
      case 'other':
        entries.push({ begin: record, steps: [], state: 'open' });
        closed = false;
        break;
      case 'send':
        current?.steps.push({ ops: record.ops, status: undefined, done: 0 });
        owed = record.owed;
        break;
      case 'end': {
        const step = current?.steps.pop();
        if (step !== undefined) current?.steps.push({ ...step, status: record.status, done: record.done });
        break;
      }
      case 'commit':
        if (current !== undefined) current.state = 'done';
        owed = record.owed;
        if (current !== undefined && record.outcome !== undefined) outcomes.set(current, record.outcome);
        break;
      case 'failed':
        if (current !== undefined) current.state = 'failed';
        owed = record.owed;
        break;
      case 'last':
        last = record.last;
        break;
      case 'closed':
        closed = true;
        break;
      case 'start':
        break;
    }
  }
  return { start, entries, outcomes, owed, last, closed };
}
