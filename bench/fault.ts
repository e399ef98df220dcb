// Fault → prompt and Ctrl-C → prompt: from the moment the code faults, or the key is pressed, until the report is there
// and the next input may be typed. What the input costs before that (compile, link, send) is measured and taken off.

import { BOARDS } from '../boards/index.js';
import { openSession } from '../host/session/open.js';
import type { Session } from '../host/session/session.js';
import { figure, heading, median, ms } from './report.js';

const ROUNDS = 15;
const FAULT_LIMIT_MS = 200;
const BREAK_LIMIT_MS = 100;

const DECLARATIONS = `struct P { int x, y; };
int kept = 7;
int second(P *p) { if (p->y == 2) __builtin_trap(); return p->y; }
P bad{1, 2};
int outer(P *p, int n) { volatile int pad[8]; pad[n & 7] = second(p); return pad[n & 7]; }
int deep(int n) { volatile int pad[4]; pad[n & 3] = n; return deep(n + 1) + pad[n & 3]; }
volatile bool never;
void wait() { while (!never); }`;

const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 60));

/** Milliseconds from the first byte sent until the prompt is back, for an input that fails. */
async function untilPrompt(session: Session, input: string, started?: () => void): Promise<number> {
  await pause();
  const before = session.link.counters.sent;
  const start = performance.now();
  const running = session.evaluate(input).then(
    () => {
      throw new Error(`${input} went well`);
    },
    () => performance.now(),
  );
  // The first frame is the input itself: from there on it is the board's time and ours.
  let sentAt = start;
  const watch = setInterval(() => {
    if (session.link.counters.sent === before) return;
    sentAt = performance.now();
    clearInterval(watch);
    started?.();
  }, 0);
  const end = await running;
  clearInterval(watch);
  return end - sentAt;
}

async function untilStopped(session: Session): Promise<number> {
  let pressed = 0;
  await pause();
  const running = session.evaluate('wait();').catch(() => performance.now() - pressed);
  // Long enough for the code to run; then the key.
  const timer = setTimeout(() => {
    pressed = performance.now();
    session.interrupt();
  }, 250);
  const took = (await running) as number;
  clearTimeout(timer);
  return took;
}

/** Prints medians for every simulated board. */
export async function benchFault(): Promise<void> {
  heading(`fault → prompt, Ctrl-C → prompt, median (and longest) of ${ROUNDS}`);
  for (const { name } of BOARDS.filter((board) => board.simulator !== undefined)) {
    const session = await openSession({ board: name });
    try {
      await session.evaluate(DECLARATIONS);
      const kinds: [string, () => Promise<number>, number][] = [
        ['a trap in a call of a call', () => untilPrompt(session, 'outer(&bad, 3)'), FAULT_LIMIT_MS],
        ['endless recursion', () => untilPrompt(session, 'deep(0)'), FAULT_LIMIT_MS],
        ['Ctrl-C of a loop', () => untilStopped(session), BREAK_LIMIT_MS],
      ];
      for (const [what, measure, limit] of kinds) {
        const times: number[] = [];
        for (let round = 0; round < ROUNDS; round++) times.push(await measure());
        const middle = median(times);
        figure(`${name}: ${what}`, ms(middle), `longest ${ms(Math.max(...times))}`, {
          text: `< ${limit} ms`,
          met: middle < limit,
        });
      }
      const { value } = await session.evaluate('kept');
      if (value !== '(int) 7') throw new Error(`variables were lost: ${value}`);
    } finally {
      await session.close();
    }
  }
}
