// A linker's session goes back to a snapshot, any number of times and in any order.

import { expect, test } from 'vitest';
import { TestBoard } from './link-support.js';

const facts = ({ link }: TestBoard): unknown => ({
  usage: { ...link.usage(), holders: undefined },
  held: link.heldRanges(),
  variables: link.variableRanges(),
  names: ['n', '_Z1fi', '_Z1gi', 'later', 'kept'].map((name) => link.addressOf(name)),
  oldest: link.oldestUndo,
});

test('names, places and memory are what they were, after redefinitions, undo and new definitions', () => {
  const board = new TestBoard();
  board.add('int n = 1; int f(int a) { return a * 2; } int g(int a);');
  board.add('int f(int); extern int n; int g(int a) { return f(a) + n; }');
  const first = { facts: facts(board), snapshot: board.link.snapshot() };
  board.add('int f(int a) { volatile int many = a; return many * 3 + 1; }');
  board.add('long long n = 5; int later = 3;');
  const second = { facts: facts(board), snapshot: board.link.snapshot() };
  board.link.undo(4);
  board.add('int kept[40]; int f(int a) { return a; }');
  expect(facts(board)).not.toEqual(first.facts);

  board.link.restore(first.snapshot);
  expect(facts(board)).toEqual(first.facts);
  board.link.restore(second.snapshot);
  expect(facts(board)).toEqual(second.facts);
  board.link.restore(first.snapshot);
  expect(facts(board)).toEqual(first.facts);

  // The session goes on from there: callers are patched from what stands there now.
  const staged = board.stage('int f(int a) { return a + 9; }');
  expect(staged.patches).toHaveLength(1);
  board.link.commit(staged);
  board.link.undo(staged.input);
  expect(facts(board)).toEqual(first.facts);
});

test('what was staged before going back is stale', () => {
  const board = new TestBoard();
  board.add('int n;');
  const snapshot = board.link.snapshot();
  const staged = board.stage('int m;');
  board.link.restore(snapshot);
  expect(() => board.link.commit(staged)).toThrow('was staged before another input was committed');
});
