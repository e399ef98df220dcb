// Types, templates and constants typed again: what clang sees of later inputs.

import { beforeAll, describe, expect, it } from 'vitest';
import { composeInput } from '../../host/unit/compose.js';
import { DeclarationStore, declarationsOf } from '../../host/unit/declarations.js';
import { type CppParser, loadParser } from '../../host/unit/parser.js';
import { splitVersioned, withoutVersions } from '../../host/unit/versions.js';

let parser: CppParser;
beforeAll(async () => {
  parser = await loadParser();
});

const typed = (...texts: string[]): DeclarationStore =>
  texts.reduce((store, text) => {
    const { unit, versions } = splitVersioned(parser, store, text);
    return store.add(declarationsOf(unit), versions);
  }, DeclarationStore.empty);

/** What clang gets of `text`, without the marks that keep its columns. */
const seen = (store: DeclarationStore, text: string): string =>
  composeInput(splitVersioned(parser, store, text).unit, 1)
    .replace(/^(?:#line|\{ __asm__).*$/gm, '')
    .replace(/\s+/g, ' ')
    .trim();

describe('a type typed again', () => {
  it('gets another name, and later inputs mean the new one', () => {
    const store = typed('struct P { int a; };', 'int f(P &p);', 'struct P { int b; };', 'int f(P &p);');
    expect(store.text()).toBe('struct P { int a; };\nint f(P &p);\nstruct P__v2 { int b; };\nint f(P__v2 &p);\n');
    expect(seen(store, 'P p{1}; int P::get() { return 1; }')).toBe('P__v2 p{1}; int P__v2 ::get() { return 1; }');
  });

  it('counts on', () => {
    const store = typed('struct P { int a; };', 'struct P { int b; };', 'struct P { P(); ~P(); };');
    expect(store.text()).toContain('struct P__v3 { P__v3(); ~P__v3(); };');
  });

  it('is the old one when it is typed word for word', () => {
    const store = typed('struct P { int a; };', 'struct P  { int a; };');
    expect(store.text()).toBe('struct P { int a; };\n');
    expect(seen(store, 'struct P { int a; }; P p;')).toBe('; P p;'.slice(1).trim());
  });

  it('is a new one when a macro it mentions has changed', () => {
    const again = typed('#define N 1', 'struct P { int a[N]; };', '#define N 2', 'struct P { int a[N]; };');
    expect(again.text()).toContain('struct P__v2 { int a[N]; };');
  });

  it('is not typed again by a forward declaration, before or after', () => {
    expect(typed('struct P;', 'struct P { int a; };', 'struct P;').versions.size).toBe(0);
  });

  it('leaves members, members of namespaces and constants of scoped enumerations alone', () => {
    const store = typed('struct pair { int a; };', 'struct pair { int b; };');
    expect(seen(store, 'std::pair<int, int> p; struct Q { int pair; }; enum class E { pair }; q.pair;')).not.toContain(
      '__v2',
    );
    expect(seen(store, '::pair p;')).toBe('::pair__v2 p;'.replace('::p', ':: p'));
  });

  it('takes unscoped enumerators, aliases, templates and constants along', () => {
    const store = typed('enum C { A, B };', 'enum C { B, D };', 'using I = int;', 'using I = I *;', 'const int k = 1;');
    expect(store.text()).toContain('enum C__v2 { B__v2, D };');
    expect(store.text()).toContain('using I__v2 = I *;');
    expect(typed('const int k = 1;', 'const int k = k + 1;').text()).toContain('inline const int k__v2 = k + 1;');
    expect(typed('template <class T> struct B { T a; };', 'template <class T> struct B { T b; };').text()).toContain(
      'struct B__v2 { T b; };',
    );
    expect(seen(store, 'A')).toContain('A');
    expect(seen(store, 'B')).toContain('B__v2');
  });

  it('is renamed in macros', () => {
    const store = typed('struct P { int a; };', 'struct P { int b; };', '#define MAKE P{1}');
    expect(store.text()).toContain('#define MAKE P__v2{1}');
  });
});

it('takes versions off what is shown, and leaves other names', () => {
  const { versions } = typed('struct P { int a; };', 'struct P { int b; };');
  expect(withoutVersions("no member in 'P__v2' or 'Q__v2'", versions)).toBe("no member in 'P' or 'Q__v2'");
});
