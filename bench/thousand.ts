// A thousand inputs in one session: latency of the last over the first, what the board holds, and what a full rebuild
// of all that was defined takes by then. Memory of the host is in host-memory.ts.

import { findBoard } from '../boards/index.js';
import { openCounted } from './counting-port.js';
import { Rebuilder } from './full-rebuild.js';
import { mixedInput } from './host-memory.js';
import { sample } from './latency.js';
import { figure, heading, median, ms, ratio } from './report.js';

const BOARD = 'pico-sim';
const INPUTS = 1000;
const PROBES = 15;
const AIM = 1.2;
const SETTLED = 100;

/** Prints latency and memory over a long session. */
export async function benchThousand(): Promise<void> {
  heading(`${INPUTS} mixed inputs in one session, ${BOARD}, median of ${PROBES} expressions at either end`);
  const { session, count } = await openCounted({ board: BOARD });
  const rebuilder = await Rebuilder.create(findBoard(BOARD)!);
  try {
    for (let round = 0; round < 5; round++) await sample(session, '1+1');
    const first: number[] = [];
    const last: number[] = [];
    let early = 0;
    for (let n = 1; n <= INPUTS; n++) {
      const probing = n % 3 === 0 && (n <= 3 * PROBES || n > INPUTS - 3 * PROBES);
      count.sent = 0;
      if (probing) (n <= 3 * PROBES ? first : last).push((await sample(session, mixedInput(n))).totalMs);
      else await session.evaluate(mixedInput(n));
      if (n === SETTLED) early = session.linker.usage().usedBytes;
    }
    const sent = count.sent;
    const share = median(last) / median(first);
    figure(`input ${INPUTS}`, ms(median(last)), `${ms(median(first))} at the start, ratio ${ratio(share)}`, {
      text: `≤ ${AIM}`,
      met: share <= AIM,
    });
    const board = session.linker.usage().usedBytes;
    const each = (board - early) / (INPUTS - SETTLED);
    figure('memory of the board', `${board} bytes`, `${early} at input ${SETTLED}: ${each.toFixed(1)} an input`);

    const names = Array.from({ length: INPUTS }, (_, index) => index + 1);
    const source = names.filter((n) => n % 3 !== 0).map(mixedInput);
    const keep = names.flatMap((n) => (n % 3 === 0 ? [] : [n % 3 === 1 ? `_Z${`f${n}`.length}f${n}i` : `v${n}`]));
    count.sent = 0;
    const rebuilt = await rebuilder.rebuild(session, source.join('\n'), keep);
    const time = median(last);
    figure(
      '  the last input',
      ms(time),
      `${ms(rebuilt.totalMs)} by a full rebuild, ratio ${ratio(time / rebuilt.totalMs)}`,
    );
    figure('  bytes sent', `${sent}`, `${count.sent} by a full rebuild, ratio ${ratio(sent / count.sent)}`);
    const over = board / rebuilt.boardBytes;
    figure('  bytes on the board', `${board}`, `${rebuilt.boardBytes} by lld --gc-sections, ratio ${ratio(over)}`);
  } finally {
    await Promise.all([session.close(), rebuilder.close()]);
  }
}
