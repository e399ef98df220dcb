import { beforeAll, describe, expect, it } from 'vitest';
import { type CppParser, loadParser } from '../../host/unit/parser.js';

let parser: CppParser;
beforeAll(async () => {
  parser = await loadParser();
});

const COMPLETE = [
  ...[
    '',
    '   ',
    '// only a comment',
    '/* one */',
    '1+1',
    'x',
    'f(21)',
    'int x = 1;',
    'x = 5',
    '"abc"',
    '"a" "b"',
    "'{'",
  ],
  ...['P{1,2}', 'a*b', 'a < b', 'a > b', '*p', '&x', '-1', '!done', 'v[0]', '(int)3.5', 'int(3)', 'sizeof(int)', 'x++'],
  ...['new int(3)', 'delete p', 'co::f<int>(3)', '[]{return 1;}()', 'std::is_same_v<int, int>', 'f<3>()', 'x // why'],
  ...['int f(int a) { return a * 2; }', 'int f(int a)\n{\n  return a;\n}', 'struct S { int a; };', 'enum E { A, B };'],
  ...['if (x) y();', 'if (x) { y(); }', 'if (x) { y(); } else { z(); }', 'for (int i = 0; i < 3; i++) f(i);'],
  ...['while (x) { x--; }', 'do { x--; } while (x);', 'switch (x) { case 1: break; }', '{ int y = 1; }', ';'],
  ...[
    'namespace n { int x; }',
    'namespace n {}',
    'extern "C" { int f(int); }',
    'template<class T> T id(T a) { return a; }',
  ],
  ...[
    'template<class T> struct B { T a; };',
    'using namespace std;',
    'using I = int;',
    'typedef int I;',
    '#define X 1',
  ],
  ...[
    '#include <vector>',
    '#if 1\nint x;\n#endif',
    '#define M(a) \\\n  (a + 1)',
    'R"(a\nb)"',
    'R"x(a)" b)x"',
    "1'000'000",
  ],
  ...[
    'int a = 1; a',
    'int f() { return 1; }\nf()',
    'auto l = [](int a) { return a; };',
    'int a[] = {1,\n2};',
    'f("//")',
  ],
  ...['f("/*")', "f('\"')", 'x /* { */', 'u8"é😀"', 'a ? b : c', 'x->y', 'x.y', 'S::n', '::f()', 'this_is_a_name'],
  ...[
    'auto f() -> int { return 1; }',
    'S::S() : a(1) {}',
    'int S::f() const { return a; }',
    'static_assert(true);',
    'a, b',
  ],
];

const INCOMPLETE = [
  ...[
    '{',
    '(',
    'f(',
    'v[',
    'int f(int a) {',
    'int f(int a)',
    'int f() const',
    'struct S {',
    'struct S',
    'class S : public B',
  ],
  ...['class S\n', 'enum E { A,', 'struct S { int a; }', 'int x', 'int x = 5', 'std::vector<int> v', 'unsigned long n'],
  ...[
    '"abc',
    "'a",
    'R"(abc',
    'R"x(abc)"',
    '/* open',
    'int x; /*',
    '#if 1',
    '#if 1\nint x;',
    '#ifdef A\n#else',
    '#define X \\',
  ],
  ...[
    'int x = \\',
    '#define X a /* open',
    'if (x)',
    'if (x) {',
    'if (x) y',
    'if (x) y(); else',
    'else',
    'for (;;)',
    'for (int i = 0;',
  ],
  ...[
    'while (x)',
    'do',
    'do { x--; }',
    'do x--;',
    'switch (x)',
    'try {',
    'template<class T>',
    'template<',
    'template<class T> T f(T a)',
  ],
  ...[
    'namespace n',
    'namespace n {',
    'extern "C"',
    'extern "C" {',
    'using I =',
    'typedef int',
    'return',
    'return 5',
    '1 +',
    'a =',
    'a &&',
  ],
  ...[
    'a ?',
    'f(1,',
    'a,',
    'x.',
    'x->',
    'std::',
    '<<',
    'auto',
    'auto x = 1',
    '[[nodiscard]]',
    '[](int a) {',
    'static',
    'const int k = 1',
  ],
  ...['int f(int a) // comment', 'f(1) +\n// more'],
];

const INVALID = [
  '}',
  ')',
  ']',
  'f(}',
  'int f(int a) { return a; ]',
  '"abc\nx',
  'f("abc\n)',
  'int x = 5\nf(21)',
  'a b c d',
  '@',
];

describe('completeness', () => {
  it.each(COMPLETE)('runs %j', (text) => expect(parser.completeness(text)).toBe('complete'));
  it.each(INCOMPLETE)('asks for more after %j', (text) => expect(parser.completeness(text)).toBe('incomplete'));
  it.each(INVALID)('lets clang explain %j', (text) => expect(parser.completeness(text)).toBe('invalid'));

  it('answers the same with CRLF line ends', () => {
    expect(parser.completeness('int f()\r\n{\r\n')).toBe('incomplete');
    expect(parser.completeness('int f()\r\n{\r\nreturn 1;\r\n}\r\n')).toBe('complete');
    expect(parser.completeness('#define X \\\r\n 1\r\nX')).toBe('complete');
  });

  it('judges a text of 2,000 lines', () => {
    const text = Array.from({ length: 2000 }, (_, i) => `int f${i}(int a) { return a + ${i}; }`).join('\n');
    expect(parser.completeness(text)).toBe('complete');
  });
});
