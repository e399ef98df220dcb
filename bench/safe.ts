// What `:safe on` costs per input against the bytes it touches, in sessions that hold little and much: with an MPU it
// must not grow with the session.

import { openSession } from '../host/session/open.js';
import type { Session } from '../host/session/session.js';
import { countingPort } from './counting-port.js';
import { figure, heading, median, ms, ratio } from './report.js';

const ROUNDS = 15;
const TOUCHED = [0, 64, 1024, 16_384];
/** Bytes of variables in the larger session, beside the 16 KiB that are touched. */
const BOARDS: readonly { readonly name: string; readonly much: number; readonly mpu: boolean }[] = [
  { name: 'qemu-mps2-an385', much: 1024 * 1024, mpu: true },
  { name: 'qemu-lm3s6965evb', much: 24 * 1024, mpu: true },
  { name: 'pico-sim', much: 160 * 1024, mpu: false },
];
/** Bytes on the line of the two sessions that differ by no more than this are the same. Times of a simulator on a shared
 *  machine are shown, but say less. */
const SAME = 1.05;

interface Cost {
  /** Until the value is shown, and until the copy is up to date. */
  readonly enterMs: number;
  readonly allMs: number;
  readonly bytes: number;
  readonly runMicros: number;
}

async function measure(session: Session, count: { bytes: number }, touched: number): Promise<Cost> {
  const samples: Cost[] = [];
  for (let round = -3; round < ROUNDS; round++) {
    count.bytes = 0;
    const { timing } = await session.evaluate(`touch(${touched})`);
    const shownMs = performance.now();
    await session.safe.status();
    const enterMs = timing.boardMs;
    const allMs = enterMs + performance.now() - shownMs;
    if (round >= 0) samples.push({ enterMs, allMs, bytes: count.bytes, runMicros: timing.runMicros });
  }
  const of = (key: keyof Cost): number => median(samples.map((each) => each[key]));
  return { enterMs: of('enterMs'), allMs: of('allMs'), bytes: of('bytes'), runMicros: of('runMicros') };
}

/** Costs by bytes touched, with safe mode off and on. */
async function costs(board: string, much: number): Promise<{ off: Cost[]; on: Cost[] }> {
  const count = { bytes: 0 };
  const session = await openSession({ board, feed: 'none', wrapPort: (port) => countingPort(port, count) });
  try {
    await session.evaluate('unsigned char buffer[16384];');
    await session.evaluate('int touch(int n) { for (int i = 0; i < n; i++) buffer[i]++; return n; }');
    if (much > 0) {
      await session.evaluate(`unsigned char much[${much}];`);
      await session.evaluate(`for (int i = 0; i < ${much}; i++) much[i] = i * 7;`);
    }
    const all = async (): Promise<Cost[]> => {
      const found: Cost[] = [];
      for (const touched of TOUCHED) found.push(await measure(session, count, touched));
      return found;
    };
    const off = await all();
    await session.safe.on();
    return { off, on: await all() };
  } finally {
    await session.close();
  }
}

/** Prints the costs on each board. */
export async function benchSafe(): Promise<void> {
  for (const { name, much, mpu } of BOARDS) {
    heading(`:safe on, ${name}: added to an input, by bytes touched, in a session with little and with much memory`);
    const [little, large] = [await costs(name, 0), await costs(name, much)];
    for (const [index, touched] of TOUCHED.entries()) {
      const added = ({ off, on }: typeof little, key: keyof Cost): number => on[index]![key] - off[index]![key];
      const [all, allLarge] = [added(little, 'allMs'), added(large, 'allMs')];
      const growth = large.on[index]!.bytes / little.on[index]!.bytes;
      figure(
        `${touched} bytes`,
        ms(all),
        `${ms(allLarge)} with ${much / 1024} KiB more, bytes on the line ${ratio(growth)} of it`,
        mpu ? { text: `≤ ${SAME}`, met: growth <= SAME } : undefined,
      );
      console.log(
        `    until the value: ${ms(added(little, 'enterMs'))}, ${ms(added(large, 'enterMs'))}; ` +
          `on the line: ${added(little, 'bytes')}, ${added(large, 'bytes')} bytes; ` +
          `code ran ${little.off[index]!.runMicros} µs without, ${little.on[index]!.runMicros} and ${large.on[index]!.runMicros} µs with it`,
      );
    }
  }
}
