import { beforeAll, describe, expect, it } from 'vitest';
import { DeclarationStore, declarationsOf, type TypeResolver } from '../../host/unit/declarations.js';
import { type CppParser, loadParser } from '../../host/unit/parser.js';

let parser: CppParser;
beforeAll(async () => {
  parser = await loadParser();
});

const seen = (text: string, resolve?: TypeResolver): string =>
  declarationsOf(parser.split(text), resolve)
    .map((each) => each.text)
    .join('')
    .trim();

describe('what later inputs see', () => {
  it.each([
    ['int f(int a) { return a; }', 'int f(int a);'],
    ['static int f(int a) { return a; }', 'int f(int a);'],
    ['int f(int a = 3) { return a; }', 'int f(int a = 3);'],
    ['[[nodiscard]] int f(int a)\n{ return a; }', '[[nodiscard]] int f(int a);'],
    ['auto f(int a) -> int { return a; }', 'auto f(int a) -> int;'],
    ['std::vector<int> f(const std::string &s) { return {}; }', 'std::vector<int> f(const std::string &s);'],
    ['int *f() { return 0; }', 'int *f();'],
    ['inline int f() { return 1; }', 'int f();'],
    ['static inline int f() { return 1; }', 'int f();'],
    ['constexpr int f() { return 1; }', 'constexpr int f() { return 1; }'],
    ['auto f() { return 1; }', 'inline auto f() { return 1; }'],
    ['auto f(auto a) { return a; }', 'inline auto f(auto a) { return a; }'],
    ['int x;', 'extern int x;'],
    ['int x = 1;', 'extern int x;'],
    ['int x{1}, y(2), *z;', 'extern int x;\nextern int y;\nextern int *z;'],
    ['static volatile int n = 0;', 'extern volatile int n;'],
    ['int &r = x;', 'extern int &r;'],
    ['int (*fp)(int) = f;', 'extern int (*fp)(int);'],
    ['int m[2][3] = {{1}};', 'extern int m[2][3];'],
    ['int a[] = {1, 2, 3};', 'extern int a[3];'],
    ['const char *s = "a";', 'extern const char *s;'],
    ['const char *const s = "a";', 'inline const char *const s = "a";'],
    ['const int k = 5;', 'inline const int k = 5;'],
    ['static const int k = 5;', 'inline const int k = 5;'],
    ['constexpr int k = 5;', 'inline constexpr int k = 5;'],
    ['auto f = [](int a) { return a; };', '__attribute__((weak)) inline auto f = [](int a) { return a; };'],
    ['const int a = 1, b = 2;', 'inline const int a = 1;\ninline const int b = 2;'],
    ['T(x);', ''],
    ['auto x = g(1);', 'extern std::decay_t<decltype(g(1))> x;'],
    ['std::vector<int> v{1, 2};', 'extern std::vector<int> v;'],
    ['struct P { int x; };', 'struct P { int x; };'],
    ['struct P { int x; } p = {1}, *q;', 'struct P { int x; };\nextern P p;\nextern P *q;'],
    ['enum class E : int { A, B };', 'enum class E : int { A, B };'],
    ['union U { int a; float b; };', 'union U { int a; float b; };'],
    ['struct P;', 'struct P;'],
    ['template<class T> T id(T a) { return a; }', 'template<class T> T id(T a) { return a; }'],
    ['template<class T> struct B { T a; };', 'template<class T> struct B { T a; };'],
    ['using I = int;', 'using I = int;'],
    ['typedef int I;', 'typedef int I;'],
    ['using namespace std;', 'using namespace std;'],
    ['using std::sort;', 'using std::sort;'],
    ['namespace n { int x = 1; int f() { return x; } }', 'namespace n { extern int x; }\nnamespace n { int f(); }'],
    ['namespace a::b { int x; }', 'namespace a::b { extern int x; }'],
    ['namespace { int x = 1; }', 'inline namespace __bw_local { extern int x; }'],
    ['extern "C" int f(int a) { return a; }', 'extern "C" { int f(int a); }'],
    ['extern "C" { int f(int); int x; }', 'extern "C" { int f(int); }\nextern "C" { extern int x; }'],
    ['extern int x;', 'extern int x;'],
    ['int f(int);', 'int f(int);'],
    ['int S::f() { return 1; }', ''],
    ['int S::n = 3;', ''],
    ['S::S() : a(1) {}', ''],
    ['x = 5; for (;;) {} f(1); { int y; }', ''],
    ['static_assert(true); template struct B<int>;', ''],
    ['1 + 1', ''],
    ['#define X 1', '#undef X\n#define X 1'],
    ['#undef X', '#undef X'],
    ['#include <map>', '#include <map>'],
    ['#if A\nint x = 1;\n#else\nint y = 1;\n#endif', '#if A\nextern int x;\n#else\nextern int y;\n#endif'],
  ])('%j', (text, expected) => expect(seen(text)).toBe(expected));

  it('asks for types that only the compiler knows', () => {
    const types: Record<string, string> = {
      x: 'int',
      'n::y': 'float *',
      a: 'int[3]',
      v: 'std::vector<int>',
      p: 'P',
      q: 'a *',
    };
    const resolve = (name: string): string | undefined => types[name];
    expect(seen('auto x = 1;', resolve)).toBe('extern std::type_identity_t<int> x;');
    expect(seen('namespace n { auto y = g(); }', resolve)).toBe(
      'namespace n { extern std::type_identity_t<float *> y; }',
    );
    expect(seen('int a[] = {[2] = 1};', resolve)).toBe('extern std::type_identity_t<int[3]> a;');
    expect(seen('std::vector v{1, 2};', resolve)).toBe('extern std::type_identity_t<std::vector<int>> v;');
    expect(seen('P p(x);', resolve)).toBe('extern std::type_identity_t<P> p;');
    expect(seen('P p = {1};', resolve)).toBe('extern P p;');
    expect(seen('a *q;', resolve)).toBe('extern a *q;');
  });

  it('does not take an expression that looks like a declaration for one', () => {
    expect(seen('a * b;', () => undefined)).toBe('');
  });

  it('keeps characters outside the basic plane and CRLF in slices', () => {
    expect(seen('/* 😀 */\r\nint é(int ü = 1)\r\n{ return ü; }')).toBe('int é(int ü = 1);');
  });
});

describe('DeclarationStore', () => {
  const add = (store: DeclarationStore, text: string): DeclarationStore =>
    store.add(declarationsOf(parser.split(text)));
  const made = (...texts: string[]): DeclarationStore => texts.reduce(add, DeclarationStore.empty);

  it('is immutable', () => {
    const one = made('int x;');
    add(one, 'int y;');
    expect(one.text()).toBe('extern int x;\n');
    expect(DeclarationStore.empty.text()).toBe('');
    expect(one.add([])).toBe(one);
  });

  it('replaces a function typed again with the same parameter types and keeps overloads', () => {
    const store = made('int f(int a) { return a; }', 'int f(float a) { return 1; }', 'int f(int b) { return 2; }');
    expect(store.text().split('\n').sort()).toEqual(['', 'int f(float a);', 'int f(int b);']);
  });

  it('replaces types, macros and variables', () => {
    expect(made('struct P { int a; };', 'struct P { int b; };').text()).toBe('struct P { int b; };\n');
    expect(made('#define X 1', '#define X 2').text()).toBe('#undef X\n#define X 2\n');
    expect(made('int x;', 'float x;').text()).toBe('extern float x;\n');
  });

  it('keeps default arguments of an earlier prototype', () => {
    expect(made('int f(int a = 3);', 'int f(int a) { return a; }').text()).toBe('int f(int a = 3);\n');
  });

  it('leaves out for one input what it defines again, and what depends on it', () => {
    const store = made('struct P { int a; };', 'P p;', 'int g(P q) { return 1; }', 'int n;');
    expect(store.preludeFor(parser.split('1')).text).toBe(store.text());
    expect(store.preludeFor(parser.split('int g(P q) { return 2; }')).text).toBe(store.text());
    expect(
      made('constexpr int f() { return 1; }', 'int f(int a) { return a; }').preludeFor(
        parser.split('constexpr int f() { return 2; }'),
      ).text,
    ).toBe('int f(int a);\n');
    expect(made('int f(int a = 1) { return a; }').preludeFor(parser.split('int f(int a = 2) { return a; }')).text).toBe(
      '',
    );
    expect(made('const int k = 1;').preludeFor(parser.split('const int k = 2;')).text).toBe('');
    expect(made('int x;').preludeFor(parser.split('float x;')).text).toBe('');
  });

  it('puts what depends on a function behind the new one', () => {
    const [first, second] = ['constexpr int f() { return 1; }', 'constexpr int g() { return f(); }'];
    const store = made(first, second, 'int h();');
    const again = parser.split('constexpr int f() { return 2; } g()');
    expect(store.preludeFor(again)).toEqual({ text: 'int h();\n', late: `${second}\n`, behind: 0 });
    const now = store.add(declarationsOf(again));
    expect(now.text()).toBe(`int h();\nconstexpr int f() { return 2; }\n${second}\n`);
  });

  it('keeps the old value of a macro for what was typed with it', () => {
    const store = made('#define N 3', 'int a[N];', '#define N 5', 'int b[N];');
    expect(store.text()).toBe('#undef N\n#define N 3\nextern int a[N];\n#undef N\n#define N 5\nextern int b[N];\n');
  });

  it('lets bindings and variables take names from each other', () => {
    const bound = made('auto [a, b] = f();');
    expect(bound.text()).toContain('static auto &[a, b] = bw__bound_a_b;');
    expect(add(bound, 'int a = 1;').text()).not.toContain('[a, b]');
    expect(made('int a;', 'auto [a, b] = f();').text()).not.toContain('extern int a;');
  });

  it('can be read in any order, whichever store is the newest', () => {
    const one = made('int x;');
    const two = add(one, 'int y;');
    const three = add(two, 'float x;');
    expect([three, two, one].map((store) => store.text())).toEqual([
      'extern int y;\nextern float x;\n',
      'extern int x;\nextern int y;\n',
      'extern int x;\n',
    ]);
  });
});
