// Builds and runs the coverage-guided fuzzer of the stub's core (stub-fuzzer.c).

import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { firmwareFolder } from '../../firmware-stub/build.js';
import { packageRoot } from '../../host/diag/package-root.js';
import { findFuzzer } from '../../host/toolchain/find-fuzzer.js';
import { runCommand } from '../support/run-command.js';

/** Inputs that each reach something of their own, one a line. */
const CORPUS = join(packageRoot(), 'test', 'fuzz', 'corpus', 'stub.hex');

/** Writes the corpus as files, as libFuzzer wants it. */
function unpackCorpus(folder: string): void {
  mkdirSync(folder);
  const lines = readFileSync(CORPUS, 'utf8').trim().split('\n');
  for (const [index, line] of lines.entries()) writeFileSync(join(folder, String(index)), Buffer.from(line, 'hex'));
}

export interface FuzzReport {
  readonly ok: boolean;
  /** Inputs tried. */
  readonly runs: number;
  /** What the fuzzer said, its end. */
  readonly words: string;
  /** The input that broke it. */
  readonly culprit: Uint8Array | undefined;
}

/** Fuzzes for `seconds`, from the corpus in the repository.
 *  @param keep folder that inputs which reach something new are added to; they are thrown away without it
 *  @throws when clang's fuzzer is not installed, or the program does not compile */
export async function fuzzStub(seconds: number, seed: number, keep?: string): Promise<FuzzReport> {
  const clang = findFuzzer();
  if (clang === undefined) throw new Error('no libFuzzer for clang: `npm run setup -- --tests` installs it');
  const folder = mkdtempSync(join(tmpdir(), 'barewire-fuzz-'));
  try {
    const program = join(folder, 'fuzzer');
    compile(clang, program);
    const corpus = join(folder, 'corpus');
    unpackCorpus(corpus);
    const fresh = keep ?? join(folder, 'fresh');
    mkdirSync(fresh, { recursive: true });
    const args = [
      `-max_total_time=${seconds}`,
      `-seed=${seed}`,
      '-max_len=4096',
      '-timeout=20',
      '-rss_limit_mb=1024',
      '-print_final_stats=1',
      `-artifact_prefix=${join(folder, 'crash')}-`,
      fresh,
      corpus,
    ];
    const end = await runCommand([program, ...args], seconds + 60, folder);
    const crash = readdirSync(folder).find((name) => /^crash-/.test(name));
    return {
      ok: end.exitCode === 0,
      runs: Number(/number_of_executed_units:\s*(\d+)/.exec(end.output)?.[1] ?? 0),
      words: end.output.slice(-4000),
      culprit: crash === undefined ? undefined : new Uint8Array(readFileSync(join(folder, crash))),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function compile(clang: string, program: string): void {
  const firmware = firmwareFolder();
  const core = join(firmware, 'core');
  const sources = readdirSync(core)
    .filter((name) => name.endsWith('.c'))
    .map((name) => join(core, name));
  const includes = [join(packageRoot(), 'test', 'stub'), core, join(firmware, 'generated')].map((name) => `-I${name}`);
  const sanitizers = ['-fsanitize=fuzzer,address,undefined', '-fno-sanitize-recover=all'];
  const all = ['-std=c11', '-g', '-O1', '-DSTUB_MAX_FRAME=256u', ...sanitizers, ...includes, ...sources];
  const target = join(packageRoot(), 'test', 'fuzz', 'stub-fuzzer.c');
  const { status, stderr } = spawnSync(clang, [...all, target, '-o', program], { encoding: 'utf8', timeout: 120_000 });
  if (status !== 0) throw new Error(`the fuzzer does not compile:\n${stderr}`);
}

/** Keeps the smallest corpus that reaches what `from` reaches. */
export function mergeCorpus(from: string): void {
  const clang = findFuzzer()!;
  const folder = mkdtempSync(join(tmpdir(), 'barewire-fuzz-'));
  try {
    const program = join(folder, 'fuzzer');
    compile(clang, program);
    const corpus = join(folder, 'corpus');
    unpackCorpus(corpus);
    const smallest = join(folder, 'smallest');
    mkdirSync(smallest);
    const args = ['-merge=1', '-max_len=128', smallest, corpus, from];
    spawnSync(program, args, { stdio: 'ignore', timeout: 600_000 });
    const lines = readdirSync(smallest).map((name) => readFileSync(join(smallest, name)).toString('hex'));
    lines.sort((a, b) => a.length - b.length || (a < b ? -1 : 1));
    if (lines.length > 0) writeFileSync(CORPUS, `${lines.join('\n')}\n`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
