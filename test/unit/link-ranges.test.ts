// Which parts of the arena hold code and constants, and which hold variables.

import { expect, test } from 'vitest';
import { TestBoard } from './link-support.js';

const within = (ranges: readonly { addr: number; len: number }[], addr: number): boolean =>
  ranges.some((range) => (addr & ~1) >= range.addr && (addr & ~1) < range.addr + range.len);

test('code and constants are told from variables; neighbours are one range; what is replaced counts until forgotten', () => {
  const board = new TestBoard();
  board.add('int f(int a) { return a * 2; } const char *text = "constant"; int n = 7; int zero[40];');
  board.add('int f(int); extern int n, zero[40]; int g(int a) { return f(a) + n + zero[a]; }');
  const old = board.link.addressOf('_Z1fi')!;
  board.add('int f(int a) { volatile int many = a; return many * 3 + 1; }');
  const { link } = board;
  const constants = link.constantRanges();
  const variables = link.variableRanges();
  const addr = (name: string): number => link.addressOf(name)!;
  for (const name of ['_Z1fi', '_Z1gi']) {
    expect(within(constants, addr(name))).toBe(true);
    expect(within(variables, addr(name))).toBe(false);
  }
  expect(within(constants, board.word(addr('text')))).toBe(true);
  for (const name of ['n', 'zero', 'text']) {
    expect(within(variables, addr(name))).toBe(true);
    expect(within(constants, addr(name))).toBe(false);
  }
  expect(within(constants, old)).toBe(true);
  for (const ranges of [constants, variables]) {
    ranges.slice(1).forEach((range, index) => {
      expect(range.addr).toBeGreaterThan(ranges[index]!.addr + ranges[index]!.len);
    });
  }
});
