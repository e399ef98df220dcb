// The conductor. An input goes through the stations in order, and only when the last of them has succeeded do
// the linker and the declarations move on; a failure anywhere leaves them, and what the board holds, as before.
//
//   split → compose → compile → read object → stage → send and run → commit → show
//
// Bytes that a failed input already sent lie in memory that nothing refers to; what it overwrote is written back
// (transaction.ts).

import type { BoardRecord } from '../../boards/board.js';
import type { BatchReply, Op } from '../../protocol/batch.js';
import type { Diagnostic } from '../compile/diagnostics.js';
import { debugScope } from '../diag/debug.js';
import { BarewireError } from '../diag/error.js';
import type { ObjectFile } from '../elf/object-file.js';
import { readObject } from '../elf/read-object.js';
import type { LinkSession } from '../link/session.js';
import type { StagedLink } from '../link/types.js';
import type { FaultReport } from '../show/fault.js';
import { formatContent, type MemoryReader, readSlot } from '../show/slot.js';
import type { DeclarationStore } from '../unit/declarations.js';
import type { CppParser } from '../unit/parser.js';
import { scan } from '../unit/scan.js';
import { type VersionedUnit, withoutVersions } from '../unit/versions.js';
import type { DeviceLink } from '../wire/link.js';
import type { Progress } from '../wire/statistics.js';
import { ArenaImage } from './arena-image.js';
import type { UserFirmware } from './attach.js';
import { checkFirmware } from './check-firmware.js';
import { compileMended, type Mended } from './compile-mended.js';
import { ALL_OBJECTS, destroyOps } from './destructors.js';
import { batchError, cancelled, cutShort } from './errors.js';
import { type ReportParts, reportFault, reportKeptFault } from './fault-report.js';
import { oldOnesInUse } from './firmware-pointers.js';
import { planUndo, type TakenBack, takeLast } from './history.js';
import { type HostSnapshot, HostState } from './host-state.js';
import { lastValueOf } from './last-value.js';
import { type HostStep, type InputOutcome, type LogEntry, type RecordedSession, THE_END } from './log.js';
import { readMemory, symbolText } from './lookup.js';
import { inputBegin, type MadeInput } from './made-input.js';
import { otherTypeWarnings } from './other-types.js';
import { Recovery } from './recovery.js';
import { checkSame } from './redo.js';
import { neededRevisions, startRevisions } from './revise.js';
import { SAFE_ON, SafeMode } from './safe-mode.js';
import type { Stations } from './stations.js';
import { FLUSH, formatWarnings } from './stdio.js';
import { timed } from './timed.js';
import { outcomeOf, type RunOutcome, Transactions } from './transaction.js';
import type { ValueSlot } from './value-slot.js';
import { plainDiagnostic, shownValue, withoutVersionsIn } from './versions.js';
import { whyName } from './why.js';

export type { LinkCounters } from '../wire/counters.js';
export type { LinkStatistics, Progress } from '../wire/statistics.js';

const log = debugScope('session');

/** Destructors at the end of a session may take this long. */
const FINISH_TIMEOUT_MS = 2000;

/** Names that types without one were given. */
const UNNAMED = /\b__bw_unnamed_\w+/g;

/** What an input gave. */
export interface Evaluation {
  /** `(int) 42`, when the input ended in an expression that is not void. */
  readonly value: string | undefined;
  readonly warnings: readonly Diagnostic[];
  /** Milliseconds spent at each station, for the benchmarks. */
  readonly timing: Timing;
}

export interface Timing {
  compileMs: number;
  linkMs: number;
  /** Wire and run together, from the first byte sent to the reply. */
  boardMs: number;
  /** Time the user's code ran, as the board measured it, in microseconds. */
  runMicros: number;
  showMs: number;
}

export interface EvaluateOptions {
  /** Name shown in diagnostics; `input_<n>` if absent. */
  readonly fileName?: string;
  /** Stops code that runs longer, in milliseconds. */
  readonly runTimeoutMs?: number;
}

export class Session {
  readonly board: BoardRecord;
  #stations: Stations;
  readonly #known: HostState;
  readonly #transactions: Transactions;
  /** `:safe`, checkpoints, `:diff`. */
  readonly safe: SafeMode<HostSnapshot>;
  readonly #recovery: Recovery;
  readonly #image = new ArenaImage();
  /** Ctrl-Cs for the code that runs now. */
  #interrupts = 0;
  /** Ctrl-C came before the input was sent. */
  #isCancelled = false;
  #progressListener: (progress: Progress) => void = () => {};
  readonly #outputListeners: ((bytes: Uint8Array) => void)[] = [];
  readonly #noticeListeners: ((text: string) => void)[] = [];

  constructor(stations: Stations, declarations: DeclarationStore) {
    this.board = stations.board;
    this.#stations = stations;
    this.#known = new HostState(stations, declarations);
    const { connection, linker, log, guard, interrupts, rate, reconnectMs, user } = stations;
    this.#transactions = new Transactions({
      linker,
      log,
      guard,
      interrupts,
      image: this.#image,
      link: () => connection.link,
      ready: () => this.#recovery.ready(),
      failed: (error) => {
        const silent = error instanceof BarewireError && !/^WIRE_(?:RESTARTED|CLOSED)$/.test(error.code);
        if (silent) this.#recovery.report({ kind: 'silent', error });
      },
    });
    this.#recovery = new Recovery({
      connection,
      linker,
      log,
      rate,
      reconnectMs,
      image: this.#image,
      transactions: this.#transactions,
      hello: connection.link.hello,
      isSame: async (link) => user && checkFirmware(link, user),
      fault: () => reportKeptFault(this.#reportParts((ops) => this.link.execute(ops))),
      notice: (text) => this.#say(text),
    });
    this.safe = new SafeMode<HostSnapshot>({
      board: stations.board,
      linker,
      transactions: this.#transactions,
      guard,
      interrupts,
      linkInterrupts: (input) => this.linker.commit(this.#stageInterrupts(input)),
      trackInit: stations.trackInit,
      newestInput: () => this.#known.input,
      state: () => this.#known.snapshot(),
      restore: (snapshot) => {
        this.#known.restore(snapshot);
        stations.compiler.prepare(snapshot.declarations.text());
      },
      logged: (what, action, host) => this.#entry(what, action, host),
      symbolAt: (addr) => symbolText(linker.symbolAt(addr)),
    });
    connection.listen({
      onOutput: (bytes) => {
        for (const listener of this.#outputListeners) listener(bytes);
      },
      onProgress: (progress) => this.#progressListener(progress),
      onRestart: () => this.#recovery.report({ kind: 'restart' }),
      onLost: (cause) => this.#recovery.report({ kind: 'lost', cause }),
    });
    stations.compiler.prepare(declarations.text());
  }

  get link(): DeviceLink {
    return this.#stations.connection.link;
  }

  /** Bytes that were not sent, because the board held them already. */
  get sparedBytes(): number {
    return this.#transactions.sparing.sparedBytes;
  }

  /** Firmware of the user's own that the session is attached to. */
  get firmware(): UserFirmware | undefined {
    return this.#stations.user;
  }

  get linker(): LinkSession {
    return this.#stations.linker;
  }

  /** What there is to see on a simulated board, after doing `words` to it; see BytePort.panel. */
  panel(words: string): readonly string[] | undefined {
    return this.#stations.connection.panel(words);
  }

  get parser(): CppParser {
    return this.#stations.parser;
  }

  /** Compiles, sends and runs one input.
   *  @throws COMPILE_…, LINK_… when the input is at fault; SESSION_FAULT, SESSION_NO_INTERRUPT and SESSION_STOPPED when it
   *  did not run to its end; WIRE_… when the board no longer answers; ProgramExit when it called `exit`. The session is then as before. */
  async evaluate(text: string, options: EvaluateOptions = {}): Promise<Evaluation> {
    const versioned = this.#known.split(text);
    const { versions } = versioned;
    try {
      const { value, warnings, timing } = await this.#evaluate(text, versioned, options);
      const shown = value === undefined ? undefined : shownValue(value, versions, () => this.#known.typed.list());
      return {
        value: shown?.replace(UNNAMED, '{...}'),
        warnings: warnings.map((each) => plainDiagnostic(each, versions, () => this.#known.typed.list())),
        timing,
      };
    } catch (error) {
      throw withoutVersionsIn(error, versions, () => this.#known.typed.list());
    }
  }

  async #evaluate(text: string, versioned: VersionedUnit, options: EvaluateOptions): Promise<Evaluation> {
    this.#isCancelled = false;
    const known = this.#known;
    const input = ++known.input;
    const name = options.fileName ?? `input ${input}`;
    const timing: Timing = { compileMs: 0, linkMs: 0, boardMs: 0, runMicros: 0, showMs: 0 };
    const { compiler, linker, interrupts, log: sessionLog, firmwareNames } = this.#stations;
    const { unit, versions } = versioned;
    const isEmpty = unit.items.length === 0 && unit.trailing === undefined;
    // What opens a comment and never closes it is empty too; clang says so.
    if (isEmpty && !scan(text).open.has('comment')) return { value: undefined, warnings: [], timing };

    const revisions = startRevisions(compiler, known.records, unit);
    const last = known.lastValueFor(unit);
    const compile = (declarations: DeclarationStore): Promise<Mended> =>
      compileMended(compiler, versioned.unit, declarations, input, options.fileName, last);
    const { compiled, before } = await timed(
      timing,
      'compileMs',
      () => firmwareNames?.compile(text, known.declarations, compile) ?? compile(known.declarations),
    );
    const object = readObject(compiled.object, name);
    const revised = await timed(timing, 'compileMs', () => neededRevisions(linker, revisions, object));
    const made: MadeInput = { input, text, fileName: options.fileName, unit, versions, before, object, revised };
    if (this.connected) await this.#stations.rate.check().catch(() => undefined);
    if (interrupts.isWanted(object)) await this.#bringInterrupts(input);
    const { staged, slot } = await timed(timing, 'linkMs', () => this.#linkExplained(name, made));
    log?.(
      `${name}: ${staged.blocks.length} blocks, ${staged.patches.length} patches, ${staged.entries.length} initialisers`,
    );

    await this.#transactions.copyVariables();
    if (this.#isCancelled) {
      setImmediate(() => compiler.prepare(known.declarations.text()));
      throw cancelled(name);
    }
    this.#interrupts = 0;
    sessionLog.begin(inputBegin(made, compiled.object, known.declarations, linker.oldestUndo));
    let outcome: RunOutcome;
    let report: FaultReport | undefined;
    try {
      outcome = await timed(timing, 'boardMs', () =>
        this.#transactions.run(
          staged,
          slot,
          options.runTimeoutMs,
          async (reply) => {
            report = await this.#report(reply, staged, made);
          },
          interrupts.planFor(staged, object),
        ),
      );
    } catch (error) {
      sessionLog.failed(String((error as { code?: unknown }).code), this.#transactions.owed);
      throw await this.#afterFailure(name, error);
    }
    const { reply } = outcome;
    for (const result of reply.results) if (result.op === 'RUN') timing.runMicros += result.micros;
    if (reply.status !== 'OK') {
      sessionLog.failed(reply.status, []);
      setImmediate(() => void this.#transactions.copyVariables());
      throw batchError(name, reply, report, this.#transactions.safe.on);
    }
    const lasting = known.commit(made, staged, outcome);
    if (staged.overFirmware.length > 0 && firmwareNames !== undefined) {
      const peek = (ops: readonly Op[]): Promise<BatchReply> => this.#transactions.peek(ops);
      const lines = await oldOnesInUse(staged, firmwareNames.index, this.link.hello, peek).catch(() => []);
      for (const line of lines) this.#say(line);
    }
    sessionLog.commit(outcomeOf(outcome, this.#transactions.heapBytes));
    const value = await timed(timing, 'showMs', () => this.#show(object, slot, reply));
    for (const each of lasting) known.putToRest(each);
    this.#transactions.safe.committed();
    // Starting a process takes a few milliseconds; the value is shown first.
    setImmediate(() => compiler.prepare(known.declarations.text()));
    const others = otherTypeWarnings(unit, before, () => known.typed.before(input).list());
    const isNano = this.board.libc === 'newlib' && this.firmware === undefined;
    const said = isNano ? formatWarnings(text, options.fileName ?? `input_${input}`) : [];
    return { value, warnings: [...others, ...said, ...compiled.warnings], timing };
  }

  #linkExplained(name: string, made: MadeInput): { staged: StagedLink; slot: ValueSlot | undefined } {
    try {
      return this.#known.link(name, made);
    } catch (error) {
      throw this.#stations.firmwareNames?.explained(error) ?? error;
    }
  }

  #stageInterrupts(input: number): StagedLink {
    const { linker, interrupts, interruptInit } = this.#stations;
    return linker.stage(interruptInit, { input, keep: 'reachable', companions: interrupts.companions });
  }

  /** The table of handlers comes onto the board, and stays whatever becomes of the input that wants it. */
  async #bringInterrupts(input: number): Promise<void> {
    const bring = async (): Promise<void> => {
      const staged = this.#stageInterrupts(input);
      await this.#transactions.run(staged, undefined, undefined);
      this.linker.commit(staged);
    };
    await this.#entry('handlers of interrupts', bring, { kind: 'interrupts', input });
  }

  /** What to say of an input that the board or the line cut short, once both are well again, or given up. */
  async #afterFailure(name: string, error: unknown): Promise<unknown> {
    if (!(error instanceof BarewireError) || !error.code.startsWith('WIRE_')) return error;
    const recovered = await this.#recovery.ready().then(
      () => true,
      () => false,
    );
    return recovered ? cutShort(name, error) : error;
  }

  /** Takes a recorded session up again: the host's side from the records, without compiling; then the board's, whose
   *  memory is left as it is if it is still that session's.
   *  @returns whether `:safe` was on
   *  @throws SESSION_JOURNAL_DIVERGED when it cannot be rebuilt here; SESSION_OTHER_BOARD; WIRE_… */
  async resume(recorded: RecordedSession): Promise<{ readonly safe: boolean }> {
    const { compiler, log: sessionLog } = this.#stations;
    const entries = recorded.entries.filter(({ begin }) => begin.t !== 'other' || begin.what !== THE_END);
    for (const entry of entries) {
      this.#redo(entry, recorded.outcomes.get(entry));
      for (const { ops, done } of entry.steps) this.#image.apply(ops.slice(0, done));
    }
    this.#known.last = recorded.last;
    sessionLog.adopt(entries);
    compiler.prepare(this.#known.declarations.text());
    const heapBytes = Math.max(0, ...[...recorded.outcomes.values()].map((outcome) => outcome.heapBytes));
    const cut = entries.at(-1)?.state === 'open' ? entries.at(-1)!.begin : undefined;
    this.#transactions.resume(recorded.owed, heapBytes, cut !== undefined);
    if (cut?.t === 'input')
      this.#say(`input ${cut.input} was under way when the session was cut off: it does not count`);
    this.#recovery.report({ kind: 'resume', over: entries.length < recorded.entries.length });
    await this.#recovery.ready();
    if (cut?.t === 'undo') await this.undo(cut.count);
    const modes = entries.flatMap(({ begin }) =>
      begin.t === 'other' && /^safe o/.test(begin.what) ? [begin.what] : [],
    );
    return { safe: modes.at(-1) === SAFE_ON };
  }

  /** What an entry of the log did to the host. */
  #redo({ begin, steps, state }: LogEntry, outcome: InputOutcome | undefined): void {
    const known = this.#known;
    if (begin.t === 'input') known.input = Math.max(known.input, begin.input);
    if (state !== 'done') return;
    if (begin.t === 'other' && begin.host !== undefined) this.safe.redo(begin.host);
    if (begin.t === 'undo') known.takeBack(takeLast(known.history, begin.count));
    if (begin.t !== 'input' || outcome === undefined) return;
    const name = begin.fileName ?? `input ${begin.input}`;
    this.linker.forgetUndo(begin.oldestUndo);
    const made = known.remake(name, begin);
    const { staged } = known.link(name, made);
    checkSame(name, staged, steps);
    for (const each of known.commit(made, staged, outcome)) known.putToRest(each);
  }

  /** Calls a function that takes nothing and gives an `int`, such as `main`.
   *  @returns its result and how long it ran, or `undefined` when no such function is defined */
  async call(symbol: string, options: EvaluateOptions = {}): Promise<{ value: number; micros: number } | undefined> {
    const entry = this.#stations.linker.addressOf(symbol);
    if (entry === undefined) return undefined;
    const flush = this.#stations.linker.addressOf(FLUSH);
    const ops: Op[] = [entry, ...(flush === undefined ? [] : [flush])].map((each) => ({ op: 'RUN', entry: each }));
    const reply = await this.#logged(`a call of ${symbol}()`, ops, options.runTimeoutMs);
    if (reply.status !== 'OK') throw batchError(`${symbol}()`, reply, await this.#report(reply));
    const [result] = reply.results;
    return result?.op === 'RUN' ? { value: result.value | 0, micros: result.micros } : undefined;
  }

  /** Adds a listener for what running code prints. */
  onOutput(listener: (bytes: Uint8Array) => void): void {
    this.#outputListeners.push(listener);
  }

  /** Sets the listener for how far transfers have got. */
  onProgress(listener: (progress: Progress) => void): void {
    this.#progressListener = listener;
  }

  /** What a name is now, for `:why`. */
  why(name: string): string {
    return whyName(this.#known.typed.list(), name);
  }

  /** Names declared so far, and those of the firmware, for completion. */
  names(): string[] {
    const { declarations } = this.#known;
    const declared = declarations.list().flatMap(({ names }) => names);
    const ofFirmware = this.#stations.firmwareNames?.words() ?? [];
    return [...new Set([...declared.map((name) => withoutVersions(name, declarations.versions)), ...ofFirmware])];
  }

  /** Adds a listener for what is to be said beside the answers: that the board restarted, what was restored. */
  onNotice(listener: (text: string) => void): void {
    this.#noticeListeners.push(listener);
  }

  /** File that the session is recorded in; undefined when it is not. */
  get journal(): string | undefined {
    return this.#stations.log.path;
  }

  /** Nothing is known to be wrong with the board and the line to it. */
  get connected(): boolean {
    return !this.#recovery.troubled;
  }

  /** Ctrl-C. Stops the code that runs now, or keeps an input that is still compiled from running: `evaluate` then throws
   *  SESSION_STOPPED. If that has no effect the next one
   *  resets the board, whose memory is then put back. Ends waiting for a line that is gone. Without effect otherwise. */
  interrupt(): void {
    if (this.giveUp()) return;
    if (!this.#transactions.running) {
      this.#isCancelled = true;
      return;
    }
    if (this.#interrupts++ === 0) this.link.break();
    else void this.#restartBoard().catch((error: Error) => this.#say(error.message));
  }

  /** Ends waiting for a line that is gone; the next input tries again.
   *  @returns whether there was any */
  giveUp(): boolean {
    return this.#recovery.stop();
  }

  /** Resets the board and puts the session back on it.
   *  @throws WIRE_RESET_IGNORED when only a hand on the board can do that; what ended the recovery */
  async reset(): Promise<void> {
    await this.#restartBoard();
    await this.#recovery.ready();
  }

  async #restartBoard(): Promise<void> {
    const { connection } = this.#stations;
    if (connection.lost !== undefined) return;
    try {
      await connection.link.reset();
    } catch (error) {
      if (!(error instanceof BarewireError) || error.code !== 'WIRE_RESET_IGNORED') throw error;
      if (!(await connection.hardReset())) throw error;
      this.#recovery.report({ kind: 'restart' });
    }
  }

  #say(text: string): void {
    for (const listener of this.#noticeListeners) listener(text);
  }

  /** Takes back the last inputs: their names, code and memory. Objects they made are destroyed; functions and
   *  variables they replaced are there again.
   *  @returns what was taken back, the last input first
   *  @throws SESSION_NOTHING_TO_UNDO; SESSION_FAULT when a destructor faulted (the inputs are taken back all the same) */
  async undo(count = 1): Promise<TakenBack[]> {
    const { linker, compiler, interrupts, log: sessionLog } = this.#stations;
    const last = takeLast(this.#known.history, count);
    const { undone } = last;
    const plan = planUndo(linker, undone, linker.addressOf(FLUSH));
    await this.#transactions.copyVariables();
    sessionLog.begin({ t: 'undo', fromInput: undone.at(-1)!.input, count });
    let reply: BatchReply | undefined;
    let table: BatchReply | undefined;
    try {
      if (plan.destroy.length > 0) reply = await this.#transactions.execute(plan.destroy);
      if (interrupts.place !== undefined) table = await this.#transactions.send(interrupts.readOps());
    } catch (error) {
      sessionLog.failed(String((error as { code?: unknown }).code), this.#transactions.owed);
      throw await this.#afterFailure('taking back inputs', error);
    }
    this.#known.takeBack(last);
    const restore = [...plan.restore, ...interrupts.dangling(table, plan.restore)];
    sessionLog.commit(undefined, restore);
    compiler.prepare(this.#known.declarations.text());
    await this.#transactions.owe(restore);
    if (reply !== undefined && reply.status !== 'OK') {
      throw batchError('a destructor', reply, await this.#report(reply));
    }
    return undone.map(({ input, text }) => ({ input, text }));
  }

  /** Has the MPU, where there is one, refuse writes to code from the first input on. */
  async protect(): Promise<void> {
    await this.#entry('write protection of code', () => this.#transactions.protect());
  }

  /** Does something with an entry of its own in the log. */
  async #entry<T>(what: string, action: () => Promise<T>, host?: HostStep): Promise<T> {
    const { log: sessionLog } = this.#stations;
    await this.#transactions.copyVariables();
    this.#interrupts = 0;
    sessionLog.begin({ t: 'other', what, ...(host === undefined ? {} : { host }) });
    try {
      const result = await action();
      sessionLog.commit();
      return result;
    } catch (error) {
      sessionLog.failed(String((error as { code?: unknown }).code), this.#transactions.owed);
      throw await this.#afterFailure(what, error);
    }
  }

  /** Sends what is no input, with an entry of its own in the log. */
  async #logged(what: string, ops: readonly Op[], runTimeoutMs: number | undefined): Promise<BatchReply> {
    const { log: sessionLog } = this.#stations;
    await this.#transactions.copyVariables();
    this.#interrupts = 0;
    sessionLog.begin({ t: 'other', what });
    try {
      const reply = await this.#transactions.execute(ops, runTimeoutMs);
      if (reply.status === 'OK') sessionLog.commit();
      else sessionLog.failed(reply.status, []);
      return reply;
    } catch (error) {
      sessionLog.failed(String((error as { code?: unknown }).code), this.#transactions.owed);
      throw await this.#afterFailure(what, error);
    }
  }

  /** Destroys all objects of the session, the last one first, each only once. `close` does it too. */
  async finish(runTimeoutMs = FINISH_TIMEOUT_MS): Promise<void> {
    const addressOf = (symbol: string): number | undefined => this.#stations.linker.addressOf(symbol);
    const ops = destroyOps(addressOf, ALL_OBJECTS);
    const flush = addressOf(FLUSH);
    if (ops.length === 0 || this.#transactions.lost || this.#recovery.troubled) return;
    if (flush !== undefined) ops.push({ op: 'RUN', entry: flush });
    const reply = await this.#logged(THE_END, ops, runTimeoutMs);
    if (reply.status !== 'OK') throw batchError('a destructor', reply, await this.#report(reply));
  }

  async close(): Promise<void> {
    await this.finish().catch((error: unknown) => log?.(`destructors at the end: ${String(error)}`));
    if (!this.#transactions.lost && this.connected) await this.#stations.rate.lower().catch(() => undefined);
    this.#recovery.close();
    this.#stations.log.close();
    await Promise.all([this.#stations.compiler.close(), this.#stations.connection.close()]);
    this.#stations.store.close();
  }

  /** @returns undefined when the batch ended otherwise */
  async #report(
    { failure: { record } }: BatchReply,
    staged?: StagedLink,
    made?: MadeInput,
  ): Promise<FaultReport | undefined> {
    if (record === undefined) return undefined;
    const parts = this.#reportParts((ops) => this.#transactions.peek(ops));
    return reportFault(record, parts, staged, made);
  }

  #reportParts(execute: (ops: readonly Op[]) => Promise<BatchReply>): ReportParts {
    const { board, linker, guard, user } = this.#stations;
    const read = async (addr: number, len: number): Promise<Uint8Array> => {
      const [result] = (await execute([{ op: 'READ', addr, len }])).results;
      if (result?.op !== 'READ') throw new Error('not read');
      return result.data;
    };
    return {
      board,
      linker,
      guard,
      attached: user !== undefined,
      image: this.#image,
      hello: this.link.hello,
      typed: this.#known.typed,
      read,
    };
  }

  async #show(object: ObjectFile, slot: ValueSlot | undefined, reply: BatchReply): Promise<string | undefined> {
    if (slot === undefined) return undefined;
    const last = reply.results.at(-1);
    const prefetched = last?.op === 'READ' ? last.data : new Uint8Array(0);
    const { linker } = this.#stations;
    const memory: MemoryReader = {
      read: async (addr: number, len: number) => {
        const offset = addr - slot.addr;
        if (offset >= 0 && offset + len <= prefetched.length) return prefetched.subarray(offset, offset + len);
        return readMemory(this.link, addr, len);
      },
      symbolAt: (addr: number) => symbolText(linker.symbolAt(addr)),
    };
    const ownerOf = (addr: number): ObjectFile | undefined => linker.sectionAt(addr)?.object;
    const content = await readSlot(object, slot.addr, memory, ownerOf);
    if (content === undefined) return undefined;
    this.#known.last = lastValueOf(content);
    this.#stations.log.last(this.#known.last);
    const text = await formatContent(content, memory);
    if (content.dropAddr !== undefined) await this.#drop(content.dropAddr);
    return text;
  }

  /** Ends a value that was shown: its destructor runs.
   *  @throws SESSION_FAULT, … */
  async #drop(entry: number): Promise<void> {
    const flush = this.#stations.linker.addressOf(FLUSH);
    const ops: Op[] = [entry, ...(flush === undefined ? [] : [flush])].map((each) => ({ op: 'RUN', entry: each }));
    const reply = await this.#logged('the end of a value', ops, FINISH_TIMEOUT_MS);
    if (reply.status !== 'OK') throw batchError('a destructor', reply, await this.#report(reply));
  }
}
