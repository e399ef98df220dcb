// Features that a core has not are not said to be off: what comes out is the same.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ALL_BOARDS } from '../../boards/index.js';
import { machineFlags } from '../../boards/machine-flags.js';
import { askDriver } from '../../host/compile/ask-driver.js';
import { cpuFeatures, withoutNeedless } from '../../host/compile/cpu-features.js';
import { runClang } from '../../host/compile/run-clang.js';
import { findToolchain } from '../../host/toolchain/toolchain.js';

const PATIENCE_MS = 60_000;

/** Whatever a feature may change: floats of each size, division, unaligned words, bit tricks, inline assembly, vectors. */
const SOURCE = `
struct __attribute__((packed)) Packed { char a; unsigned word; unsigned short half; unsigned long long twice; };
float fused(float a, float b, float c) { return a * b + c; }
double wide(double a, int b) { return a / b; }
void half(__fp16 *a, float b) { *a = *a * b; }
int divide(int a, int b) { return a / b + a % b; }
unsigned unaligned(Packed *p) { p->twice += p->half; return p->word; }
int bits(unsigned a) { return __builtin_clz(a) + __builtin_ctz(a) + __builtin_popcount(a) + __builtin_bswap32(a); }
int saturated(short a, short b) { return a * b; }
long long multiplied(int a, int b) { return (long long)a * b; }
void copy(int *to, const int *from, int n) { for (int i = 0; i < n; i++) to[i] = from[i] * 3; }
void nothing() { asm volatile("nop"); }
int many(int n) { int a[16]; for (int &each : a) each = n++; int s = 0; for (int each : a) s += each * each; return s; }
bool taken(int *p) { return __atomic_exchange_n(p, 1, __ATOMIC_SEQ_CST); }
`;

const MACHINES = [
  ...new Map(ALL_BOARDS.map((board) => [machineFlags(board).join(' '), board] as const)).values(),
].filter(({ arch }) => arch !== 'wasm32');

describe.each(MACHINES)('the core of $name', (board) => {
  let dir = '';
  let clang = '';
  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), 'barewire-features-'));
    clang = findToolchain(board).clang!.path;
    writeFileSync(join(dir, 'x.cpp'), SOURCE);
  });
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  const made = async (words: readonly string[], output: string): Promise<string> => {
    const result = await runClang(clang, words, dir, PATIENCE_MS);
    expect([result.code, result.stderr]).toEqual([0, expect.not.stringContaining('error:')]);
    return readFileSync(join(dir, output)).toString('hex');
  };

  test.each(['-Os', '-O0'])('has the same code and macros by fewer words at %s', async (level) => {
    const flags = [...machineFlags(board), level, '-g', '-fdebug-compilation-dir=.', '-x', 'c++'];
    const toObject = await askDriver(clang, [...flags, '-c', 'x.cpp', '-o', 'x.o'], dir, PATIENCE_MS);
    const toMacros = await askDriver(clang, [...flags, '-dM', '-E', 'x.cpp', '-o', 'x.i'], dir, PATIENCE_MS);
    const ofCpu = await cpuFeatures(clang, toObject, dir, PATIENCE_MS);
    const fewer = withoutNeedless(toObject, ofCpu);
    expect(fewer.length).toBeLessThan(toObject.length - 50);
    expect(await made(fewer, 'x.o')).toBe(await made(toObject, 'x.o'));
    expect(await made(withoutNeedless(toMacros, ofCpu), 'x.i')).toBe(await made(toMacros, 'x.i'));
  });
});

test('a feature that a core has by itself stays off when it is turned off', () => {
  const words = ['-cc1', '-target-feature', '-fp64', '-target-feature', '-neon', '-target-feature', '+dsp', '-Os'];
  const fewer = ['-cc1', '-target-feature', '-fp64', '-target-feature', '+dsp', '-Os'];
  expect(withoutNeedless(words, new Set(['fp64', 'dsp']))).toEqual(fewer);
});

test('without word from clang everything is said', () => {
  const words = ['-cc1', '-target-feature', '-neon'];
  expect(withoutNeedless(words, undefined)).toEqual(words);
});
