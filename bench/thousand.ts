// A thousand inputs in one session: latency of the last over the first, and what host and board hold.
// Memory is what is left after a collection; run node with --expose-gc for that figure.

import { openSession } from '../host/session/open.js';
import { sample } from './latency.js';
import { figure, heading, median, ms, ratio } from './report.js';

const INPUTS = 1000;
const PROBES = 15;
const AIM = 1.2;
const SETTLED = 100;

function input(n: number): string {
  if (n % 3 === 0) return `v${n - 1} += f${n - 2}(2); v${n - 1}`;
  return n % 3 === 1 ? `int f${n}(int a) { return a * ${n}; }` : `int v${n} = f${n - 1}(${n});`;
}

function hostMebibytes(): number {
  (globalThis as { gc?: () => void }).gc?.();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return (heapUsed + arrayBuffers) / 2 ** 20;
}

/** Prints latency and memory over a long session. */
export async function benchThousand(): Promise<void> {
  heading(`${INPUTS} mixed inputs in one session, pico-sim, median of ${PROBES} expressions at either end`);
  const session = await openSession({ board: 'pico-sim' });
  try {
    for (let round = 0; round < 5; round++) await sample(session, '1+1');
    const first: number[] = [];
    const last: number[] = [];
    let early = { mebibytes: 0, usedBytes: 0 };
    for (let n = 1; n <= INPUTS; n++) {
      const probing = n % 3 === 0 && (n <= 3 * PROBES || n > INPUTS - 3 * PROBES);
      if (probing) (n <= 3 * PROBES ? first : last).push((await sample(session, input(n))).totalMs);
      else await session.evaluate(input(n));
      if (n === SETTLED) early = { mebibytes: hostMebibytes(), usedBytes: session.linker.usage().usedBytes };
    }
    const share = median(last) / median(first);
    figure(`input ${INPUTS}`, ms(median(last)), `${ms(median(first))} at the start, ratio ${ratio(share)}`, {
      text: `≤ ${AIM}`,
      met: share <= AIM,
    });
    const late = hostMebibytes();
    const grown = ((late - early.mebibytes) * 1024) / (INPUTS - SETTLED);
    figure(
      'memory of the host',
      `${late.toFixed(1)} MiB`,
      `${early.mebibytes.toFixed(1)} MiB at input ${SETTLED}: ${grown.toFixed(1)} KiB an input`,
    );
    const board = session.linker.usage().usedBytes;
    const each = (board - early.usedBytes) / (INPUTS - SETTLED);
    figure(
      'memory of the board',
      `${board} bytes`,
      `${early.usedBytes} at input ${SETTLED}: ${each.toFixed(1)} an input`,
    );
  } finally {
    await session.close();
  }
}
