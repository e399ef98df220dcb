import { expect, test } from 'vitest';
import type { TypedInput } from '../../host/session/input-record.js';
import { shownValue } from '../../host/session/versions.js';

const versions = new Map([['P', 'P__v3']]);
const input = (number: number, name: string): TypedInput => {
  const plan = { key: `type ${name}`, names: [name], text: `struct ${name} {};`, once: true, scopes: [] };
  const item = { kind: 'type' as const, start: 0, end: 0, names: ['P'], edits: [], declares: [plan], functions: [] };
  return { input: number, fileName: undefined, unit: { text: '', items: [item], trailing: undefined } };
};
const inputs = (): TypedInput[] => [input(1, 'P'), input(4, 'P__v2'), input(6, 'P__v3')];

test.each([
  ['(P__v3) {x = 1}', '(P) {x = 1}'],
  ['(P) {x = 1}', '(P from input 1) {x = 1}'],
  ['(P__v2) {x = 1}', '(P from input 4) {x = 1}'],
  ['(P__v2 *) nullptr', '(P *, P from input 4) nullptr'],
  ['(int (*)(P)) nullptr', '(int (*)(P), P from input 1) nullptr'],
  ['(ns::P) {x = 1}', '(ns::P) {x = 1}'],
  ['(int) 3', '(int) 3'],
])('%s is shown as %s', (value, shown) => expect(shownValue(value, versions, inputs)).toBe(shown));
