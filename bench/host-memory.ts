// What a long session leaves on the host, input kind by input kind.
//
// Flat means: an input that defines nothing leaves nothing, and one that defines something leaves what linking later
// inputs needs (names, addresses, relocations) and not what only shows it (object files, debug information, source).
// The figure is the growth of everything that V8 accounts for, heap and array buffers, after a full collection, from
// input 150 on: by then the inputs that `:undo` can take back are as many as they ever are.

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { openSession } from '../host/session/open.js';
import { figure, heading } from './report.js';

const SETTLED = 150;
const MEASURED = 300;
/** Noise of a few objects that come and go with a timer or a buffer. */
const NOTHING_BYTES = 16;
const DEFINITION_BYTES = 512;

/** An input of a kind by its number, what has to be there before, and how much it may leave. */
interface Kind {
  readonly name: string;
  readonly before: readonly string[];
  readonly input: (n: number) => string;
  readonly limitBytes: number | undefined;
}

const KINDS: readonly Kind[] = [
  { name: 'expression', before: [], input: (n) => `${n} + 1`, limitBytes: NOTHING_BYTES },
  {
    name: 'call',
    before: ['int f(int a) { return a * 2; }'],
    input: (n) => `f(${n})`,
    limitBytes: NOTHING_BYTES,
  },
  {
    name: 'statement',
    before: ['int v;'],
    input: (n) => `for (int i = 0; i < 3; i++) v += ${n};`,
    limitBytes: NOTHING_BYTES,
  },
  {
    name: 'printf',
    before: [],
    input: (n) => `printf("line %d of ${n}\\n", ${n});`,
    limitBytes: NOTHING_BYTES,
  },
  {
    name: 'vector expression',
    before: ['std::vector<int> v{1, 2, 3};'],
    input: (n) => `v[0] = ${n}; v`,
    limitBytes: NOTHING_BYTES,
  },
  {
    name: 'small function',
    before: [],
    input: (n) => `int f${n}(int a) { return a * ${n}; }`,
    limitBytes: DEFINITION_BYTES,
  },
  { name: 'variable', before: [], input: (n) => `int v${n} = ${n};`, limitBytes: DEFINITION_BYTES },
  {
    name: 'same function again',
    before: [],
    input: (n) => `int f(int a) { return a * ${n}; }`,
    limitBytes: NOTHING_BYTES,
  },
  {
    name: 'function with std::vector',
    before: [],
    input: (n) =>
      `int g${n}(int n) { std::vector<int> v; for (int i = 0; i < n; i++) v.push_back(i * ${n}); return v.back(); }`,
    limitBytes: undefined,
  },
];

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Bytes of the heap and of array buffers, after a full collection. */
export async function hostBytes(): Promise<number> {
  // Finalisers run between collections; what they let go is gone after the next.
  for (let round = 0; round < 3; round++) {
    collect();
    await new Promise((resolve) => setImmediate(resolve));
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** Prints what an input of each kind leaves. */
export async function benchHostMemory(): Promise<void> {
  heading(`Memory of the host that an input leaves, qemu-mps2-an385, ${MEASURED} inputs after the first ${SETTLED}`);
  for (const { name, before, input, limitBytes } of KINDS) {
    const session = await openSession({ board: 'qemu-mps2-an385' });
    try {
      for (const each of before) await session.evaluate(each);
      for (let n = 1; n <= SETTLED; n++) await session.evaluate(input(n));
      const early = await hostBytes();
      for (let n = SETTLED + 1; n <= SETTLED + MEASURED; n++) await session.evaluate(input(n));
      const each = ((await hostBytes()) - early) / MEASURED;
      figure(name, `${each.toFixed(0)} bytes`, 'an input', {
        text: limitBytes === undefined ? 'as little as linking needs' : `≤ ${limitBytes} bytes`,
        met: limitBytes === undefined || each <= limitBytes,
      });
    } finally {
      await session.close();
    }
  }
}
