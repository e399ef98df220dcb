// The conductor. An input goes through the stations in order, and only when the last of them has succeeded do
// the linker and the declarations move on; a failure anywhere leaves them, and what the board holds, as before.
//
//   split → compose → compile → read object → stage → send and run → commit → show
//
// Bytes that a failed input already sent lie in memory that nothing refers to; instructions it patched are
// written back.

import type { BoardRecord } from '../../boards/board.js';
import type { BatchReply, Op } from '../../protocol/batch.js';
import type { Compiler } from '../compile/compiler.js';
import type { Diagnostic } from '../compile/diagnostics.js';
import { debugScope } from '../diag/debug.js';
import { BarewireError } from '../diag/error.js';
import type { ObjectFile } from '../elf/object-file.js';
import { readObject } from '../elf/read-object.js';
import type { LinkSession, StagedLink } from '../link/link-session.js';
import { describeFault, type FaultReport } from '../show/fault.js';
import { formatSlot } from '../show/slot.js';
import { type DeclarationStore, declarationsOf } from '../unit/declarations.js';
import type { CppParser, SourceUnit } from '../unit/parser.js';
import type { DeviceLink } from '../wire/device-link.js';
import { batchError } from './errors.js';
import { planOps } from './plan-ops.js';

const log = debugScope('session');

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

/** The stations a session conducts; `openSession` makes them. */
export interface Stations {
  readonly board: BoardRecord;
  readonly parser: CppParser;
  readonly compiler: Compiler;
  readonly linker: LinkSession;
  readonly link: DeviceLink;
}

export interface EvaluateOptions {
  /** Name shown in diagnostics; `input_<n>` if absent. */
  readonly fileName?: string;
  /** Stops code that runs longer, in milliseconds. */
  readonly runTimeoutMs?: number;
}

const VALUE_SLOT = '__bw_value';

export class Session {
  readonly board: BoardRecord;
  #stations: Stations;
  #declarations: DeclarationStore;
  #input = 0;
  #running = false;
  readonly #outputListeners: ((bytes: Uint8Array) => void)[] = [];

  constructor(stations: Stations, declarations: DeclarationStore) {
    this.board = stations.board;
    this.#stations = stations;
    this.#declarations = declarations;
    stations.link.onOutput((bytes) => {
      for (const listener of this.#outputListeners) listener(bytes);
    });
    stations.compiler.prepare(declarations.text());
  }

  get link(): DeviceLink {
    return this.#stations.link;
  }

  get linker(): LinkSession {
    return this.#stations.linker;
  }

  get parser(): CppParser {
    return this.#stations.parser;
  }

  /** Compiles, sends and runs one input.
   *  @throws COMPILE_…, LINK_… when the input is at fault, SESSION_FAULT and SESSION_STOPPED when it did not run to
   *  its end, WIRE_… when the board no longer answers; ProgramExit when it called `exit`. The session is then as before. */
  async evaluate(text: string, options: EvaluateOptions = {}): Promise<Evaluation> {
    const input = ++this.#input;
    const name = options.fileName ?? `input ${input}`;
    const timing: Timing = { compileMs: 0, linkMs: 0, boardMs: 0, runMicros: 0, showMs: 0 };
    const { parser, compiler, linker } = this.#stations;
    const unit = parser.split(text);
    if (unit.items.length === 0 && unit.trailing === undefined) return { value: undefined, warnings: [], timing };

    const compiled = await timed(timing, 'compileMs', () =>
      compiler.compileUnit(unit, this.#declarations.text(), input, options.fileName),
    );
    const { object, staged, slot } = await timed(timing, 'linkMs', () => {
      const object = readObject(compiled.object, name);
      const staged = linker.stage(object, { input, keep: isPureExpression(unit) ? 'reachable' : 'all' });
      return { object, staged, slot: valueSlot(object, staged) };
    });
    log?.(`${name}: ${staged.blocks.length} blocks, ${staged.patches.length} patches, ${staged.entries.length} initialisers`);

    const reply = await timed(timing, 'boardMs', () => this.#run(planOps(staged, slot), options.runTimeoutMs));
    for (const result of reply.results) if (result.op === 'RUN') timing.runMicros += result.micros;
    if (reply.status !== 'OK') {
      await this.#takeBack(staged);
      throw batchError(name, reply, (record) => this.#describe(record, staged));
    }

    linker.commit(staged);
    const declared = declarationsOf(unit, this.#typeResolver(object));
    if (declared.length > 0) this.#declarations = this.#declarations.add(declared);
    compiler.prepare(this.#declarations.text());
    const value = await timed(timing, 'showMs', () => this.#show(object, slot, reply));
    return { value, warnings: compiled.warnings, timing };
  }

  /** Calls a function that takes nothing and gives an `int`, such as `main`.
   *  @returns its result and how long it ran, or `undefined` when no such function is defined */
  async call(symbol: string, options: EvaluateOptions = {}): Promise<{ value: number; micros: number } | undefined> {
    const entry = this.#stations.linker.addressOf(symbol);
    if (entry === undefined) return undefined;
    const reply = await this.#run([{ op: 'RUN', entry }], options.runTimeoutMs);
    if (reply.status !== 'OK') throw batchError(`${symbol}()`, reply, (record) => this.#describe(record, undefined));
    const [result] = reply.results;
    return result?.op === 'RUN' ? { value: result.value | 0, micros: result.micros } : undefined;
  }

  /** Adds a listener for what running code prints. */
  onOutput(listener: (bytes: Uint8Array) => void): void {
    this.#outputListeners.push(listener);
  }

  /** Stops the code that runs now; `evaluate` then throws SESSION_STOPPED. Without effect on an idle board. */
  interrupt(): void {
    if (this.#running) this.#stations.link.break();
  }

  async close(): Promise<void> {
    await Promise.all([this.#stations.compiler.close(), this.#stations.link.close()]);
  }

  async #run(ops: readonly Op[], runTimeoutMs: number | undefined): Promise<BatchReply> {
    this.#running = true;
    try {
      return await this.#stations.link.execute(ops, runTimeoutMs === undefined ? {} : { runTimeoutMs });
    } finally {
      this.#running = false;
    }
  }

  /** Writes back the instructions that a failed input had patched. */
  async #takeBack(staged: StagedLink): Promise<void> {
    const ops: Op[] = staged.patches.map(({ addr, previous }) => ({ op: 'WRITE', addr, data: previous }));
    if (ops.length > 0) await this.#stations.link.execute(ops);
  }

  async #show(object: ObjectFile, slot: ValueSlot | undefined, reply: BatchReply): Promise<string | undefined> {
    if (slot === undefined) return undefined;
    const last = reply.results.at(-1);
    const prefetched = last?.op === 'READ' ? last.data : new Uint8Array(0);
    const { link, linker } = this.#stations;
    return formatSlot(object, slot.addr, {
      read: async (addr, len) => {
        const offset = addr - slot.addr;
        if (offset >= 0 && offset + len <= prefetched.length) return prefetched.subarray(offset, offset + len);
        return readMemory(link, addr, len);
      },
      symbolAt: (addr) => linker.symbolAt(addr),
    });
  }
}
