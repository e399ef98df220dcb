import { beforeAll, describe, expect, it } from 'vitest';
import { type CppParser, loadParser } from '../../host/unit/parser.js';

let parser: CppParser;
beforeAll(async () => {
  parser = await loadParser();
});

function trailingOf(text: string): string | undefined {
  const { trailing } = parser.split(text);
  return trailing && text.slice(trailing.start, trailing.end);
}

const EXPRESSIONS = [
  ...[
    'P{1,2}',
    'a*b',
    'f(21)',
    'x = 5',
    '"abc"',
    '"a" "b"',
    'L"wide"',
    '[]{return 1;}()',
    'new int(3)',
    'sizeof(int)',
    'x++',
    '--x',
  ],
  ...[
    'a < b',
    'a > b',
    '(int)3.5',
    'v[0]',
    '*p',
    '&x',
    'co::f<int>(3)',
    'int(3)',
    'int{3}',
    'std::string("a") + "b"',
    'a ? b : c',
  ],
  ...[
    'a, b',
    'x += 1',
    '!x',
    '~x',
    '-x',
    '+x',
    'x->y',
    'x.y.z',
    'S::n',
    '::g()',
    'nullptr',
    'true',
    "'a'",
    '1.5f',
    '0x10',
    'delete p',
  ],
  ...[
    'static_cast<int>(2.5)',
    'std::is_same_v<int, int>',
    '[](int a) { return a; }',
    '[&](auto a) { return a; }(3)',
    'f(f(1))',
    '(x)',
  ],
  ...[
    'std::vector<int>{1, 2, 3}',
    'a << b',
    'a == b',
    'a && b',
    'alignof(int)',
    'decltype(x){1}',
    '"a"_s',
    "1'000",
    'R"(a;b})"',
    'x',
  ],
  ...['f(\n1,\n2)', 'P{.x = 1, .y = 2}', 'a <=> b', 'x.template f<int>()', 'std::max<int>(1, 2)', 'unsigned(3)'],
];

describe('the trailing expression', () => {
  it.each(EXPRESSIONS)('%j', (text) => {
    expect(trailingOf(text)).toBe(text);
    expect(parser.split(text).items).toEqual([]);
  });

  it.each(EXPRESSIONS)('%j behind statements and before a comment', (text) => {
    const before = 'int a = 1; f(); struct S { int x; }; int g(int a) { return a; }\nfor (;;) {}\n';
    expect(trailingOf(`${before}${text} // so`)).toBe(text);
    expect(trailingOf(`${before}${text}\n/* so */ `)).toBe(text);
    expect(parser.split(`${before}${text}`).items).toHaveLength(5);
  });

  it.each([
    '1+1;',
    'int x = 1;',
    'int f() { return 1; }',
    'int x',
    'int x = 1',
    'P p{1}',
    'struct S { int a; }',
    'return 5',
    'if (x) y',
    '#define X 1',
    '// nothing',
    '',
  ])('%j has none', (text) => expect(trailingOf(text)).toBeUndefined());

  it('says whether it is a string literal', () => {
    expect(parser.split('"abc" "d"').trailing?.literal).toBe(true);
    expect(parser.split('"abc"[0]').trailing?.literal).toBe(false);
  });

  it('counts UTF-16 units, with characters outside the basic plane and CRLF before it', () => {
    expect(trailingOf('/* 😀é */ const char *s = "😀";\r\nint é = 1;\r\né')).toBe('é');
  });
});

describe('items', () => {
  const kinds = (text: string): string[] => parser.split(text).items.map((item) => item.kind);
  it('are in source order with their kinds', () => {
    const text = [
      '#include <map>',
      'using namespace std; using I = int;',
      'int x = 1; int f(int a) { return a; }',
      'struct P { int x; }; enum E { A };',
      'template<class T> T id(T a) { return a; }',
      'namespace n { int y; }',
      'f(1); for (;;) { break; } { int z; } if (x) f(2); else { f(3); }',
      '#define X 1',
    ].join('\n');
    expect(kinds(text)).toEqual([
      ...['directive', 'using', 'using', 'declaration', 'function', 'type', 'type', 'template', 'namespace'],
      ...['expression', 'statement', 'statement', 'statement', 'directive'],
    ]);
  });

  it('name what they declare', () => {
    const names = (text: string): string[] => parser.split(text).items.flatMap((item) => [...item.names]);
    expect(names('int a = 1, *b, c[3], &d = a, (*e)(int);')).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect(names('int f(int a) { return a; }')).toEqual(['f']);
    expect(names('struct P { int x; } p = {1};')).toEqual(['P', 'p']);
    expect(names('#define X 1\nusing I = int; template<class T> struct B {};')).toEqual(['X', 'I', 'B']);
  });

  it('survive what the grammar does not understand', () => {
    const text = 'int @ x; int f() { return 1; }\nf()';
    expect(kinds(text)).toHaveLength(2);
    expect(kinds(text)[1]).toBe('function');
    expect(trailingOf(text)).toBe('f()');
  });

  it('include preprocessor lines inside a function without cutting it', () => {
    expect(kinds('int f() {\n#if 1\n return 1;\n#endif\n}\nint g();')).toEqual(['function', 'declaration']);
  });
});

describe('highlighting', () => {
  it('gives ranges in order and without overlaps', () => {
    const text = '#define A 1\nint x = 0x10; // why\nf("a", \'b\')';
    const ranges = parser.tokens(text).map(({ start, end, kind }) => [kind, text.slice(start, end)]);
    expect(ranges).toEqual([
      ['directive', '#define A 1'],
      ['keyword', 'int'],
      ['number', '0x10'],
      ['comment', '// why'],
      ['string', '"a"'],
      ['string', "'b'"],
    ]);
  });
});
