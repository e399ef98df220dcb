// The closing line of `npm test` is only worth something if nothing can be lost on the way to it.

import { describe, expect, test } from 'vitest';
import {
  type CommandEnd,
  closingLine,
  resultOfCommand,
  resultOfVitest,
  skippedNeeds,
} from '../support/check-results.js';

const fine: CommandEnd = { exitCode: 0, output: '', seconds: 1 };

function report(
  ...files: readonly { name: string; tests: readonly string[]; status?: string; message?: string }[]
): string {
  return JSON.stringify({
    success: true,
    testResults: files.map(({ name, tests, status, message }) => ({
      name,
      status: status ?? (tests.includes('failed') ? 'failed' : 'passed'),
      message,
      assertionResults: tests.map((each, i) => ({
        status: each,
        fullName: `test ${i}`,
        failureMessages: ['expected 1'],
      })),
    })),
  });
}

test('what skipped tests needed is counted by their names; those that were not asked for are left out', () => {
  const results = [
    ['on a needs an MPU', 'skipped'],
    ['on a f() needs 32 KiB of RAM', 'pending'],
    ['on a g() needs 32 KiB of RAM', 'skipped'],
    ['on a says what it needs an MPU', 'passed'],
    ['another test', 'skipped'],
  ].map(([fullName, status]) => ({ fullName, status }));
  const json = JSON.stringify({
    success: true,
    testResults: [{ name: 'x', status: 'passed', assertionResults: results }],
  });
  expect(skippedNeeds(json)).toEqual([
    { need: '32 KiB of RAM', count: 2 },
    { need: 'an MPU', count: 1 },
  ]);
});

describe('a command', () => {
  test('is one check, which passes by exit code 0', () => {
    expect(resultOfCommand(fine)).toEqual({ passed: 1, failed: 0, skipped: 0, report: '' });
  });

  test('that fails shows how it ended and all it said', () => {
    const result = resultOfCommand({ exitCode: 3, output: 'no\ngood\n', seconds: 1 });
    expect(result).toEqual({ passed: 0, failed: 1, skipped: 0, report: 'ended with exit code 3\nno\ngood' });
  });

  test('that was stopped at its limit has failed', () => {
    const result = resultOfCommand({ exitCode: undefined, output: 'half', seconds: 60.4 });
    expect(result).toMatchObject({ failed: 1, report: 'stopped after 60 s\nhalf' });
  });
});

describe('a vitest run', () => {
  test('is counted test by test', () => {
    const json = report(
      { name: 'a', tests: ['passed', 'passed'] },
      { name: 'b', tests: ['passed', 'skipped', 'todo'] },
    );
    expect(resultOfVitest(json, fine)).toEqual({ passed: 3, failed: 0, skipped: 2, report: '' });
  });

  test('names the tests that failed, with their file', () => {
    const result = resultOfVitest(report({ name: 'a.test.ts', tests: ['passed', 'failed'] }), { ...fine, exitCode: 1 });
    expect(result).toMatchObject({ passed: 1, failed: 1 });
    expect(result.report).toBe('✗ a.test.ts\n  test 1\n    expected 1');
  });

  test('with a file that did not load has one failure more', () => {
    const json = report(
      { name: 'a', tests: ['passed'] },
      { name: 'b', tests: [], status: 'failed', message: 'no module' },
    );
    const result = resultOfVitest(json, { ...fine, exitCode: 1 });
    expect(result).toMatchObject({ passed: 1, failed: 1, report: '✗ b\n    no module' });
  });

  test('that found no test has failed, also when all were skipped', () => {
    expect(resultOfVitest(report(), fine)).toMatchObject({ passed: 0, failed: 1, report: '✗ not one test ran' });
    expect(resultOfVitest(report({ name: 'a', tests: ['skipped'] }), fine)).toMatchObject({ failed: 1, skipped: 1 });
  });

  test('that wrote no report, or half of one, has failed', () => {
    expect(resultOfVitest(undefined, { ...fine, output: 'crashed' })).toMatchObject({ passed: 0, failed: 1 });
    expect(resultOfVitest('{"testResults":[', fine)).toMatchObject({ passed: 0, failed: 1 });
    expect(resultOfVitest('{}', fine)).toMatchObject({ passed: 0, failed: 1 });
  });

  test('that ended badly although no test failed has failed', () => {
    const json = report({ name: 'a', tests: ['passed'] });
    const result = resultOfVitest(json, { exitCode: 1, output: 'unhandled rejection', seconds: 1 });
    expect(result).toMatchObject({ passed: 1, failed: 1 });
    expect(result.report).toContain('unhandled rejection');
    expect(resultOfVitest(json, { ...fine, exitCode: undefined }).failed).toBe(1);
  });
});

test('the closing line adds everything up', () => {
  const results = [
    { passed: 2, failed: 0, skipped: 1, report: '' },
    { passed: 40, failed: 3, skipped: 0, report: '' },
  ];
  expect(closingLine(results)).toBe('42 passed, 3 failed');
  expect(closingLine([])).toBe('0 passed, 0 failed');
});
