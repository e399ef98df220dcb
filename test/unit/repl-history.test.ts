import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { appendHistory, loadHistory, parseHistory } from '../../host/repl/history.js';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'barewire-history-'));
  file = join(folder, 'state', 'history');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('an input of several lines comes back as one entry', () => {
  appendHistory(file, 'int f() {\n  return 1;\n}');
  appendHistory(file, '"tab\\t" // ä 😀');
  expect(loadHistory(file)).toEqual(['int f() {\n  return 1;\n}', '"tab\\t" // ä 😀']);
});

test('the file and its folder are private to the user', () => {
  appendHistory(file, 'secret');
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(statSync(join(folder, 'state')).mode & 0o777).toBe(0o700);
});

test('a file that others could read is closed to them when it is loaded', () => {
  mkdirSync(join(folder, 'state'));
  writeFileSync(file, '"a"\n', { mode: 0o644 });
  expect(loadHistory(file)).toEqual(['a']);
  expect(statSync(file).mode & 0o777).toBe(0o600);
});

test('only the newest entries are loaded, and a file of twice the limit is cut back to it', () => {
  for (let i = 0; i < 6; i++) appendHistory(file, `x${i}`);
  expect(loadHistory(file, 3)).toEqual(['x3', 'x4', 'x5']);
  expect(parseHistory(readFileSync(file, 'utf8'))).toHaveLength(6);
  appendHistory(file, 'x6');
  expect(loadHistory(file, 3)).toEqual(['x4', 'x5', 'x6']);
  expect(parseHistory(readFileSync(file, 'utf8'))).toEqual(['x4', 'x5', 'x6']);
  expect(statSync(file).mode & 0o777).toBe(0o600);
});

test('a line torn by a crash is skipped', () => {
  appendHistory(file, 'before');
  appendFileSync(file, '"half an ent\n42\n\n"  "\n');
  appendHistory(file, 'after');
  expect(loadHistory(file)).toEqual(['before', 'after']);
});

test('an entry of enormous length is not kept', () => {
  appendHistory(file, 'x'.repeat(100_000));
  expect(existsSync(file)).toBe(false);
});

test('a history that cannot be read or written is no error', () => {
  const blocked = join(folder, 'plain-file', 'history');
  writeFileSync(join(folder, 'plain-file'), '');
  expect(loadHistory(blocked)).toEqual([]);
  expect(() => appendHistory(blocked, 'x')).not.toThrow();
});
