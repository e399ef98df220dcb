// A function with 50 callers is typed again: time and bytes, beside those of a full rebuild, which compiles all 51
// functions, links them with lld and uploads them.

import { findBoard } from '../boards/index.js';
import { Compiler } from '../host/compile/compiler.js';
import { openSession } from '../host/session/open.js';
import { findToolchain } from '../host/toolchain/toolchain.js';
import { loadParser } from '../host/unit/parser.js';
import { linkWithLld } from './prompt-objects.js';
import { figure, heading, median, ms, ratio } from './report.js';

const CALLERS = 50;
const ROUNDS = 15;

const callee = (round: number): string => `int callee(int a) { return a * ${round + 3} + ${round}; }`;
const caller = (n: number): string => `int caller${n}(int a) { return callee(a + ${n}) * ${n + 1}; }`;

/** Prints time and bytes of both. */
export async function benchRedefine(): Promise<void> {
  const board = findBoard('pico-sim')!;
  heading(`Redefinition of a function with ${CALLERS} callers, ${board.name}, median of ${ROUNDS}`);
  let sentBytes = 0;
  const session = await openSession({
    board: board.name,
    wrapPort: (port) => ({
      name: port.name,
      write: (bytes) => {
        sentBytes += bytes.length;
        port.write(bytes);
      },
      onData: (listener) => port.onData(listener),
      onClose: (listener) => port.onClose(listener),
      close: () => port.close(),
    }),
  });
  const compiler = await Compiler.create({ board, toolchain: findToolchain(board), feed: 'none' });
  try {
    const parser = await loadParser();
    await session.evaluate(callee(-1));
    for (let n = 0; n < CALLERS; n++) await session.evaluate(caller(n));

    const ours: { time: number; bytes: number }[] = [];
    const theirs: { time: number; bytes: number }[] = [];
    const { arenaAddr, arenaSize } = session.link.hello;
    const keep = Array.from({ length: CALLERS }, (_, n) => `_Z${`caller${n}`.length}caller${n}i`);
    for (let round = 0; round < ROUNDS; round++) {
      await new Promise((resolve) => setTimeout(resolve, 60));
      sentBytes = 0;
      let start = performance.now();
      await session.evaluate(callee(round));
      ours.push({ time: performance.now() - start, bytes: sentBytes });

      sentBytes = 0;
      start = performance.now();
      const source = [callee(round), ...keep.map((_, n) => caller(n))].join('\n');
      const { object } = await compiler.compileUnit(parser.split(source), '', 1);
      // Uploaded to where nothing stands: the upper half of the arena.
      const half = arenaAddr + (arenaSize >> 1);
      const { elf } = linkWithLld(board, [object], keep, half, []);
      const loaded = elf.sections.filter((section) => section.bytes.length > 0 && section.addr >= half);
      await session.link.execute(loaded.map(({ addr, bytes }) => ({ op: 'WRITE', addr, data: bytes })));
      theirs.push({ time: performance.now() - start, bytes: sentBytes });
    }
    const of = (samples: readonly { time: number; bytes: number }[], key: 'time' | 'bytes'): number =>
      median(samples.map((each) => each[key]));
    const [time, rebuilt] = [of(ours, 'time'), of(theirs, 'time')];
    figure('time', ms(time), `${ms(rebuilt)} by a full rebuild, ratio ${ratio(time / rebuilt)}`);
    const [sent, uploaded] = [of(ours, 'bytes'), of(theirs, 'bytes')];
    figure('bytes sent', `${sent}`, `${uploaded} by a full rebuild, ratio ${ratio(sent / uploaded)}`);
  } finally {
    await Promise.all([session.close(), compiler.close()]);
  }
}
