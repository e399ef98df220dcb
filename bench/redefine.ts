// A function with 50 callers is typed again: time and bytes, beside those of a full rebuild, which compiles all 51
// functions, links them with lld and uploads them.

import { findBoard } from '../boards/index.js';
import { openCounted } from './counting-port.js';
import { Rebuilder } from './full-rebuild.js';
import { sample } from './latency.js';
import { figure, heading, median, ms, ratio } from './report.js';

const CALLERS = 50;
const ROUNDS = 15;

const callee = (round: number): string => `int callee(int a) { return a * ${round + 3} + ${round}; }`;
const caller = (n: number): string => `int caller${n}(int a) { return callee(a + ${n}) * ${n + 1}; }`;

interface Taken {
  readonly totalMs: number;
  readonly linkMs: number;
  readonly bytes: number;
}

/** Prints time and bytes of both. */
export async function benchRedefine(): Promise<void> {
  const board = findBoard('pico-sim')!;
  heading(`Redefinition of a function with ${CALLERS} callers, ${board.name}, median of ${ROUNDS}`);
  const { session, count } = await openCounted({ board: board.name });
  const rebuilder = await Rebuilder.create(board);
  try {
    await session.evaluate(callee(-1));
    for (let n = 0; n < CALLERS; n++) await session.evaluate(caller(n));
    const keep = Array.from({ length: CALLERS }, (_, n) => `_Z${`caller${n}`.length}caller${n}i`);
    const ours: Taken[] = [];
    const theirs: Taken[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      count.sent = 0;
      const { totalMs, linkMs } = await sample(session, callee(round));
      ours.push({ totalMs, linkMs, bytes: count.sent });
      count.sent = 0;
      const source = [callee(round), ...keep.map((_, n) => caller(n))].join('\n');
      const rebuilt = await rebuilder.rebuild(session, source, keep);
      theirs.push({ totalMs: rebuilt.totalMs, linkMs: rebuilt.lldMs, bytes: count.sent });
    }
    const both = (key: keyof Taken): [number, number] => [
      median(ours.map((each) => each[key])),
      median(theirs.map((each) => each[key])),
    ];
    const [time, rebuilt] = both('totalMs');
    figure('time', ms(time), `${ms(rebuilt)} by a full rebuild, ratio ${ratio(time / rebuilt)}`);
    const [link, lld] = both('linkMs');
    figure('  of it, linking', ms(link), `${ms(lld)} by lld, ratio ${ratio(link / lld)}`);
    const [sent, uploaded] = both('bytes');
    figure('bytes sent', `${sent}`, `${uploaded} by a full rebuild, ratio ${ratio(sent / uploaded)}`);
  } finally {
    await Promise.all([session.close(), rebuilder.close()]);
  }
}
