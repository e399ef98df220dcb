// `npm run conformance [BOARD …]`: one suite on every simulated board, unchanged. A line a board says what passed and what
// failed, what was skipped and what the board lacks for it, the free arena of a new session, and the time. The exit code is
// 1 if anything failed.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { BOARDS } from '../../boards/index.js';
import { packageRoot } from '../../host/diag/package-root.js';
import { openSession } from '../../host/session/open.js';
import { resultOfVitest, skippedNeeds } from './check-results.js';
import { endRunning, runCommand } from './run-command.js';

/** Language, values, libraries, redefinition: the transcripts. Then faults, break, link and the rest. */
const SUITES = [
  'test/repl/transcripts.test.ts',
  ...[
    'command-line',
    'cxx-library',
    'failed-inputs',
    'faults',
    'faults-riscv',
    'interrupts',
    'link',
    'memory',
    'on-irq',
    'output',
    'recovery',
    'reset',
    'resume',
    'safe',
    'stub-memory',
    'time',
  ].map((name) => `test/sim/${name}.test.ts`),
];

const LIMIT_SECONDS = 40 * 60;

async function freeArena(board: string): Promise<number> {
  const session = await openSession({ board });
  try {
    return session.linker.usage().freeBytes;
  } finally {
    await session.close();
  }
}

function vitest(): string {
  const manifest = createRequire(join(packageRoot(), 'package.json')).resolve('vitest/package.json');
  const { bin } = JSON.parse(readFileSync(manifest, 'utf8')) as { bin: { vitest: string } };
  return join(dirname(manifest), bin.vitest);
}

/** Runs the suite on a board.
 *  @returns whether all of it passed */
async function conform(board: string): Promise<boolean> {
  const folder = mkdtempSync(join(tmpdir(), 'barewire-conformance-'));
  const file = join(folder, 'report.json');
  try {
    const free = await freeArena(board);
    // Tests that are not of this board have another board's name, or none.
    const words = ['run', ...SUITES, '-t', `(?:on|with) ${board}(?: |$)`, '--reporter=json', `--outputFile=${file}`];
    const command = [process.execPath, vitest(), ...words];
    const end = await runCommand(command, LIMIT_SECONDS, packageRoot(), { BAREWIRE_BOARDS: board });
    const json = readFileSync(file, 'utf8');
    const { passed, failed, report } = resultOfVitest(json, end);
    const needs = skippedNeeds(json);
    const skipped = needs.reduce((sum, { count }) => sum + count, 0);
    const words2 = needs.map(({ need, count }) => (count === 1 ? need : `${need} (${count})`)).join('; ');
    console.log(
      `| \`${board}\` | ${passed} | ${failed} | ${skipped}${words2 === '' ? '' : `: ${words2}`} | ${free.toLocaleString('en-US')} | ${end.seconds.toFixed(0)} |`,
    );
    if (report !== '') console.error(report);
    return failed === 0;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function main(wanted: readonly string[]): Promise<number> {
  const names = BOARDS.filter(({ simulator }) => simulator !== undefined).map(({ name }) => name);
  const unknown = wanted.filter((name) => !names.includes(name));
  if (unknown.length > 0) {
    console.error(`no simulated board ${unknown.join(', ')}; there are ${names.join(', ')}`);
    return 2;
  }
  console.log('| board | passed | failed | skipped, for want of | free arena, bytes | seconds |');
  console.log('| --- | --- | --- | --- | --- | --- |');
  let good = true;
  for (const board of wanted.length === 0 ? names : wanted) good = (await conform(board)) && good;
  return good ? 0 : 1;
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    endRunning();
    process.exit(1);
  });
}
process.exitCode = await main(process.argv.slice(2));
