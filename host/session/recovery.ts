// What happens when the board restarts, stops answering, or goes away with its line: wait for the line, see whether
// the board's memory is still ours, and if not, send the session again. Nothing is sent to the board meanwhile but
// what is needed for that; whoever wants to send something waits for `ready`.
//
//   line ended ─▶ open again ─┐                        ┌─ memory ours ──▶ write back what was half done
//   restarted ────────────────┼─▶ hello, sums of code ─┤
//   silent ─▶ (reset) ────────┘                        └─ memory lost ──▶ the log's batches again
//
// Any of these may happen again on the way; then it begins anew, a bounded number of times.

import type { Op } from '../../protocol/batch.js';
import type { Hello } from '../../protocol/hello.js';
import { BarewireError, deviceError } from '../diag/error.js';
import type { LinkSession } from '../link/session.js';
import type { AddrRange } from '../link/types.js';
import { type FaultReport, reportLines } from '../show/fault.js';
import type { DeviceLink } from '../wire/link.js';
import type { ArenaImage } from './arena-image.js';
import { crcOps, differing } from './arena-image.js';
import type { Connection } from './connection.js';
import { changesBoard, type PastEntry, type SessionLog } from './log.js';
import type { LineRate } from './raise-rate.js';
import { replayLog } from './replay.js';
import type { Transactions } from './transaction.js';

/** What set it off. */
export type Trouble =
  | { readonly kind: 'restart' }
  /** A session is taken up again. `over`: it had ended by itself, its objects are destroyed. */
  | { readonly kind: 'resume'; readonly over: boolean }
  | { readonly kind: 'lost'; readonly cause: Error | undefined }
  /** Something was sent and there was no sensible answer. */
  | { readonly kind: 'silent'; readonly error: BarewireError };

/** What a recovery came to. */
export interface Recovered {
  readonly memory: 'kept' | 'sent again' | 'empty';
  readonly inputs: number;
  readonly ms: number;
  /** What is not as it was, one line each. */
  readonly differing: readonly string[];
}

export interface RecoveryParts {
  readonly connection: Connection;
  readonly linker: LinkSession;
  readonly transactions: Transactions;
  readonly log: SessionLog;
  readonly image: ArenaImage;
  readonly rate: LineRate;
  /** The board as it said hello when the session began. */
  readonly hello: Hello;
  /** Looks for what hello does not tell.
   *  @throws SESSION_WRONG_ELF when the board runs other firmware now */
  isSame(link: DeviceLink): Promise<void>;
  /** What a handler did that made the board restart between two runs. */
  fault(): Promise<FaultReport | undefined>;
  /** Says something to the user. */
  notice(text: string): void;
  /** Waiting for the line ends after this time. */
  readonly reconnectMs: number;
}

/** Times that it begins anew. */
const ATTEMPTS = 12;
/** Sums asked for in one batch. */
const SUMS = 100;
/** Destructors' records of a failed input are taken back within this time. */
const OWED_TIMEOUT_MS = 1000;

const NO_ANSWER: ReadonlySet<string> = new Set([
  'WIRE_NO_ANSWER',
  'WIRE_TIMEOUT',
  'WIRE_BREAK_IGNORED',
  'WIRE_STILL_RUNNING',
]);

export class Recovery {
  readonly #parts: RecoveryParts;
  #trouble: Trouble | undefined;
  #running: Promise<Recovered> | undefined;
  #abort = new AbortController();
  #closed = false;

  constructor(parts: RecoveryParts) {
    this.#parts = parts;
  }

  /** Something is wrong: sees to it, now. */
  report(trouble: Trouble): void {
    if (this.#closed) return;
    // What came first explains what follows from it.
    if (this.#running === undefined || this.#trouble === undefined) this.#trouble = trouble;
    if (this.#running === undefined) void this.#start().catch(() => undefined);
  }

  /** Resolves when the board holds what it should: at once unless something went wrong.
   *  @throws what ended the recovery; the next call tries again */
  async ready(): Promise<Recovered | undefined> {
    let recovered: Recovered | undefined;
    while (this.#running !== undefined || this.#trouble !== undefined)
      recovered = await (this.#running ?? this.#start());
    return recovered;
  }

  /** Something is wrong, or being seen to. */
  get troubled(): boolean {
    return this.#running !== undefined || this.#trouble !== undefined;
  }

  /** Gives up waiting for the line.
   *  @returns whether there was anything to give up */
  stop(): boolean {
    if (this.#running === undefined) return false;
    this.#abort.abort();
    return true;
  }

  /** Ends it, for good. */
  close(): void {
    this.#closed = true;
    this.#abort.abort();
  }

  #start(): Promise<Recovered> {
    this.#abort = new AbortController();
    const running = this.#recover(this.#trouble!).then(
      (recovered) => {
        this.#running = undefined;
        // Something more has happened since it was found well.
        if (this.#trouble !== undefined && !this.#closed) void this.#start().catch(() => undefined);
        return recovered;
      },
      (error: unknown) => {
        this.#running = undefined;
        this.#trouble ??= { kind: 'lost', cause: undefined };
        if (!this.#closed) this.#parts.notice((error as Error).message);
        throw error;
      },
    );
    this.#running = running;
    return running;
  }

  async #recover(first: Trouble): Promise<Recovered> {
    const { connection, transactions, log, rate, reconnectMs, notice } = this.#parts;
    const startMs = performance.now();
    const skipped = new Set<number>();
    let together: number | undefined;
    let underWay: readonly PastEntry[] = [];
    let wasReset = false;
    const interrupted = transactions.lost;
    if (first.kind === 'silent') rate.distrust();
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const bootId = connection.link.hello.bootId;
      const trouble = this.#trouble;
      this.#trouble = undefined;
      underWay = [];
      try {
        if (connection.lost !== undefined) {
          if (attempt === 0) notice(lostText(connection, connection.lost.cause));
          await connection.reconnect(this.#abort.signal, reconnectMs);
        }
        const kept = first.kind === 'resume' && first.over ? 'sent again' : await this.#checkMemory();
        let repeated = { inputs: 0, differing: [] as readonly string[] };
        if (kept === 'kept' && interrupted) transactions.unrepeatable();
        if (kept !== 'kept') {
          transactions.startOver();
          connection.muted = true;
          repeated = await replayLog(
            (all, options) => transactions.sparing.execute((...some) => connection.link.execute(...some), all, options),
            log.entries(),
            skipped,
            (entries) => {
              underWay = entries;
            },
            together,
          );
        }
        underWay = [];
        await this.#settle();
        await rate.raise();
        if (this.#trouble !== undefined) continue;
        transactions.found();
        const recovered = { memory: kept, ...repeated, ms: performance.now() - startMs };
        const restarted = first.kind === 'restart' || wasReset || connection.link.hello.bootId !== bootId;
        const report = kept === 'kept' ? await this.#parts.fault().catch(() => undefined) : undefined;
        const lines = report === undefined ? [] : reportLines('a handler', report);
        notice([recoveredText(connection, first, recovered, restarted, wasReset), ...lines].join('\n'));
        return recovered;
      } catch (error) {
        const code = error instanceof BarewireError ? error.code : '';
        this.#trouble ??= trouble;
        if (code === 'WIRE_RESTARTED' || code === 'WIRE_CLOSED') {
          if (underWay.length === 1) skipped.add(underWay[0]!.index);
          else if (underWay.length > 1) together = 1;
          continue;
        }
        if (!NO_ANSWER.has(code) || wasReset) throw error;
        wasReset = true;
        if (!(await connection.hardReset())) throw error;
      } finally {
        connection.muted = false;
      }
    }
    throw deviceError(
      'SESSION_UNSTABLE',
      `${connection.line.what} restarted or went away ${ATTEMPTS} times while the session was put back on it.\nIs its power good, and the cable?`,
      { attempts: ATTEMPTS },
    );
  }

  /** Whether the board's memory is the session's.
   *  @throws SESSION_OTHER_BOARD */
  async #checkMemory(): Promise<Recovered['memory']> {
    const { connection, transactions, image, log } = this.#parts;
    const { link } = connection;
    // Hello is said by the first exchange on a link.
    await link.execute([]);
    this.#sameBoard(link.hello);
    await this.#parts.isSame(link);
    if (!log.touchedBoard) return 'empty';
    const rewrites = transactions.owed.filter(({ op }) => op === 'WRITE' || op === 'FILL');
    if (rewrites.length > 0) await link.execute(rewrites);
    const ranges = this.#witnesses();
    for (let at = 0; at < ranges.length; at += SUMS) {
      const some = ranges.slice(at, at + SUMS);
      const reply = await link.execute(crcOps(some));
      if (differing(image, some, reply.results).length > 0) return 'sent again';
    }
    // Only definitions of plain variables leave nothing to compare; defining them again changes nothing either.
    return ranges.length === 0 ? 'sent again' : 'kept';
  }

  /** What must be on the board as it was sent: code and constants, or else the code that was run last. */
  #witnesses(): AddrRange[] {
    const { linker, log } = this.#parts;
    const constants = linker.constantRanges();
    if (constants.length > 0) return constants;
    const changing = [...linker.variableRanges(), ...(linker.heap === undefined ? [] : [linker.heap])];
    return log.lastSteps
      .flatMap(({ ops, status }) => (status === 'OK' ? ops : []))
      .flatMap((op) => (op.op === 'WRITE' ? [{ addr: op.addr, len: op.data.length }] : []))
      .filter(({ addr, len }) => !changing.some((each) => addr < each.addr + each.len && each.addr < addr + len));
  }

  async #settle(): Promise<void> {
    const { connection, transactions } = this.#parts;
    const owed: readonly Op[] = transactions.owed;
    if (owed.length === 0) return;
    await connection.link.execute(owed, changesBoard(owed) ? { runTimeoutMs: OWED_TIMEOUT_MS } : {});
    transactions.settled();
  }

  #sameBoard(hello: Hello): void {
    const { hello: board } = this.#parts;
    if (hello.buildId === board.buildId && hello.arenaAddr === board.arenaAddr && hello.arenaSize === board.arenaSize) {
      return;
    }
    throw deviceError(
      'SESSION_OTHER_BOARD',
      `the board that answers now runs build ${hello.buildId}, this session is for build ${board.buildId}: their memory differs.
Connect the board of this session again, or start another session.`,
      { expected: board.buildId, found: hello.buildId },
    );
  }
}

function lostText({ line }: Connection, cause: Error | undefined): string {
  const [words = ''] = (cause?.message ?? '').split(/:?\s*\n/);
  const why = words === '' ? '' : ` (${words})`;
  return line.startsBoard
    ? `${line.what} ended${why}: it is started again`
    : `the line to ${line.what} ended${why}: waiting for it, Ctrl-C gives up`;
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(2)} s`;
const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;

/** What is said when it is over. */
function recoveredText(
  { line }: Connection,
  first: Trouble,
  recovered: Recovered,
  restarted: boolean,
  wasReset: boolean,
): string {
  const { memory, inputs, ms, differing: lines } = recovered;
  const happened = wasReset
    ? 'the board no longer answered, not to BREAK or PING either: it was reset'
    : first.kind === 'lost'
      ? `${line.startsBoard ? line.what : 'the line'} is back${restarted && !line.startsBoard ? ', and the board had restarted' : ''}`
      : first.kind === 'resume'
        ? 'the session is taken up again'
        : restarted
          ? 'the board restarted'
          : 'the line was disturbed';
  if (memory === 'empty') return `${happened}; the session had nothing on it`;
  if (memory === 'kept') {
    const rest = restarted ? '; peripherals are as after a reset' : '';
    return `${happened}; the board's memory is as it was: functions and variables are kept${rest}`;
  }
  const lost = first.kind === 'resume' ? "the board's memory is not what it left" : "the board's memory was lost";
  const what = `${happened}; ${lost}: ${plural(inputs, 'input')} repeated, ready after ${seconds(ms)}`;
  return [`${what}; what they read from hardware or a clock may differ`, ...lines.map((line) => `  ${line}`)].join(
    '\n',
  );
}
