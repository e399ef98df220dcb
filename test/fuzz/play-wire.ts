// The link against the natively compiled core over a bad line: work whose every effect is known, and a count of what
// came out otherwise. A job that fails with an error may have been done or not; one that succeeds must be right.
//
//   executions   each RUN extends a chain that RUN returns: one too many, too few or out of order changes it
//   values       memory is compared with a model by READ, CRC and CHECK
//   output       every line that a run prints, whole and in order, before its result

import { DeviceLink } from '../../host/wire/link.js';
import { type LineModel, modelLine, PERFECT_LINE } from '../../host/wire/model-line.js';
import { seededRandom } from '../../host/wire/random.js';
import type { BatchReply, Op } from '../../protocol/batch.js';
import { crc32 } from '../../protocol/crc32.js';
import {
  NATIVE_ARENA,
  NativeBoard,
  type NativeProgram,
  type NativeRun,
  nativeChain,
  nativeEntry,
  nativeOutput,
} from '../stub/native-board.js';
import { FakeClock } from '../support/fake-clock.js';

export interface WireScore {
  /** Frames that entered the line, both ways. */
  frames: number;
  jobs: number;
  /** Of them: ended with an error that says what was waited for. */
  failed: number;
  wrongExecutions: number;
  wrongValues: number;
  wrongOutputs: number;
  outputLost: number;
  resent: number;
  restarts: number;
  /** What went wrong first, with what it takes to see it again. */
  readonly notes: string[];
}

export function zeroScore(): WireScore {
  const zero = { frames: 0, jobs: 0, failed: 0, wrongExecutions: 0, wrongValues: 0, wrongOutputs: 0 };
  return { ...zero, outputLost: 0, resent: 0, restarts: 0, notes: [] };
}

/** A line for a session, worse or better by chance. */
export function randomLine(seed: number, random: () => number): LineModel {
  const pick = <T>(...values: T[]) => values[Math.floor(random() * values.length)]!;
  const some = (chance: number, most: number) => (random() < chance ? random() * most : 0);
  return {
    ...PERFECT_LINE,
    seed,
    baud: pick(115_200, 921_600),
    toHostMs: pick(0, 1, 4, 16),
    toBoardMs: pick(0, 0, 1, 16),
    jitterMs: some(0.3, 5),
    ber: 10 ** -(3 + 3 * random()),
    loss: some(0.5, 0.02),
    repeat: some(0.3, 0.02),
    reorder: some(0.2, 0.01),
    drop: some(0.3, 1e-4),
    insert: some(0.3, 1e-4),
  };
}

const JOBS = 60;
const BOUND_MS = 3_600_000;
const USED_BYTES = 16_384;
const REPEATABLE: readonly NativeRun[] = ['return', 'print', 'wait', 'printSlowly', 'fault', 'exit', 'forever'];

/** Plays one session and adds to `score`. */
export async function playWire(program: NativeProgram, seed: number, score: WireScore): Promise<void> {
  const random = seededRandom(seed);
  const below = (limit: number) => Math.floor(random() * limit);
  const line = randomLine(seed, random);
  const clock = new FakeClock();
  const board = new NativeBoard(program, clock);
  const port = modelLine(board.port, line, clock);
  const note = (text: string) => {
    if (score.notes.length < 20) score.notes.push(`seed ${seed}: ${text}`);
  };
  let link: DeviceLink | undefined;
  try {
    const options = { clock, baud: line.baud, firstSeq: 1 + below(255), helloTimeoutMs: 20_000 };
    link = await clock.run(DeviceLink.connect(port, options), BOUND_MS);
    await playJobs(link);
  } catch (error) {
    if (link !== undefined || !isWireError(error)) throw error;
    score.jobs++;
    score.failed++;
    note(`${line.ber.toExponential(1)} ${(error as Error).message}`);
  } finally {
    score.frames += port.toBoard.frames + port.toHost.frames;
    score.resent += link?.counters.resent ?? 0;
    board.end();
  }

  async function playJobs(to: DeviceLink): Promise<void> {
    const memory = new Uint8Array(USED_BYTES);
    let chain = 0;
    let printed = '';
    to.onOutput((bytes) => {
      printed += new TextDecoder().decode(bytes);
    });
    let resets = 0;
    let lost = 0;
    /** Output that a reset takes with it is nobody's fault. */
    const noteLost = (): void => {
      if (resets === 0) score.outputLost += to.counters.outputLost - lost;
      lost = to.counters.outputLost;
    };
    for (let at = 0; at < JOBS; at++) {
      const shadow = memory.slice();
      const job = randomJob(shadow, chain, below, random);
      const cancelBreak = job.forever ? clock.after(5 + below(400), () => to.break()) : () => {};
      if (random() < 0.02) port.write(Uint8Array.from({ length: below(300) }, () => below(256)));
      const reset = () => {
        resets++;
        board.reset();
      };
      const cancelReset = random() < 0.005 ? clock.after(below(40), reset) : () => {};
      score.jobs++;
      printed = '';
      let reply: BatchReply;
      try {
        reply = await clock.run(to.execute(job.ops), BOUND_MS);
      } catch (error) {
        if (!isWireError(error)) throw error;
        score.failed++;
        noteLost();
        if (resets === 0) note(`${line.ber.toExponential(1)} job ${at}: ${(error as Error).message}`);
        await startOver();
        continue;
      } finally {
        cancelBreak();
        cancelReset();
      }
      noteLost();
      if (resets > 0) {
        await startOver();
        continue;
      }
      const expected = job.expected(reply);
      if (!expected.executions) {
        score.wrongExecutions++;
        note(`job ${at} executions: ${JSON.stringify(reply.results)}`);
      }
      if (!expected.values) {
        score.wrongValues++;
        note(`job ${at} values: ${reply.status} ${reply.done} of ${job.ops.map(({ op }) => op).join(' ')}`);
      }
      if (!sameOutput(printed, job.output, job.forever)) {
        score.wrongOutputs++;
        note(
          `job ${at} output: ${JSON.stringify(printed.slice(0, 200))} for ${JSON.stringify(job.output.slice(0, 200))}`,
        );
      }
      memory.set(shadow);
      chain = job.forever ? await chainAfterBreak(chain, job.chain) : job.chain;
    }

    /** BREAK may have been quicker than the run: whether it began, the next one shows. */
    async function chainAfterBreak(without: number, withIt: number): Promise<number> {
      const { n, entry } = nativeEntry('return', 0);
      try {
        const [result] = (await clock.run(to.execute([{ op: 'RUN', entry }]), BOUND_MS)).results;
        const value = result?.op === 'RUN' ? result.value : undefined;
        for (const chain of [without, withIt]) if (value === nativeChain(chain, n)) return value;
        score.wrongExecutions++;
        note(`after BREAK: ${JSON.stringify(result)}`);
        return value ?? 0;
      } catch (error) {
        if (!isWireError(error)) throw error;
        score.failed++;
        await startOver();
        return 0;
      }
    }

    /** A known state again: a board just reset. */
    async function startOver(): Promise<void> {
      score.restarts++;
      resets++;
      board.reset();
      for (let tries = 0; tries < 20; tries++) {
        try {
          await clock.run(to.execute([]), BOUND_MS);
          await clock.pass(3000);
          noteLost();
          resets = 0;
          memory.fill(0);
          chain = 0;
          return;
        } catch (error) {
          if (!isWireError(error)) throw error;
        }
      }
      throw new Error(`seed ${seed}: no way back to the board in 20 tries`);
    }
  }
}

const isWireError = (error: unknown) => String((error as { code?: unknown }).code).startsWith('WIRE_');

/** BREAK may cut what a run prints. */
function sameOutput(printed: string, expected: string, mayBeCut: boolean): boolean {
  return mayBeCut ? expected.startsWith(printed) : printed === expected;
}

interface Job {
  readonly ops: readonly Op[];
  readonly chain: number;
  readonly output: string;
  readonly forever: boolean;
  expected(reply: BatchReply): { executions: boolean; values: boolean };
}

/** Work and what it must give; `memory` becomes what it is afterwards. */
function randomJob(
  memory: Uint8Array,
  chainBefore: number,
  below: (limit: number) => number,
  random: () => number,
): Job {
  const { addr } = NATIVE_ARENA;
  const ops: Op[] = [];
  const wanted: unknown[] = [];
  let chain = chainBefore;
  let output = '';
  let status = 'OK';
  const range = (most: number) => {
    const from = below(USED_BYTES - 1);
    return { from, len: Math.min(below(random() < 0.1 ? 8 * most : most), USED_BYTES - from) };
  };
  for (let left = 1 + below(5); left > 0 && status === 'OK'; left--) {
    const { from, len } = range(400);
    const bytes = () => memory.subarray(from, from + len);
    switch (below(7)) {
      case 0: {
        const data = Uint8Array.from({ length: len }, () => below(256));
        ops.push({ op: 'WRITE', addr: addr + from, data });
        memory.set(data, from);
        wanted.push({ op: 'WRITE' });
        break;
      }
      case 1: {
        const value = below(256);
        ops.push({ op: 'FILL', addr: addr + from, len, value });
        bytes().fill(value);
        wanted.push({ op: 'FILL' });
        break;
      }
      case 2:
        ops.push({ op: 'READ', addr: addr + from, len });
        wanted.push({ op: 'READ', data: [...bytes()] });
        break;
      case 3:
        ops.push({ op: 'CRC', addr: addr + from, len });
        wanted.push({ op: 'CRC', crc: crc32(bytes()) });
        break;
      case 4: {
        const right = random() < 0.8;
        ops.push({ op: 'CHECK', addr: addr + from, len, crc: right ? crc32(bytes()) : (crc32(bytes()) ^ 1) >>> 0 });
        if (right) wanted.push({ op: 'CHECK' });
        else status = 'MISMATCH';
        break;
      }
      default: {
        const drawn = REPEATABLE[below(10)] ?? 'return';
        // Alone, because BREAK stops whatever of a job runs just then.
        const kind = drawn === 'forever' && ops.length > 0 ? 'return' : drawn;
        const { n, entry } = nativeEntry(kind, below(kind === 'return' ? 1000 : 60));
        ops.push({ op: 'RUN', entry });
        chain = nativeChain(chain, n);
        output += nativeOutput(n);
        if (kind === 'fault') status = 'FAULT';
        else if (kind === 'exit') status = 'EXITED';
        else if (kind === 'forever') status = 'BROKEN';
        else wanted.push({ op: 'RUN', value: chain });
      }
    }
  }
  return {
    ops,
    chain,
    output,
    forever: status === 'BROKEN',
    expected(reply) {
      const plain = reply.results.map((result) => {
        if (result.op === 'READ') return { op: 'READ', data: [...result.data] };
        return result.op === 'RUN' ? { op: 'RUN', value: result.value } : result;
      });
      const pairs = wanted.map((want, at) => JSON.stringify(want) === JSON.stringify(plain[at]));
      const runs = wanted.map((want) => (want as { op: string }).op === 'RUN');
      return {
        executions: pairs.every((same, at) => same || !runs[at]),
        values:
          reply.status === status && plain.length === wanted.length && pairs.every((same, at) => same || runs[at]!),
      };
    },
  };
}
