// What a long session leaves on the host.
//
// Flat means: an input that defines nothing leaves nothing, and one that defines something leaves what linking and
// compiling later inputs needs (names, addresses, relocations, declarations) and not what only shows it: object files,
// debug information, source. What `:undo` needs of the last 100 inputs is bounded, and there from input 120 on.
//
// The figure is the growth of heap and array buffers after a full collection. V8's compilers are off while it is
// taken: their code grows for as long as a program gets warmer, by up to 1 KiB an input here, and is no memory of the
// session. That takes a process of its own.

import { spawnSync } from 'node:child_process';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { openSession } from '../host/session/open.js';
import { figure, heading } from './report.js';

const BOARD = 'qemu-mps2-an385';
const WITHOUT_COMPILERS = ['--no-opt', '--no-sparkplug', '--no-maglev'];
const SETTLED = 120;
const MEASURED = 128;
/** A handle into the session's file, and the noise of a timer or a buffer that comes and goes. */
const NOTHING_BYTES = 64;
const DEFINITION_BYTES = 1024;

/** An input of a kind by its number, what has to be there before, and how much it may leave. */
interface Kind {
  readonly name: string;
  readonly before?: string;
  readonly input: (n: number) => string;
  readonly limitBytes: number | undefined;
}

const KINDS: readonly Kind[] = [
  { name: 'expression', input: (n) => `${n} + 1`, limitBytes: NOTHING_BYTES },
  {
    name: 'call',
    before: 'int f(int a) { return a * 2; }',
    input: (n) => `f(${n})`,
    limitBytes: NOTHING_BYTES,
  },
  {
    name: 'statement',
    before: 'int v;',
    input: (n) => `for (int i = 0; i < 3; i++) v += ${n};`,
    limitBytes: NOTHING_BYTES,
  },
  { name: 'printf', input: (n) => `printf("line %d of ${n}\\n", ${n});`, limitBytes: NOTHING_BYTES },
  {
    name: 'use of a vector',
    before: 'std::vector<int> v{1, 2, 3};',
    input: (n) => `v[0] = ${n}; v`,
    limitBytes: NOTHING_BYTES,
  },
  { name: 'function typed again', input: (n) => `int f(int a) { return a * ${n}; }`, limitBytes: NOTHING_BYTES },
  { name: 'function', input: (n) => `int f${n}(int a) { return a * ${n}; }`, limitBytes: DEFINITION_BYTES },
  { name: 'variable', input: (n) => `int v${n} = ${n};`, limitBytes: DEFINITION_BYTES },
  {
    name: 'function with a std::vector',
    input: (n) =>
      `int g${n}(int n) { std::vector<int> v; for (int i = 0; i < n; i++) v.push_back(i * ${n}); return v.back(); }`,
    limitBytes: undefined,
  },
];

/** One in three defines a function, one a variable, one uses them. */
export function mixedInput(n: number): string {
  if (n % 3 === 0) return `v${n - 1} += f${n - 2}(2); v${n - 1}`;
  return n % 3 === 1 ? `int f${n}(int a) { return a * ${n}; }` : `int v${n} = f${n - 1}(${n});`;
}

/** Bytes of the heap and of array buffers, after a full collection. */
export async function hostBytes(): Promise<number> {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  // Finalisers run between collections; what they let go is gone after the next.
  for (let round = 0; round < 3; round++) {
    collect();
    await new Promise((resolve) => setImmediate(resolve));
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** Host bytes at some inputs of a session. */
async function bytesAt(kind: Pick<Kind, 'before' | 'input'>, at: readonly number[]): Promise<number[]> {
  const session = await openSession({ board: BOARD });
  const found: number[] = [];
  try {
    if (kind.before !== undefined) await session.evaluate(kind.before);
    for (let n = 1; n <= at.at(-1)!; n++) {
      await session.evaluate(kind.input(n));
      if (at.includes(n)) found.push(await hostBytes());
    }
    return found;
  } finally {
    await session.close();
  }
}

/** Prints the memory of a mixed session, and what an input of each kind leaves. */
export async function benchHostMemory(): Promise<void> {
  if (!process.execArgv.includes(WITHOUT_COMPILERS[0]!)) {
    spawnSync(process.execPath, [...WITHOUT_COMPILERS, process.argv[1]!, 'memory'], { stdio: 'inherit' });
    return;
  }
  heading(`Memory of the host, ${BOARD}`);
  // What the first session brings along (parser, tables, archives) is not its growth.
  await bytesAt({ input: mixedInput }, [30]);
  const at = [100, 500, 1000];
  const mixed = await bytesAt({ input: mixedInput }, at);
  const growth = (mixed[2]! - mixed[1]!) / (at[2]! - at[1]!);
  const mebibytes = mixed.map((bytes, index) => `${(bytes / 2 ** 20).toFixed(2)} at input ${at[index]}`);
  figure('mixed inputs', `${growth.toFixed(0)} bytes`, `an input; MiB ${mebibytes.join(', ')}`, {
    text: `≤ ${DEFINITION_BYTES} bytes`,
    met: growth <= DEFINITION_BYTES,
  });
  for (const { name, before, input, limitBytes } of KINDS) {
    const middle = SETTLED + MEASURED / 2;
    const at = [SETTLED, middle, SETTLED + MEASURED];
    const [early, half, late] = (await bytesAt(before === undefined ? { input } : { before, input }, at)) as [
      number,
      number,
      number,
    ];
    // What comes once (a function that is called for the first time, a buffer) is no growth; tables that double are.
    const each =
      limitBytes === NOTHING_BYTES ? Math.min(half - early, late - half) / (MEASURED / 2) : (late - early) / MEASURED;
    const aim = limitBytes === undefined ? undefined : { text: `≤ ${limitBytes} bytes`, met: each <= limitBytes };
    figure(`  ${name}`, `${each.toFixed(0)} bytes`, 'an input', aim);
  }
}
