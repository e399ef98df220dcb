// The board `wasm`: what it takes to install and to start, Enter → value, the size of a block before and after binaryen,
// calls through the table against calls that a redefinition would have to make anew, and the examples against the same
// code compiled for this machine.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ARENA, MEMORY_PAGES } from '../boards/sim/wasm/layout.js';
import { moduleOf } from '../boards/sim/wasm/loader.js';
import { type FunctionRecord, recordAt } from '../boards/sim/wasm/record.js';
import { openSession } from '../host/session/open.js';
import type { Session } from '../host/session/session.js';
import { findYowasp } from '../host/toolchain/find-yowasp.js';
import { findToolchain } from '../host/toolchain/toolchain.js';
import { ENTRY, sourceOf, WORK } from './examples.js';
import { bytesBelow } from './folder.js';
import { figure, heading, median, ms, ratio } from './report.js';
import { loops } from './wasm-loops.js';
import { benchWasmStart } from './wasm-start.js';

const BOARD = 'wasm';
const ROUNDS = 30;
const START_AIM_MS = 1500;
const ENTER_AIM_MS = 150;
/** A person needs longer than this from one Enter to the next. */
const PAUSE_MS = 500;

const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, PAUSE_MS));

/** Prints all of it. */
export async function benchWasm(): Promise<void> {
  const yowasp = findYowasp();
  if (yowasp === undefined) {
    heading('The board wasm: clang from npm is not installed');
    return;
  }
  heading('The board wasm');
  const clangMb = bytesBelow(dirname(dirname(fileURLToPath(yowasp.url)))) / 1e6;
  const binaryenMb = bytesBelow(dirname(fileURLToPath(import.meta.resolve('binaryen')))) / 1e6;
  figure(
    'installed, clang from npm',
    `${clangMb.toFixed(0)} MB`,
    `binaryen, which is not needed, ${binaryenMb.toFixed(0)} MB`,
  );
  await benchWasmStart();
  await (await openSession({ board: BOARD })).close();
  const starts: number[] = [];
  let session: Session | undefined;
  for (let round = 0; round < 5; round++) {
    await session?.close();
    const start = performance.now();
    session = await openSession({ board: BOARD });
    starts.push(performance.now() - start);
  }
  const start = median(starts);
  figure('of it, opening the session', ms(start), 'in a process that has loaded all modules', {
    text: `≤ ${START_AIM_MS} ms`,
    met: start <= START_AIM_MS,
  });
  try {
    await latencies(session!);
    await blockSizes(session!);
  } finally {
    await session!.close();
  }
  await calls();
  await loops();
  await examples();
}

async function latencies(session: Session): Promise<void> {
  await session.evaluate('int f(int a) { return a * 2; }');
  const kinds: [string, (round: number) => string][] = [
    ['1+1', () => '1+1'],
    ['f(21), a call', () => 'f(21)'],
    ['a function', (round) => `int g${round}(int n) { int s = 0; for (int i = 0; i < n; i++) s += f(i); return s; }`],
  ];
  for (const [name, input] of kinds) {
    const [totals, compiles, boards]: [number[], number[], number[]] = [[], [], []];
    for (let round = -3; round < ROUNDS; round++) {
      await pause();
      const start = performance.now();
      const { timing } = await session.evaluate(input(round + 3));
      if (round < 0) continue;
      totals.push(performance.now() - start);
      compiles.push(timing.compileMs);
      boards.push(timing.boardMs);
    }
    const total = median(totals);
    const parts = `compile ${ms(median(compiles))}, wire and run ${ms(median(boards))}`;
    figure(`Enter → value, ${name}`, ms(total), parts, { text: `≤ ${ENTER_AIM_MS} ms`, met: total <= ENTER_AIM_MS });
  }
}

/** All functions that lie in the arena now, as one module, before and after binaryen. */
async function blockSizes(session: Session): Promise<void> {
  const { default: binaryen } = await import('binaryen');
  for (const [name, text] of [
    [
      'a function of four lines',
      'int four(int n) {\n  int s = 0;\n  for (int i = 0; i < n; i++) s += i;\n  return s;\n}',
    ],
    ['first std::vector<int>', 'std::vector<int> numbers{1, 2}; numbers.push_back(3);'],
  ] as const) {
    const before = await recordsOn(session);
    await session.evaluate(text);
    const known = new Set(before.map(({ addr }) => addr));
    const records = (await recordsOn(session)).filter(({ addr }) => !known.has(addr));
    const { bytes } = moduleOf(records, 0, MEMORY_PAGES, (addr) => addr % 1000);
    const module = binaryen.readBinary(bytes);
    module.setFeatures(binaryen.Features.All);
    binaryen.setOptimizeLevel(2);
    binaryen.setShrinkLevel(1);
    const start = performance.now();
    module.optimize();
    const after = module.emitBinary();
    const tookMs = performance.now() - start;
    const stands = records.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    figure(
      `${name}, module`,
      `${bytes.length} bytes`,
      `${after.length} after binaryen -Os (${ms(tookMs)}); ${stands} as records on the board`,
    );
    module.dispose();
  }
}

async function recordsOn(session: Session): Promise<FunctionRecord[]> {
  const memory = new Uint8Array(ARENA.addr + ARENA.sizeBytes);
  for (const { addr, len } of session.linker.constantRanges()) {
    for (let at = 0; at < len; at += 512) {
      const step = Math.min(512, len - at);
      const [read] = (await session.link.execute([{ op: 'READ', addr: addr + at, len: step }])).results;
      if (read?.op === 'READ') memory.set(read.data, addr + at);
    }
  }
  const view = new DataView(memory.buffer);
  const found: FunctionRecord[] = [];
  for (let at = ARENA.addr; at < memory.length; at += 4) {
    const record = recordAt(memory, view, at);
    if (record?.kind === 'function') found.push(record);
  }
  return found;
}

const CALLS = 20_000_000;
const CALLERS = 50;

/** What a call costs through the table, and as an import that has to be given anew; and what redefinition costs then. */
async function calls(): Promise<void> {
  const { default: binaryen } = await import('binaryen');
  const binary = (text: string): Uint8Array => {
    const module = binaryen.parseText(text);
    const bytes = module.emitBinary();
    module.dispose();
    return bytes;
  };
  const type = '(type $f (func (param i32) (result i32)))';
  const caller = (imports: string, call: string): Uint8Array =>
    binary(`(module ${type} ${imports} (func (export "run") (param i32) (result i32) (local $n i32)
      (loop $l (local.set 0 ${call}) (local.set $n (i32.add (local.get $n) (i32.const 1)))
        (br_if $l (i32.lt_u (local.get $n) (i32.const ${CALLS})))) (local.get 0)))`);
  const callee = binary(`(module ${type} (func (export "f") (type $f) (i32.add (local.get 0) (i32.const 3))))`);
  const byTable = caller('(import "e" "t" (table 1 funcref))', '(call_indirect (type $f) (local.get 0) (i32.const 0))');
  const byImport = caller('(import "e" "f" (func $g (type $f)))', '(call $g (local.get 0))');
  const table = new WebAssembly.Table({ element: 'anyfunc', initial: 1 });
  const fresh = (): unknown => new WebAssembly.Instance(new WebAssembly.Module(callee), {}).exports.f;
  table.set(0, fresh());
  const timed = (act: () => void): number => {
    const start = performance.now();
    act();
    return performance.now() - start;
  };
  const runOf = (bytes: Uint8Array, e: Record<string, unknown>): (() => void) => {
    const { run } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { e }).exports as { run(n: number): void };
    return () => run(1);
  };
  const [viaTable, viaImport] = [runOf(byTable, { t: table }), runOf(byImport, { f: fresh() })];
  const nanos = (run: () => void): number => (median([1, 2, 3, 4, 5].map(() => timed(run))) / CALLS) * 1e6;
  const [tableNs, importNs] = [nanos(viaTable), nanos(viaImport)];
  figure(
    'a call through the table',
    `${tableNs.toFixed(2)} ns`,
    `${importNs.toFixed(2)} ns as an import, ratio ${ratio(tableNs / importNs)}`,
  );
  const redefineMs = median([1, 2, 3, 4, 5].map(() => timed(() => table.set(0, fresh()))));
  const againMs = median(
    [1, 2, 3, 4, 5].map(() =>
      timed(() => {
        const f = fresh();
        for (let i = 0; i < CALLERS; i++) runOf(byImport, { f });
      }),
    ),
  );
  figure(
    `redefinition with ${CALLERS} callers, in the engine`,
    ms(redefineMs),
    `${ms(againMs)} by making the callers anew`,
  );
}

/** Prints each example's time here over the same compiled for this machine. */
async function examples(): Promise<void> {
  const { clang } = findToolchain();
  const dir = mkdtempSync(join(tmpdir(), 'barewire-bench-'));
  try {
    for (const name of Object.keys(WORK)) {
      const source = sourceOf(name);
      const session = await openSession({ board: BOARD });
      let micros: number;
      try {
        await session.evaluate(source);
        // Engines compile code better once it has run for a while.
        const runs: number[] = [];
        for (let round = 0; round < ROUNDS; round++) runs.push((await session.call(ENTRY))!.micros);
        micros = Math.min(...runs);
      } finally {
        await session.close();
      }
      if (clang === undefined) {
        figure(name, `${micros} µs`, 'no native clang to compare with');
        continue;
      }
      const [file, program] = [join(dir, `${name}.cpp`), join(dir, name)];
      writeFileSync(
        file,
        `#include <cstdint>\n#include <chrono>\n${source.replace('int main(', 'int example_main(')}
#include <cstdio>
int main() { long best = 1L << 60; for (int i = 0; i < 5; i++) { auto t = std::chrono::steady_clock::now(); volatile auto v = ${ENTRY}(); (void)v;
  long us = std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - t).count(); if (us < best) best = us; }
  std::printf("%ld", best); }\n`,
      );
      execFileSync(clang.path, ['-Os', '-std=gnu++20', '-x', 'c++', file, '-o', program, '-lstdc++', '-lm'], {
        stdio: 'pipe',
      });
      const native = Number(execFileSync(program, { encoding: 'utf8' }));
      figure(name, `${micros} µs`, `${native} µs native, ratio ${ratio(micros / Math.max(native, 1))}`);
    }
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
