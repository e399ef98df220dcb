// The four examples beside MicroPython, an interpreter that people would otherwise put on such boards: as WebAssembly beside
// the board `wasm`, and on the simulated micro:bit beside our stub on the same one. bench/micropython has the examples in
// Python, by the same algorithms; what they compute must be equal.
//
// On QEMU time is counted in instructions (-icount): 64 ns each, so that the ratio is one of instructions executed.
// Enter → value is real time, on lines without a rate: from the key to the value, compiling included.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findBoard } from '../boards/index.js';
import { startQemu } from '../boards/sim/qemu.js';
import { packageRoot } from '../host/diag/package-root.js';
import { imageOf } from '../host/session/board.js';
import { openSession } from '../host/session/open.js';
import type { Session } from '../host/session/session.js';
import { countingPort, type LineCount, openCounted } from './counting-port.js';
import { ENTRY, sourceOf, WORK } from './examples.js';
import { PAUSE_MS } from './latency.js';
import { startMicrobit } from './micropython-microbit.js';
import { type Python, startMicroPython } from './micropython-wasm.js';
import { figure, heading, median, ms, ratio } from './report.js';

const MICROBIT = 'qemu-microbit';
const COUNT_INSTRUCTIONS = ['-icount', 'shift=6'];
/** The best of so many: the engine compiles code better once it has run for a while, and an interpreter's own is soon done. */
const RUNS = { ours: 30, theirs: 5 };
const ONE_RUN = { ours: 1, theirs: 1 };
const ROUNDS = 30;

interface Row {
  readonly title: string;
  readonly example: string;
  /** As C++, the body of a function; as Python, an expression. */
  readonly work: string;
  readonly expression: string;
}

const ROWS: readonly Row[] = [
  ...Object.entries(WORK).map(([example, work]) => ({ title: example, example, work, expression: 'work()' })),
  {
    title: 'fibonacci without recursion',
    example: 'fibonacci',
    work: 'static char text[MOST_DIGITS];\nreturn static_cast<uint32_t>(fib_loop(fib_loop_n)) + fib_digits(fib_digits_n, text);',
    expression: 'fib_loop(90) + len(fib_digits(1000))',
  },
  {
    title: 'sorting without quick sort',
    example: 'sorting-algorithms',
    work: WORK['sorting-algorithms']!.replace('quick_sort, ', ''),
    expression: 'work((bubble_sort, insertion_sort, heap_sort, merge_sort))',
  },
];

interface Timed {
  readonly value: number;
  readonly micros: number;
}

/** The Python has none either, and `printf` takes most of a micro:bit. */
function withoutMain(source: string): string {
  const start = source.indexOf('\nint main(');
  return source.slice(0, start) + source.slice(source.indexOf('\n}\n', start) + 3);
}

async function best(runs: number, run: () => Promise<Timed>): Promise<Timed> {
  let least = await run();
  for (let more = 1; more < runs; more++) {
    const next = await run();
    if (next.micros < least.micros) least = next;
  }
  return least;
}

async function compare(
  row: Row,
  open: () => Promise<Session>,
  start: () => Promise<Python>,
  runs: typeof RUNS,
): Promise<void> {
  const session = await open();
  let ours: Timed;
  try {
    await session.evaluate(withoutMain(sourceOf(row.example, row.work)));
    ours = await best(runs.ours, async () => {
      const { value, micros } = (await session.call(ENTRY))!;
      return { value: value | 0, micros };
    });
  } finally {
    await session.close();
  }
  const python = await start();
  try {
    await python.define(readFileSync(join(packageRoot(), 'bench', 'micropython', `${row.example}.py`), 'utf8'));
    const theirs = await best(runs.theirs, () => python.timed(row.expression));
    if (theirs.value !== ours.value) throw new Error(`${row.title}: ${ours.value}, in Python ${theirs.value}`);
    figure(
      row.title,
      `${ours.micros} µs`,
      `${theirs.micros} µs in Python, ${ratio(theirs.micros / ours.micros)} times as long`,
    );
  } finally {
    await python.close();
  }
}

interface Typed {
  readonly ms: number;
  readonly bytes: number;
}

/** Types an input again and again, at the pace of a person. */
async function typed(count: LineCount, type: () => Promise<unknown>): Promise<Typed> {
  const times: number[] = [];
  let bytes = 0;
  for (let round = -3; round < ROUNDS; round++) {
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    count.bytes = 0;
    const start = performance.now();
    await type();
    if (round >= 0) times.push(performance.now() - start);
    bytes = count.bytes;
  }
  return { ms: median(times), bytes };
}

/** One board after the other: each has the machine to itself. */
async function enterToValue(): Promise<void> {
  const inputs = ['1+1', 'f(21)'];
  const [ours, theirs]: [Typed[], Typed[]] = [[], []];
  const { session, count } = await openCounted({ board: MICROBIT });
  try {
    await session.evaluate('int f(int a) { return a * 2; }');
    for (const input of inputs) ours.push(await typed(count, () => session.evaluate(input)));
  } finally {
    await session.close();
  }
  const theirCount: LineCount = { bytes: 0 };
  const python = (await startMicrobit([], (port) => countingPort(port, theirCount)))!;
  try {
    await python.define('def f(a):\n    return a * 2');
    for (const input of inputs) theirs.push(await typed(theirCount, () => python.type(input)));
  } finally {
    await python.close();
  }
  for (const [index, input] of inputs.entries()) {
    const [our, their] = [ours[index]!, theirs[index]!];
    const compared = `${ms(their.ms)} in Python; bytes on the line ${our.bytes}, ${their.bytes} in Python`;
    figure(`Enter → value, ${input}`, ms(our.ms), compared);
  }
}

/** Prints the examples' times beside MicroPython's, and Enter → value. */
export async function benchInterpreters(): Promise<void> {
  const inEngine = await startMicroPython();
  if (inEngine === undefined) heading('MicroPython as WebAssembly is not installed: npm ci');
  else {
    heading('The board wasm beside MicroPython as WebAssembly');
    for (const row of ROWS)
      await compare(
        row,
        () => openSession({ board: 'wasm' }),
        async () => (await startMicroPython())!,
        RUNS,
      );
  }
  const onBoard = await startMicrobit([]);
  await onBoard?.close();
  if (onBoard === undefined) {
    heading(
      'MicroPython for the micro:bit is not installed; on Debian and Ubuntu: apt install firmware-microbit-micropython',
    );
    return;
  }
  heading(`${MICROBIT} beside MicroPython for the micro:bit on the same machine, 64 ns an instruction`);
  const board = findBoard(MICROBIT)!;
  const line = {
    what: MICROBIT,
    open: () => startQemu(board, { machine: 'microbit', args: COUNT_INSTRUCTIONS }, imageOf(board)),
    startsBoard: true,
  };
  for (const row of ROWS) {
    await compare(
      row,
      () => openSession({ board: MICROBIT, line }),
      async () => (await startMicrobit(COUNT_INSTRUCTIONS))!,
      ONE_RUN,
    ).catch((error: Error) => figure(row.title, '–', error.message));
  }
  heading(`Enter → value, ${MICROBIT}, median of ${ROUNDS}`);
  await enterToValue();
}
