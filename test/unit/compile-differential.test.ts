// Each input is composed and compiled by clang; then its declarations stand in front of a following input that uses
// what it declared, and that must compile too.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PICO_SIM } from '../../boards/pico-sim.js';
import { Compiler } from '../../host/compile/compiler.js';
import { findToolchain } from '../../host/toolchain/toolchain.js';
import { DeclarationStore, declarationsOf } from '../../host/unit/declarations.js';
import { type CppParser, loadParser } from '../../host/unit/parser.js';

const cacheDir = mkdtempSync(join(tmpdir(), 'barewire-test-'));
let parser: CppParser;
let compiler: Compiler;

beforeAll(async () => {
  parser = await loadParser();
  compiler = await Compiler.create({ board: PICO_SIM, toolchain: findToolchain(PICO_SIM), cacheDir, feed: 'none' });
});
afterAll(async () => {
  await compiler?.close();
  rmSync(cacheDir, { recursive: true, force: true });
});

/** Input, the input that uses it, types the compiler would tell. */
const TABLE: readonly (readonly [string, string, Record<string, string>?])[] = [
  ['1+1', '2'],
  ['int x = 1;', 'x'],
  ['int x = 1; x', 'x++'],
  ['unsigned long n; n = 5', 'uint32_t *q = &n; *q'],
  ['int f(int a) { return a * 2; }', 'f(21)'],
  ['int f(int a)\n{\n  return a * 2;\n}\nf(21)', 'f(1) + f(2)'],
  ['static int f(int a = 3) { return a; }', 'f()'],
  ['int f(int a = 3) { return a; }', 'int f(int a = 4) { return a; } f()'],
  ['inline int f() { return 1; }', 'inline int f() { return 2; } f()'],
  ['constexpr int f(int a) { return a + 1; }', 'int a[f(2)]; sizeof(a)'],
  ['consteval int f(int a) { return a + 1; }', 'f(2)'],
  ['auto f() { return 1.5; }', 'f()'],
  ['auto f(auto a) { return a; }', 'f(1) + f(2.0)'],
  ['auto f(int a) -> long { return a; }', 'f(1)'],
  ['[[nodiscard]] int f() { return 1; }', 'f()'],
  ['int *f(int *a) { return a; }', 'f(nullptr)'],
  ['int &f(int &a) { return a; }', 'int z; f(z) = 5'],
  ['int (*f(int a))(int) { return nullptr; }', 'f(1)'],
  ['int f(int (*g)(int), int a[3]) { return g(a[0]); }', 'int h(int a) { return a; } int t[3]; f(h, t)'],
  ['int f(int a, ...) { return a; }', 'f(1, 2, 3)'],
  ['int f() noexcept { return 1; }', 'noexcept(f())'],
  ['template<class T> T id(T a) { return a; }', 'id(5)'],
  ['template<class T> struct Box { T value; T get() const { return value; } };', 'Box<int>{3}.get()'],
  ['template<class T> constexpr T two = T(2);', 'two<float>'],
  ['template<class T> using V = std::vector<T>;', 'V<int>{1}.size()'],
  ['template<class T> concept Small = sizeof(T) <= 4;', 'Small<int>'],
  ['template<class T> T g(T a) { return a; } template<> int g<int>(int a) { return a + 1; }', 'g(1)'],
  ['int x{3}, y(4), *z = &x;', 'x + y + *z'],
  ['int m[2][3] = {{1, 2, 3}, {4, 5, 6}};', 'm[1][2]'],
  ['int a[] = {1, 2, 3};', 'sizeof(a)'],
  ['int a[] = {[3] = 1};', 'sizeof(a)', { a: 'int[4]' }],
  ['char s[] = "abc";', 's[0]'],
  ['const char *s = "abc";', 's'],
  ['const char *const s = "abc";', 's'],
  ['const int k = 5;', 'int a[k]; sizeof(a)'],
  ['static const int k = 5, j = 6;', 'k + j'],
  ['constexpr float k = 2.5f;', 'k'],
  ['const int k = std::abs(-3);', 'k'],
  ['const std::string s = "abc";', 's.size()'],
  ['int x = 1; int &r = x;', 'r'],
  ['int (*fp)(int) = nullptr;', 'fp'],
  ['volatile uint32_t v = 1;', 'v'],
  ['auto x = 5;', 'x + 1'],
  ['auto x = 5;', 'x + 1', { x: 'int' }],
  ['auto *p = "abc";', 'p', { p: 'const char *' }],
  ['auto v = std::vector<int>{1, 2};', 'v.size()', { v: 'std::vector<int, std::allocator<int>>' }],
  ['std::vector v{1, 2};', 'v.size()', { v: 'std::vector<int, std::allocator<int> >' }],
  ['auto add = [](int a, int b) { return a + b; };', 'add(1, 2)'],
  ['int base = 10; auto plus = [k = base](int a) { return a + k; };', 'plus(1)'],
  ['auto g = [](auto a) { return a; };', 'g(1) + g(2)'],
  ['struct P { int x; int y; };', 'P{1, 2}'],
  ['struct P { int x, y; } p = {1, 2};', 'p'],
  ['struct P { int x; int get() const; }; int P::get() const { return x; }', 'P{3}.get()'],
  ['struct S { static int n; S(); ~S(); }; int S::n = 3; S::S() { n++; } S::~S() { n--; }', 'S s; S::n'],
  ['struct S { int a : 3; unsigned b : 5; } s = {1, 2};', 's.b'],
  [
    'struct B { virtual int f() { return 1; } }; struct D : B { int f() override { return 2; } };',
    'D d; B *b = &d; b->f()',
  ],
  ['class C { int a = 1; public: int get() { return a; } friend int peek(C c) { return c.a; } };', 'peek(C{})'],
  ['union U { int i; float f; };', 'U{1}.i'],
  ['struct { int a; } s = {1};', 's.a'],
  ['enum E { A, B, C };', 'B'],
  ['enum class E : uint8_t { A, B };', 'E::B'],
  ['enum { ONE = 1, TWO };', 'TWO'],
  ['using I = int; typedef float F;', 'F(I(3))'],
  ['typedef int (*Fn)(int);', 'Fn f = nullptr; f'],
  ['using namespace std;', 'vector<int>{1}.size()'],
  ['using std::max;', 'max(1, 2)'],
  [
    'namespace co { int x = 1; int f() { return x; } template<class T> T g(T a) { return a; } }',
    'co::f() + co::g(co::x)',
  ],
  ['namespace co { int x; } namespace co { int y; }', 'namespace co { int z = x + y; } co::z'],
  ['namespace a::b { struct S { int v; }; S s; }', 'a::b::s.v'],
  ['namespace n { int x; } namespace m = n;', 'm::x'],
  ['namespace { int hidden = 1; int peek() { return hidden; } }', 'hidden + peek()'],
  ['extern "C" int cf(int a) { return a; }', 'cf(1)'],
  ['extern "C" { int ch(int a) { return a; } int cx; }', 'ch(cx)'],
  ['extern int later; int g() { return later; }', 'int later = 1; g()'],
  ['int later(int); int g() { return later(1); }', 'int later(int a) { return a; } g()'],
  ['#define TWICE(a) ((a) * 2)', 'TWICE(4)'],
  ['#define X 1', '#define X 2\nX'],
  ['#include <bitset>', 'std::bitset<8>(5).count()'],
  ['#if 1\nint yes = 1;\n#else\nint no = 1;\n#endif', 'yes'],
  ['int operator""_k(unsigned long long a) { return a * 1000; }', '5_k'],
  ['struct V { int a; }; V operator+(V a, V b) { return {a.a + b.a}; }', 'V{1} + V{2}'],
  ['for (int i = 0; i < 3; i++) std::printf("%d\\n", i);', '1'],
  ['int t = 0; { int u = 1; t += u; } if (t) { t++; } else t--; while (t < 3) t++; do t--; while (t > 1);', 't'],
  ['std::string s = "a"; s += "b"; s', 's + "c"'],
  ['std::map<int, std::string> m; m[1] = "one";', 'm[1]'],
  ['std::optional<int> o = 3; o', 'o.value()'],
  ['std::pair<int, float> p{1, 2.5f};', 'p.second'],
  ['std::array<int, 3> a{1, 2, 3};', 'a[1]'],
  ['std::unique_ptr<int> u = std::make_unique<int>(3); *u', 'std::move(u)'],
  ['int f(int); int g(int a) { return f(a); } int f(int a) { return a; }', 'g(1)'],
  ['int é = 1; const char *s = "😀"; é', 'é'],
  ['int x = 1;\r\nint f()\r\n{ return x; }\r\nf()', 'f()'],
  ['"abc"', 'L"wide" "r"'],
  ['void v() {} v()', 'v()'],
  ['int f() { return 1; } f', '&f'],
  ['asm("nop");', '1'],
  ['std::pair<int, int> f() { return {1, 2}; }', 'f().second'],
  ['struct Big { int a[32]; } big;', 'big'],
  ['int a = 1, b = 2; a < b', 'a <=> b == 0'],
];

describe('an input and one that uses it', () => {
  it.each(TABLE.map(([first, second, types]) => ({ first, second, types })))(
    '$first, then $second',
    async ({ first, second, types }) => {
      const unit = parser.split(first);
      const { object } = await compiler.compileUnit(unit, '', 1);
      expect(object.length).toBeGreaterThan(400);
      const store = DeclarationStore.empty.add(declarationsOf(unit, types && ((name) => types[name])));
      const next = parser.split(second);
      const result = await compiler.compileUnit(next, store.preludeFor(next).text, 2);
      expect(result.object.length).toBeGreaterThan(400);
      expect(result.warnings.map((each) => each.message)).toEqual([]);
      const third = store.add(declarationsOf(next));
      await compiler.compileUnit(parser.split('1'), third.text(), 3);
    },
  );
});
