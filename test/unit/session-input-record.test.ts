import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ByteStore } from '../../host/session/byte-store.js';
import { InputRecord, isLasting, recordsBefore, replaceRecords, TypedInputs } from '../../host/session/input-record.js';
import { DeclarationStore } from '../../host/unit/declarations.js';
import { type CppParser, loadParser } from '../../host/unit/parser.js';

let parser: CppParser;
let store: ByteStore;
beforeAll(async () => {
  parser = await loadParser();
  store = new ByteStore();
});
afterAll(() => store.close());

const TWO = 'int g(int a) { return a; } int f(int a) { return g(a); }';

function recordOf(input: number, text: string): InputRecord | undefined {
  const unit = parser.split(text);
  const typed = new TypedInputs(store).with({ input, fileName: undefined, unit });
  return InputRecord.of(input, undefined, unit, DeclarationStore.empty, store, typed.last);
}

describe('what was typed', () => {
  test('is there as it was split', () => {
    const units = [TWO, 'int n = 3;', 'struct P { int x; };'].map((text) => parser.split(text));
    let typed = new TypedInputs(store);
    for (const [index, unit] of units.entries()) typed = typed.with({ input: 2 * index, fileName: undefined, unit });
    expect(typed.list()).toEqual(units.map((unit, index) => ({ input: 2 * index, fileName: undefined, unit })));
    expect(typed.before(3).list()).toEqual(typed.list().slice(0, 2));
    expect(typed.before(0).list()).toEqual([]);
    expect(typed.before(9).list()).toHaveLength(3);
  });

  test('lasts when it declares or defines something', () => {
    expect(['int n;', 'struct P { int x; };', '#define N 3'].map((text) => isLasting(parser.split(text)))).toEqual([
      true,
      true,
      true,
    ]);
    expect(['1 + 1', 'for (;;) break;'].map((text) => isLasting(parser.split(text)))).toEqual([false, false]);
  });
});

describe('inputs that may be compiled again', () => {
  test('are those in which one function may be inlined into something else', () => {
    expect(recordOf(1, TWO)?.functions).toEqual(['g', 'f']);
    expect(recordOf(2, 'int f(int a) { return a; }')).toBeUndefined();
    expect(recordOf(3, 'struct P { int x; };')).toBeUndefined();
    expect(recordOf(1, TWO)?.unit).toEqual(parser.split(TWO));
  });

  test('are again what they were when an input that changed them is taken back', () => {
    const [one, two] = [recordOf(1, TWO)!, recordOf(2, TWO)!];
    const once = replaceRecords([one, two], [one.withOpen(new Set(['g']))]);
    expect(once.records.map(({ open }) => [...open])).toEqual([['g'], []]);
    expect(once.replaced).toEqual([one]);
    const twice = replaceRecords(once.records, [once.records[0]!.withOpen(new Set(['g', 'f']))]);
    const undone = [
      { input: 4, replaced: twice.replaced },
      { input: 3, replaced: once.replaced },
    ];
    expect(recordsBefore(twice.records, undone.slice(0, 1))).toEqual(once.records);
    expect(recordsBefore(twice.records, undone)).toEqual([one, two]);
    expect(recordsBefore(twice.records, [...undone, { input: 2, replaced: [] }])).toEqual([one]);
  });
});
