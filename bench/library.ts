// The first input that needs a library: what it links in, and how long that takes, beside a full rebuild of the same
// program, whose linker is lld with --gc-sections.

import { findBoard } from '../boards/index.js';
import { openCounted } from './counting-port.js';
import { Rebuilder } from './full-rebuild.js';
import { sample } from './latency.js';
import { figure, heading, median, ms, ratio } from './report.js';

const ROUNDS = 9;

/** An input, and the program that does the same: the vector is a variable, with its constructor and destructor. */
const FIRSTS = [
  { name: 'printf', input: 'printf("%d\\n", 42);', program: 'extern "C" void program() { printf("%d\\n", 42); }' },
  {
    name: 'std::vector<int>',
    input: 'std::vector<int> v{1, 2, 3}; v.push_back(4);',
    program: 'std::vector<int> v{1, 2, 3}; extern "C" void program() { v.push_back(4); }',
  },
] as const;

interface Taken {
  readonly totalMs: number;
  readonly linkMs: number;
  readonly wireBytes: number;
  readonly boardBytes: number;
}

/** Prints time, bytes on the line and bytes on the board of each. */
export async function benchLibrary(): Promise<void> {
  for (const name of ['pico-sim', 'qemu-mps2-an385']) {
    const board = findBoard(name)!;
    heading(`The first input that needs a library, ${name}, median of ${ROUNDS} sessions`);
    const rebuilder = await Rebuilder.create(board);
    try {
      for (const { name: what, input, program } of FIRSTS) {
        const ours: Taken[] = [];
        const theirs: Taken[] = [];
        for (let round = 0; round < ROUNDS; round++) {
          const { session, count } = await openCounted({ board: name });
          try {
            await sample(session, '1+1');
            const before = session.linker.usage();
            count.bytes = 0;
            const { totalMs, linkMs } = await sample(session, input);
            const { usedBytes, heapBytes } = session.linker.usage();
            const boardBytes = usedBytes - heapBytes - (before.usedBytes - before.heapBytes);
            ours.push({ totalMs, linkMs, wireBytes: count.bytes, boardBytes });
            count.bytes = 0;
            const rebuilt = await rebuilder.rebuild(session, program, ['program']);
            theirs.push({ ...rebuilt, linkMs: rebuilt.lldMs, wireBytes: count.bytes });
          } finally {
            await session.close();
          }
        }
        const row = (title: string, key: keyof Taken, beside: string, text: (value: number) => string): void => {
          const [mine, other] = [ours, theirs].map((list) => median(list.map((each) => each[key]))) as [number, number];
          figure(title, text(mine), `${text(other)} ${beside}, ratio ${ratio(mine / other)}`);
        };
        const bytes = (value: number): string => `${value} bytes`;
        row(`${what}: time`, 'totalMs', 'by a full rebuild', ms);
        row('  of it, linking', 'linkMs', 'by lld', ms);
        row('  on the line, answers included', 'wireBytes', 'by a full rebuild', bytes);
        row('  on the board, without the heap', 'boardBytes', 'by lld --gc-sections', bytes);
      }
    } finally {
      await rebuilder.close();
    }
  }
}
