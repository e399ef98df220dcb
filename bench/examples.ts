// The four examples, streamed to the board, against the same functions compiled into the firmware image ahead of
// time: same compiler, same flags, ordinary C++ instead of a prompt's, linked by lld into flash.
//
// The board's own clock measures both; on the simulated Pico it counts simulated cycles, and memory there has no
// wait states, so that the ratio is that of the code.

import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BoardRecord } from '../boards/board.js';
import { findBoard } from '../boards/index.js';
import { startSimulator } from '../boards/sim/index.js';
import { firmwareFolder } from '../firmware-stub/build.js';
import { buildProgramImage } from '../firmware-stub/tools/compile.js';
import { findFirmwareTools } from '../firmware-stub/tools/find-tools.js';
import { IMAGES } from '../firmware-stub/tools/images.js';
import { Compiler } from '../host/compile/compiler.js';
import { compileFlags } from '../host/compile/flags.js';
import { packageRoot } from '../host/diag/package-root.js';
import { readObject } from '../host/elf/read-object.js';
import { openSession } from '../host/session/open.js';
import { findToolchain, requireToolchain } from '../host/toolchain/toolchain.js';
import { loadParser } from '../host/unit/parser.js';
import { DeviceLink } from '../host/wire/link.js';
import type { Op } from '../protocol/batch.js';
import { figure, heading, ratio } from './report.js';

const AIM = 1.0;
/** The ratio is of counted cycles; this much is noise of the microsecond clock. */
const TOLERANCE = 0.005;

/** What is timed: the work of each example without its printf, as one function that takes nothing. */
export const WORK: Readonly<Record<string, string>> = {
  'prime-finder': 'return count_primes(prime_limit) + sieve_primes(prime_limit);',
  fibonacci:
    'static char text[MOST_DIGITS];\n' +
    'return fib_recursive(fib_n) + static_cast<uint32_t>(fib_loop(fib_loop_n)) + fib_digits(fib_digits_n, text);',
  'matrix-multiplication':
    'uint32_t sum = 0;\n' +
    'for (uint32_t round = 0; round < 20; round++) {\n' +
    '  fill_matrix(a, SIZE, matrix_seed + round);\n  fill_matrix(b, SIZE, matrix_seed + round + 1);\n' +
    '  multiply_matrices(a, b, product, SIZE);\n  sum += static_cast<uint32_t>(trace_of(product, SIZE));\n}\n' +
    'multiply_float_matrices(fa, fb, fproduct, FLOAT_SIZE);\nreturn sum;',
  'sorting-algorithms':
    'void (*const sorts[])(int16_t *, int) = {bubble_sort, insertion_sort, quick_sort, heap_sort, merge_sort};\n' +
    'for (auto sort : sorts) {\n' +
    '  fill_numbers(numbers, sort_count, sort_seed);\n  sort(numbers, sort_count);\n}\n' +
    'return static_cast<uint32_t>(numbers[0] + numbers[MOST / 2]);',
};

interface Measured {
  readonly value: number;
  readonly micros: number;
}

export const ENTRY = 'bench_work';

/** The example with its work, or part of it, as one function more. */
export function sourceOf(name: string, work = WORK[name]): string {
  const text = readFileSync(join(packageRoot(), 'examples', `${name}.cpp`), 'utf8');
  return `${text}\nextern "C" uint32_t ${ENTRY}() {\n${work}\n}\n`;
}

async function streamed(boardName: string, source: string): Promise<Measured> {
  const session = await openSession({ board: boardName });
  try {
    await session.evaluate(source);
    return (await session.call(ENTRY))!;
  } finally {
    await session.close();
  }
}

/** An object file made by an ordinary run of the compiler, with no prompt in sight. */
function compiledPlainly(board: BoardRecord, source: string): Uint8Array {
  const { clang, includeDirs } = requireToolchain(findToolchain(board));
  // Statements at file scope are the prompt's business.
  const flags = compileFlags(board, includeDirs).filter((flag, index, all) => {
    const incremental = '-fincremental-extensions';
    return flag !== incremental && all[index + 1] !== incremental;
  });
  const arguments_ = [...flags, '-include', 'stdint.h', '-x', 'c++', '-c', '-', '-o', '-'];
  return execFileSync(clang.path, arguments_, { input: source, maxBuffer: 1 << 24 });
}

/** The object file that a session would make of the source. */
async function compiledForPrompt(board: BoardRecord, source: string): Promise<Uint8Array> {
  const compiler = await Compiler.create({ board, toolchain: findToolchain(board), feed: 'none' });
  try {
    return (await compiler.compileUnit((await loadParser()).split(source), '', 1)).object;
  } finally {
    await compiler.close();
  }
}

/** Links an object into the stub's image, starts it and calls its function there. */
async function aheadOfTime(board: BoardRecord, bytes: Uint8Array): Promise<Measured> {
  const toolchain = requireToolchain(findToolchain(board));
  const dir = mkdtempSync(join(tmpdir(), 'barewire-bench-'));
  try {
    const [object, prefixed, image] = ['p.o', 'q.o', 'p.elf'].map((file) => join(dir, file)) as [
      string,
      string,
      string,
    ];
    writeFileSync(object, bytes);
    execFileSync(toolchain.llvmAr!.replace(/llvm-ar/, 'llvm-objcopy'), [
      '--prefix-alloc-sections=.program',
      object,
      prefixed,
    ]);
    const libraries = ['libgcc.a', 'libc_nano.a', 'libgcc.a'].map(
      (file) => toolchain.archiveDirs.map((folder) => join(folder, file)).find((path) => existsSync(path))!,
    );
    const row = IMAGES.find((each) => each.name === board.image)!;
    buildProgramImage(firmwareFolder(), row, findFirmwareTools(), {
      path: image,
      files: [prefixed, ...libraries],
      script: join(packageRoot(), 'bench', 'program.ld'),
      keep: [ENTRY],
    });
    const elf = readObject(readFileSync(image), 'program image');
    const link = await DeviceLink.connect(await startSimulator(board, image));
    try {
      // The stub copies no initialised data: it lies in the arena and is written like any block.
      const data = elf.sections.find((section) => section.name === '.program_data');
      const ops: Op[] = data === undefined ? [] : [{ op: 'WRITE', addr: data.addr, data: data.bytes }];
      const entry = elf.symbols.find((symbol) => symbol.name === ENTRY)!.value | 1;
      const reply = await link.execute([...ops, { op: 'RUN', entry }]);
      const result = reply.results.at(-1);
      if (reply.status !== 'OK' || result?.op !== 'RUN') throw new Error(`the image's ${ENTRY} ended ${reply.status}`);
      return { value: result.value | 0, micros: result.micros };
    } finally {
      await link.close();
    }
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** Prints how long each example's work takes streamed, over the same work in the image: compiled as one would
 *  without barewire, and from the very object that was streamed, in which calls that a redefinition may change are
 *  kept real instead of inlined. */
export async function benchExamples(): Promise<void> {
  heading('Execution, streamed over compiled into the image, pico-sim');
  const board = findBoard('pico-sim')!;
  for (const name of Object.keys(WORK)) {
    const source = sourceOf(name);
    const ours = await streamed(board.name, source);
    const plain = await aheadOfTime(board, compiledPlainly(board, source));
    const same = await aheadOfTime(board, await compiledForPrompt(board, source));
    for (const { value } of [plain, same]) {
      if (ours.value !== value) throw new Error(`${name}: ${ours.value} streamed, ${value} in the image`);
    }
    const over = ours.micros / plain.micros;
    const compared = `${plain.micros} µs in the image, ratio ${ratio(over)}; same object in the image ${ratio(ours.micros / same.micros)}`;
    figure(name, `${ours.micros} µs`, compared, { text: AIM.toFixed(2), met: over <= AIM + TOLERANCE });
  }
}
