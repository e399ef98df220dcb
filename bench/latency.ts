// Enter → value over the unthrottled simulated line, station by station, with and without the spare compiler.

import { openSession } from '../host/session/open.js';
import type { Session, Timing } from '../host/session/session.js';
import { figure, heading, median, ms, ratio } from './report.js';

const ROUNDS = 60;
const AIM_MS = 15;
/** A person needs longer than this from one Enter to the next; the spare is ready by then. */
export const PAUSE_MS = 60;

interface Sample extends Timing {
  totalMs: number;
}

const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, PAUSE_MS));

/** Times one input, after a pause in which the session may get ready. */
export async function sample(session: Session, input: string): Promise<Sample> {
  await pause();
  const start = performance.now();
  const { timing } = await session.evaluate(input);
  return { ...timing, totalMs: performance.now() - start };
}

async function measure(input: (round: number) => string, spare: boolean): Promise<Sample[]> {
  const session = await openSession({ board: 'pico-sim', ...(spare ? {} : { feed: 'none' as const }) });
  try {
    await session.evaluate('int f(int a) { return a * 2; }');
    for (let round = 0; round < 5; round++) await sample(session, input(-1 - round));
    const samples: Sample[] = [];
    for (let round = 0; round < ROUNDS; round++) samples.push(await sample(session, input(round)));
    return samples;
  } finally {
    await session.close();
  }
}

/** Prints the latency of three kinds of input. */
export async function benchLatency(): Promise<void> {
  heading(`Enter → value, pico-sim, median of ${ROUNDS}`);
  const kinds: [string, (round: number) => string][] = [
    ['1+1', () => '1+1'],
    ['f(21), a call', () => 'f(21)'],
    [
      'a function of four lines',
      (round) => `int g${round + 5}(int n) {\n  int s = 0;\n  for (int i = 0; i < n; i++) s += f(i);\n  return s;\n}`,
    ],
  ];
  for (const [name, input] of kinds) {
    const warm = await measure(input, true);
    const cold = await measure(input, false);
    const of = (samples: Sample[], key: keyof Sample): number => median(samples.map((each) => each[key]));
    const total = of(warm, 'totalMs');
    const coldTotal = of(cold, 'totalMs');
    figure(name, ms(total), `${ms(coldTotal)} without the spare, ratio ${ratio(total / coldTotal)}`, {
      text: `≤ ${AIM_MS} ms`,
      met: total <= AIM_MS,
    });
    const split = (['compileMs', 'linkMs', 'boardMs', 'showMs'] as const).map(
      (key) => `${key.replace('Ms', '')} ${ms(of(warm, key))}`,
    );
    console.log(`    of it: ${split.join(', ')}; ran ${of(warm, 'runMicros').toFixed(0)} µs of the board's time`);
  }
}
