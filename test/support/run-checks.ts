// `npm test`: all checks, in the order in which a failure is cheapest to understand. A stage that fails is shown
// with all it said and does not stop the later ones. The last line is `N passed, N failed`; the exit code is 1
// if anything failed, a stage that should have run tests and ran none included.
//
//     node dist/test/support/run-checks.js [STAGE …]       only these stages: lint types architecture unit …

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { packageRoot } from '../../host/diag/package-root.js';
import { closingLine, resultOfCommand, resultOfVitest, type StageResult } from './check-results.js';
import { endRunning, runCommand } from './run-command.js';

interface Stage {
  readonly name: string;
  readonly title: string;
  readonly limitSeconds: number;
  /** Commands, each one check; a stage stops at its first that fails. */
  readonly commands?: readonly (readonly string[])[];
  /** Arguments of vitest: files, and what to leave out. */
  readonly vitest?: readonly string[];
}

const MINUTE = 60;
const ARCHITECTURE = 'test/unit/architecture.test.ts';

const STAGES: readonly Stage[] = [
  {
    name: 'lint',
    title: 'format and lint',
    limitSeconds: MINUTE,
    commands: [[...tool('@biomejs/biome', 'biome'), 'ci', '--colors=off', '.']],
  },
  {
    name: 'types',
    title: 'types',
    limitSeconds: 3 * MINUTE,
    commands: [
      [...tool('typescript', 'tsc'), '--noEmit', '-p', 'tsconfig.json'],
      // Later stages run what is compiled: it has to be what is checked.
      [...tool('typescript', 'tsc'), '-p', 'tsconfig.build.json'],
    ],
  },
  { name: 'architecture', title: 'architecture', limitSeconds: MINUTE, vitest: [ARCHITECTURE] },
  {
    name: 'unit',
    title: 'unit, property and vector tests',
    limitSeconds: 10 * MINUTE,
    vitest: ['test/unit', 'test/property', 'test/vectors', 'test/fuzz', '--exclude', ARCHITECTURE],
  },
  { name: 'stub', title: 'native stub, with sanitizers', limitSeconds: 10 * MINUTE, vitest: ['test/stub'] },
  {
    name: 'sizes',
    title: 'stub sizes',
    limitSeconds: 5 * MINUTE,
    commands: [[process.execPath, 'dist/firmware-stub/build.js', '--check']],
  },
  { name: 'sim', title: 'simulated boards', limitSeconds: 20 * MINUTE, vitest: ['test/sim'] },
  { name: 'repl', title: 'transcripts', limitSeconds: 20 * MINUTE, vitest: ['test/repl'] },
];

// The script behind a package's command, so that no shell and no npx stand in between.
function tool(packageName: string, command: string): string[] {
  const require = createRequire(join(packageRoot(), 'package.json'));
  const manifest = require.resolve(`${packageName}/package.json`);
  const { bin } = JSON.parse(readFileSync(manifest, 'utf8')) as { bin: string | Record<string, string> };
  const script = typeof bin === 'string' ? bin : bin[command];
  if (script === undefined) throw new Error(`${packageName} has no command ${command}`);
  return [process.execPath, join(dirname(manifest), script)];
}

async function runStage(stage: Stage): Promise<StageResult> {
  if (stage.vitest !== undefined) return runVitest(stage.vitest, stage.limitSeconds);
  let result: StageResult = { passed: 0, failed: 0, skipped: 0, report: '' };
  for (const command of stage.commands ?? []) {
    const one = resultOfCommand(await runCommand(command, stage.limitSeconds, packageRoot()));
    result = { ...one, passed: result.passed + one.passed };
    if (one.failed > 0) break;
  }
  return result;
}

async function runVitest(words: readonly string[], limitSeconds: number): Promise<StageResult> {
  const folder = mkdtempSync(join(tmpdir(), 'barewire-checks-'));
  const file = join(folder, 'report.json');
  try {
    const command = [...tool('vitest', 'vitest'), 'run', ...words, '--reporter=json', `--outputFile=${file}`];
    const end = await runCommand(command, limitSeconds, packageRoot());
    return resultOfVitest(readIfThere(file), end);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

async function main(wanted: readonly string[]): Promise<number> {
  const unknown = wanted.filter((name) => !STAGES.some((stage) => stage.name === name));
  if (unknown.length > 0) {
    console.error(`no stage ${unknown.join(', ')}; there are ${STAGES.map((stage) => stage.name).join(', ')}`);
    return 2;
  }
  const results: StageResult[] = [];
  for (const stage of STAGES.filter(({ name }) => wanted.length === 0 || wanted.includes(name))) {
    const started = performance.now();
    const result = await runStage(stage);
    results.push(result);
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    const skipped = result.skipped === 0 ? '' : `, ${result.skipped} skipped`;
    const mark = result.failed === 0 ? '✓' : '✗';
    console.log(`${mark} ${stage.title}: ${result.passed} passed, ${result.failed} failed${skipped} (${seconds} s)`);
    if (result.report !== '') console.log(result.report);
  }
  console.log(closingLine(results));
  return results.every((result) => result.failed === 0) ? 0 : 1;
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    endRunning();
    process.exit(1);
  });
}
process.exitCode = await main(process.argv.slice(2));
