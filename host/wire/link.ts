// The link to a board: the shell around the machine. It owns the port and the one timer, turns bytes into
// frames and back, and promises into jobs.
//
//   execute ─▶ step ─▶ effects: send ─▶ encodeFrame ─▶ port          nothing polls: without work there is
//   port ─▶ framer ─▶ decodeFrame ─▶ step ─▶ settled, output, …      no timer and nothing is sent

import type { BatchReply, Op } from '../../protocol/batch.js';
import type { BytePort } from '../../protocol/byte-port.js';
import { cobsMaxEncoded } from '../../protocol/cobs.js';
import { decodeFrame, encodeFrame, type FrameFault } from '../../protocol/frame.js';
import type { Hello } from '../../protocol/hello.js';
import { LIMITS } from '../../protocol/messages.js';
import { debugScope } from '../diag/debug.js';
import { concatBytes } from './bytes.js';
import { type Clock, patientClock } from './clock.js';
import { type CounterName, type LinkCounters, zeroCounters } from './counters.js';
import { type BoardState, closed, resetIgnored } from './errors.js';
import { createFramer, type Framer } from './framer.js';
import { step } from './machine.js';
import {
  DEFAULT_CONFIG,
  initialLink,
  type LinkConfig,
  type LinkEffect,
  type LinkInput,
  type LinkState,
  nextDeadline,
} from './machine-state.js';
import { dataBytes } from './plan.js';
import { RatedWriter } from './rated-writer.js';
import { type LinkStatistics, type Progress, Statistics } from './statistics.js';
import type { TraceSink } from './trace.js';

export interface ConnectOptions extends Partial<Omit<LinkConfig, 'port'>> {
  readonly clock?: Clock;
  readonly trace?: TraceSink;
  /** Seq of the first HELLO, 1–255; random unless given, so that answers to an earlier session do not fit. */
  readonly firstSeq?: number;
}

export interface ExecuteOptions {
  /** Code that runs longer is stopped with BREAK; without it it may run for ever. */
  readonly runTimeoutMs?: number;
  /** The code that the list runs sets this rate at the board, waits to be stopped, and else sets the old one again. Our end
   *  follows, and stops it once it is heard there. `baud` of the link then tells which rate it came to. */
  readonly trialBaud?: number;
}

/** A board that hears RESET says HELLO_REPLY within tens of milliseconds. */
const RESET_TIMEOUT_MS = 1000;
/** STATE comes as quickly as the line lets it. */
const STATE_TIMEOUT_MS = 300;
const STATE_TRIES = 3;

interface Pending {
  readonly totalBytes: number;
  readonly startMs: number;
  /** Written or read so far. */
  doneBytes: number;
  readonly resolve: (reply: BatchReply) => void;
  readonly reject: (error: Error) => void;
}

const COUNTER_OF_FAULT: Record<FrameFault, CounterName> = {
  cobs: 'badLength',
  length: 'badLength',
  crc: 'badCrc',
  kind: 'badKind',
};

/** A board that has said hello. Made by `connect`, ended by `close` or by the end of the port. */
export class DeviceLink {
  readonly counters: LinkCounters;

  private state: LinkState;
  private readonly counts = zeroCounters();
  private readonly framer: Framer;
  private readonly writer: RatedWriter;
  private readonly clock: Clock;
  private readonly startMs: number;
  private readonly pending = new Map<number, Pending>();
  private readonly debug = debugScope('wire');
  private readonly inputs: LinkInput[] = [];
  private stepping = false;
  private cancelTimer: (() => void) | undefined;
  private armedFor: number | undefined;
  private nextId = 1;
  private readonly measured = new Statistics();
  private progressListener: (progress: Progress) => void = () => {};
  private stateListener: (state: BoardState) => void = () => {};
  private outputListener: (bytes: Uint8Array) => void = () => {};
  private restartListener: (hello: Hello) => void = () => {};
  private readonly resetWaiters = new Set<{
    readonly resolve: (hello: Hello) => void;
    readonly closed: (cause: Error | undefined) => void;
  }>();
  private closeListener: ((cause?: Error) => void) | undefined;
  private closedBy: { cause: Error | undefined } | undefined;

  private constructor(
    private readonly port: BytePort,
    private readonly options: ConnectOptions,
    private readonly greeted: { resolve: () => void; reject: (error: Error) => void },
  ) {
    this.counters = this.counts;
    this.clock = options.clock ?? patientClock;
    this.startMs = this.clock.now();
    const { clock: _clock, trace: _trace, firstSeq, ...config } = options;
    const seq = firstSeq ?? 1 + Math.floor(Math.random() * 255);
    const { baud = DEFAULT_CONFIG.baud } = port;
    const paced = port.baud !== undefined;
    const fixed = port.setBaud === undefined ? { otherBauds: [] } : {};
    this.state = initialLink({ ...DEFAULT_CONFIG, baud, paced, ...config, ...fixed, port: port.name }, seq);
    this.framer = createFramer(cobsMaxEncoded(LIMITS.maxFrame), {
      onFrame: (encoded) => this.onEncoded(encoded),
      onTooLong: () => this.onBadFrame('length'),
    });
    this.writer = new RatedWriter(
      port,
      (baud) => this.dispatch({ type: 'baud', baud, nowMs: this.clock.now() }),
      this.clock,
    );
    port.onData((bytes) => this.onBytes(bytes));
    port.onClose((cause) => this.onPortClosed(cause));
  }

  /** Shakes hands with the board behind `port`. On failure the port is closed.
   *  @throws WIRE_NO_ANSWER, WIRE_TABLE_MISMATCH, WIRE_BAD_HELLO, WIRE_STILL_RUNNING, WIRE_CLOSED */
  static async connect(port: BytePort, options: ConnectOptions = {}): Promise<DeviceLink> {
    let link: DeviceLink | undefined;
    try {
      await new Promise<void>((resolve, reject) => {
        link = new DeviceLink(port, options, { resolve, reject });
        link.dispatch({ type: 'start', nowMs: link.clock.now() });
      });
    } catch (error) {
      await link?.close();
      throw error;
    }
    return link!;
  }

  /** What the board said of itself last. */
  get hello(): Hello {
    return this.state.hello!;
  }

  /** Does `ops` in order until one fails; lists of any length, and calls while another is under way, queue up.
   *  Addresses are absolute; how the board ended the batch is returned, not thrown.
   *  @throws WIRE_TIMEOUT, WIRE_UNRELIABLE, WIRE_OUT_OF_STEP, WIRE_REPLY_LOST, WIRE_MALFORMED_REPLY, WIRE_RESTARTED,
   *  WIRE_BREAK_IGNORED, WIRE_CLOSED when the link fails; the next call then begins with a new handshake */
  execute(ops: readonly Op[], { runTimeoutMs, trialBaud }: ExecuteOptions = {}): Promise<BatchReply> {
    const id = this.nextId++;
    return new Promise((resolve, reject) => {
      const startMs = this.clock.now();
      this.pending.set(id, { resolve, reject, totalBytes: dataBytes(ops), startMs, doneBytes: 0 });
      this.dispatch({ type: 'execute', id, ops, runTimeoutMs, trialBaud, nowMs: this.clock.now() });
    });
  }

  /** Stops the code that runs: the pending `execute` then resolves with BROKEN. Without a run it does nothing. */
  break(): void {
    this.dispatch({ type: 'break', nowMs: this.clock.now() });
  }

  /** Restarts the board by RESET, which it hears while code runs too. Resolves when it has said that it restarted; what
   *  is pending is then rejected with WIRE_RESTARTED.
   *  @throws WIRE_RESET_IGNORED, WIRE_CLOSED */
  reset(timeoutMs = RESET_TIMEOUT_MS): Promise<Hello> {
    const { name } = this.port;
    return new Promise((resolve, reject) => {
      if (this.closedBy !== undefined) {
        reject(closed(name, 'a reset', this.closedBy.cause));
        return;
      }
      const waiter = {
        resolve: (hello: Hello) => finish(() => resolve(hello)),
        closed: (cause: Error | undefined) => finish(() => reject(closed(name, 'a reset', cause))),
      };
      const cancel = [1, 2].map((half) =>
        this.clock.after((half * timeoutMs) / 2, () => {
          if (half === 1) this.dispatch({ type: 'reset', again: true, nowMs: this.clock.now() });
          else finish(() => reject(resetIgnored(name, timeoutMs)));
        }),
      );
      const finish = (end: () => void): void => {
        for (const each of cancel) each();
        this.resetWaiters.delete(waiter);
        end();
      };
      this.resetWaiters.add(waiter);
      this.dispatch({ type: 'reset', again: false, nowMs: this.clock.now() });
    });
  }

  /** Asks the board how it is, and how many frames it had to drop: STATE. A question that gets lost is repeated.
   *  @returns undefined when there is no answer */
  async askBoard(timeoutMs = STATE_TIMEOUT_MS): Promise<BoardState | undefined> {
    for (let asked = 0; asked < STATE_TRIES && this.closedBy === undefined; asked++) {
      const state = await new Promise<BoardState | undefined>((resolve) => {
        const cancel = this.clock.after(timeoutMs, () => resolve(undefined));
        this.stateListener = (board) => {
          cancel();
          resolve(board);
        };
        this.dispatch({ type: 'ask', nowMs: this.clock.now() });
      });
      if (state !== undefined) return state;
    }
    return undefined;
  }

  /** Sets the listener for what running code prints. */
  onOutput(listener: (bytes: Uint8Array) => void): void {
    this.outputListener = listener;
  }

  /** Sets the listener for how far `execute` has got; called for each part that is over there, the last included. */
  onProgress(listener: (progress: Progress) => void): void {
    this.progressListener = listener;
  }

  /** Rate of the line, in bits a second; undefined where none sets the pace. */
  get baud(): number | undefined {
    return this.port.baud;
  }

  /** Whether that can be another. */
  get canSetBaud(): boolean {
    return this.port.setBaud !== undefined;
  }

  /** Round trips and rates so far. */
  get statistics(): LinkStatistics {
    return this.measured.read(this.port.baud);
  }

  /** Sets the listener for restarts of the board; whether its RAM outlived it is for others to find out. */
  onRestart(listener: (hello: Hello) => void): void {
    this.restartListener = listener;
  }

  /** Sets the listener for the end of the link; `cause` is absent after `close()`. */
  onClose(listener: (cause?: Error) => void): void {
    this.closeListener = listener;
    if (this.closedBy !== undefined) listener(this.closedBy.cause);
  }

  /** Ends the link and the port; what is pending is rejected with WIRE_CLOSED. */
  async close(): Promise<void> {
    this.onPortClosed(undefined);
    await this.port.close();
  }

  private onBytes(bytes: Uint8Array): void {
    this.options.trace?.record({ ms: this.clock.now() - this.startMs, to: 'host', bytes });
    this.framer.push(bytes);
  }

  private onEncoded(encoded: Uint8Array): void {
    const result = decodeFrame(encoded);
    if (!result.ok) {
      this.onBadFrame(result.reason);
      return;
    }
    this.debug?.(`← ${result.frame.kind} ${result.frame.seq} ${result.frame.body.length}`);
    this.dispatch({ type: 'frame', frame: result.frame, nowMs: this.clock.now() });
  }

  private onBadFrame(reason: FrameFault): void {
    this.counts[COUNTER_OF_FAULT[reason]]++;
    this.debug?.(`← dropped: ${reason}`);
    this.dispatch({ type: 'badFrame', nowMs: this.clock.now() });
  }

  private onPortClosed(cause: Error | undefined): void {
    if (this.closedBy !== undefined) return;
    this.closedBy = { cause };
    this.dispatch({ type: 'closed', cause, nowMs: this.clock.now() });
    this.framer.close();
    for (const waiter of [...this.resetWaiters]) waiter.closed(cause);
    this.closeListener?.(cause);
  }

  /** Gives the machine an input. Inputs that effects bring about wait their turn. */
  private dispatch(input: LinkInput): void {
    this.inputs.push(input);
    if (this.stepping) return;
    this.stepping = true;
    try {
      for (let next = this.inputs.shift(); next !== undefined; next = this.inputs.shift()) {
        const { state, effects } = step(this.state, next);
        this.state = state;
        this.perform(effects);
      }
    } finally {
      this.stepping = false;
    }
    this.armTimer();
  }

  private perform(effects: readonly LinkEffect[]): void {
    let out: Uint8Array[] = [];
    const flush = (): void => {
      if (out.length > 0 && this.closedBy === undefined) this.write(concatBytes(out));
      out = [];
    };
    for (const effect of effects) {
      if (effect.type === 'baud' && this.port.setBaud !== undefined) {
        flush();
        this.writer.setBaud(effect.baud);
      }
      if (effect.type === 'send') {
        if (effect.fresh) out.push(Uint8Array.of(0));
        out.push(encodeFrame(effect.frame));
        this.counts.sent++;
        this.debug?.(`→ ${effect.frame.kind} ${effect.frame.seq} ${effect.frame.body.length}`);
      }
    }
    flush();
    for (const effect of effects) this.report(effect);
  }

  private report(effect: LinkEffect): void {
    switch (effect.type) {
      case 'send':
      case 'baud':
        return;
      case 'count':
        this.counts[effect.name] += effect.by;
        return;
      case 'connected':
        this.greeted.resolve();
        return;
      case 'refused':
        this.greeted.reject(effect.error);
        return;
      case 'settled':
        this.pending.get(effect.id)?.resolve(effect.reply);
        this.pending.delete(effect.id);
        return;
      case 'failed':
        this.pending.get(effect.id)?.reject(effect.error);
        this.pending.delete(effect.id);
        return;
      case 'roundTrip':
        this.measured.addRoundTrip(effect.ms);
        return;
      case 'progress':
        this.onJobProgress(effect.id, effect.bytes, effect.ran);
        return;
      case 'boardState':
        this.stateListener(effect.state);
        return;
      case 'output':
        this.outputListener(effect.bytes);
        return;
      case 'restart':
        for (const waiter of [...this.resetWaiters]) waiter.resolve(effect.hello);
        this.restartListener(effect.hello);
        return;
    }
  }

  private onJobProgress(id: number, bytes: number, ran: boolean): void {
    const job = this.pending.get(id);
    if (job === undefined || bytes === 0) return;
    job.doneBytes += bytes;
    const { doneBytes, totalBytes, startMs } = job;
    const progress = { doneBytes, totalBytes, elapsedMs: this.clock.now() - startMs };
    if (!ran) this.measured.addTransfer(progress);
    this.progressListener(progress);
  }

  private write(bytes: Uint8Array): void {
    this.options.trace?.record({ ms: this.clock.now() - this.startMs, to: 'board', bytes });
    this.writer.write(bytes);
  }

  private armTimer(): void {
    const deadlineMs = nextDeadline(this.state);
    if (deadlineMs === this.armedFor) return;
    this.cancelTimer?.();
    this.cancelTimer = undefined;
    this.armedFor = deadlineMs;
    if (deadlineMs === undefined) return;
    this.cancelTimer = this.clock.after(Math.max(0, deadlineMs - this.clock.now()), () => {
      this.cancelTimer = undefined;
      this.armedFor = undefined;
      this.dispatch({ type: 'timer', nowMs: this.clock.now() });
    });
  }
}
