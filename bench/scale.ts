// Does the 500th input take longer than the first?

import { openSession } from '../host/session/open.js';
import { sample } from './latency.js';
import { figure, heading, median, ms, ratio } from './report.js';

const INPUTS = 500;
const PROBES = 15;
const AIM = 1.2;

/** Prints the latency of the last inputs of a session over that of its first. */
export async function benchScale(): Promise<void> {
  heading(`Latency of input ${INPUTS} over input 1, pico-sim, median of ${PROBES} around each`);
  const session = await openSession({ board: 'pico-sim' });
  try {
    for (let round = 0; round < 5; round++) await sample(session, '1+1');
    const first: number[] = [];
    const last: number[] = [];
    for (let n = 1; n <= INPUTS; n++) {
      const input =
        n % 3 === 0
          ? `v${n - 1} += f${n - 2}(2); v${n - 1}`
          : n % 3 === 1
            ? `int f${n}(int a) { return a * ${n}; }`
            : `int v${n} = f${n - 1}(${n});`;
      const probing = n <= 3 * PROBES || n > INPUTS - 3 * PROBES;
      if (!probing) await session.evaluate(input);
      else {
        const { totalMs } = await sample(session, input);
        if (n % 3 === 0) (n <= 3 * PROBES ? first : last).push(totalMs);
      }
    }
    const [early, late] = [median(first), median(last)];
    figure(`input ${INPUTS}`, ms(late), `${ms(early)} at the start, ratio ${ratio(late / early)}`, {
      text: `≤ ${AIM}`,
      met: late / early <= AIM,
    });
  } finally {
    await session.close();
  }
}
