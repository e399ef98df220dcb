// `:why NAME`.

import { expect, it } from 'vitest';
import type { TypedInput } from '../../host/session/input-record.js';
import { whyName } from '../../host/session/why.js';
import { DeclarationStore, declarationsOf } from '../../host/unit/declarations.js';
import { loadParser } from '../../host/unit/parser.js';
import { splitVersioned } from '../../host/unit/versions.js';

const parser = await loadParser();

function typed(...texts: string[]): TypedInput[] {
  let before = DeclarationStore.empty;
  return texts.map((text, index) => {
    const { unit, versions } = splitVersioned(parser, before, text);
    const record = { input: index + 1, fileName: undefined, unit };
    before = before.add(declarationsOf(unit), versions);
    return record;
  });
}

it('says where a type is from and who uses the old one', () => {
  const records = typed(
    'struct P;',
    'struct P { int x; };',
    'P p;',
    'int f(P &q);',
    'int p;',
    'struct P { int y; };',
    'P r;',
  );
  expect(whyName(records, 'P')).toBe(
    'P is from input 6: struct P { int y; };\nbefore: input 2: struct P { int x; };\nan older one is used by f (input 4)',
  );
});

it('says that callers follow a function', () => {
  const records = typed('int f(int a) { return a; }', 'int f(int a) { return 2 * a; }');
  expect(whyName(records, 'f')).toMatch(/^f is from input 2: .*\nbefore: input 1: .*\nall callers use the newest/);
});

it('does not know what was not typed', () => {
  expect(whyName([], 'printf')).toBe('printf is not from this session');
});
