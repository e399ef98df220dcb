// Older stores of declarations are made from newer ones: whatever is declared, taken back and declared again, each
// reads as it did when it was the newest.

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DeclarationStore, declarationsOf } from '../../host/unit/declarations.js';
import { loadParser } from '../../host/unit/parser.js';

const parser = await loadParser();
setFlagsFromString('--expose_gc');
const collect = runInNewContext('gc') as () => void;

const INPUTS = [
  'int f(int a) { return a; }',
  'int f(int a = 2) { return a; }',
  'float f(float a) { return a; }',
  'int x;',
  'float x;',
  'struct P { int a; };',
  'struct P { int a, b; };',
  'P p;',
  'constexpr int k() { return sizeof(P); }',
  '#define N 3',
  '#define N 4',
  'int a[N];',
  'auto [m, n] = g();',
  'int m;',
  'namespace q { int z; }',
].map((text) => declarationsOf(parser.split(text)));

test('a store reads as it did when it was the newest', async () => {
  const step = fc.record({ from: fc.nat(30), input: fc.nat(INPUTS.length - 1) });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 30 }), async (steps) => {
      const stores = [{ store: DeclarationStore.empty, text: '' }];
      for (const { from, input } of steps) {
        // Mostly the last one; sometimes an earlier one, as after `:undo`.
        const base = stores[Math.max(0, stores.length - 1 - (from < 24 ? 0 : from - 24))]!;
        const store = base.store.add(INPUTS[input]!);
        stores.push({
          store,
          text: store
            .list()
            .map((each) => each.text)
            .join(''),
        });
      }
      await new Promise(setImmediate);
      collect();
      for (const { store, text } of stores) expect(store.text()).toBe(text);
      for (const { store, text } of [...stores].reverse())
        expect(
          store
            .list()
            .map((each) => each.text)
            .join(''),
        ).toBe(text);
    }),
    { numRuns: 60, seed: 20_25 },
  );
});
