// From what a check left behind to numbers: pure functions, so that the closing line can be trusted.

/** What a stage of the checks came to. */
export interface StageResult {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** What to show: names of failures, or the output of the command. */
  readonly report: string;
}

/** How a command ended. */
export interface CommandEnd {
  /** `undefined` when it was stopped by us. */
  readonly exitCode: number | undefined;
  readonly output: string;
  readonly seconds: number;
}

/** A command that is one check. */
export function resultOfCommand({ exitCode, output, seconds }: CommandEnd): StageResult {
  const passed = exitCode === 0 ? 1 : 0;
  return { passed, failed: 1 - passed, skipped: 0, report: passed === 1 ? '' : endNote(exitCode, output, seconds) };
}

interface VitestAssertion {
  readonly status: string;
  readonly fullName: string;
  readonly failureMessages?: readonly string[];
}

interface VitestReport {
  readonly success: boolean;
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly message?: string;
    readonly assertionResults: readonly VitestAssertion[];
  }[];
}

/** Counts the tests of a vitest run.
 *  @param json what its JSON reporter wrote; `undefined` when it wrote nothing
 *  A file that did not load is one failure; so is a run that found no test, that did not end well although no test
 *  failed, or that was stopped. */
export function resultOfVitest(json: string | undefined, end: CommandEnd): StageResult {
  const report = parseReport(json);
  if (report === undefined) {
    return {
      passed: 0,
      failed: 1,
      skipped: 0,
      report: `no test report\n${endNote(end.exitCode, end.output, end.seconds)}`,
    };
  }
  const complaints: string[] = [];
  let passed = 0;
  let failed = 0;
  let skipped = 0;
  for (const file of report.testResults) {
    for (const { status, fullName, failureMessages } of file.assertionResults) {
      if (status === 'passed') passed++;
      else if (status === 'failed') {
        failed++;
        complaints.push(`✗ ${file.name}\n  ${fullName}\n${indent(ownLines((failureMessages ?? []).join('\n')))}`);
      } else skipped++;
    }
    if (file.status === 'failed' && !file.assertionResults.some(({ status }) => status === 'failed')) {
      failed++;
      complaints.push(`✗ ${file.name}\n${indent(file.message ?? 'did not load')}`);
    }
  }
  if (passed + failed === 0) {
    failed = 1;
    complaints.push(`✗ not one test ran${skipped === 0 ? '' : ` (${skipped} skipped)`}`);
  }
  if (failed === 0 && end.exitCode !== 0) {
    failed = 1;
    complaints.push(`✗ ${endNote(end.exitCode, end.output, end.seconds)}`);
  }
  return { passed, failed, skipped, report: complaints.join('\n') };
}

/** What skipped tests lacked by their names, `… needs an MPU`, and how many lacked it; most first. Tests that were not asked
 *  for are left out.
 *  @param json what vitest's JSON reporter wrote */
export function skippedNeeds(json: string): { readonly need: string; readonly count: number }[] {
  const counts = new Map<string, number>();
  for (const { assertionResults } of parseReport(json)?.testResults ?? []) {
    for (const { status, fullName } of assertionResults) {
      const [, need] = ((status === 'skipped' || status === 'pending') && / needs (.+)$/.exec(fullName)) || [];
      if (need !== undefined) counts.set(need, (counts.get(need) ?? 0) + 1);
    }
  }
  return [...counts].map(([need, count]) => ({ need, count })).sort((a, b) => b.count - a.count);
}

/** The closing line: alone, and the last. */
export function closingLine(results: readonly StageResult[]): string {
  const sum = (pick: (result: StageResult) => number): number => results.reduce((total, each) => total + pick(each), 0);
  return `${sum((each) => each.passed)} passed, ${sum((each) => each.failed)} failed`;
}

function parseReport(json: string | undefined): VitestReport | undefined {
  if (json === undefined) return undefined;
  try {
    const report = JSON.parse(json) as Partial<VitestReport>;
    return Array.isArray(report.testResults) ? (report as VitestReport) : undefined;
  } catch {
    return undefined;
  }
}

function endNote(exitCode: number | undefined, output: string, seconds: number): string {
  const how = exitCode === undefined ? `stopped after ${seconds.toFixed(0)} s` : `ended with exit code ${exitCode}`;
  return `${how}\n${output.trimEnd()}`;
}

// Without the stack frames of the test runner.
function ownLines(text: string): string {
  return text
    .split('\n')
    .filter((line) => !/^\s+at .*(node_modules|node:internal|new Promise \(<anonymous>\))/.test(line))
    .join('\n');
}

function indent(text: string): string {
  return text
    .split('\n')
    .map((line) => `    ${line}`)
    .join('\n');
}
