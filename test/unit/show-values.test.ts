// What the prompt prints for values of the language itself, taken from the memory of code that really ran.
// `@` stands for a RAM address.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { formatSlot } from '../../host/show/slot.js';
import { altered } from './link-support.js';
import { Bench } from './show-support.js';

let bench: Bench;
let dir: string;
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'barewire-'));
  bench = await Bench.open(dir);
});
afterAll(async () => {
  await bench?.close();
  rmSync(dir, { recursive: true, force: true });
});

type Rows = readonly (readonly [input: string, shown: string])[];

function rows(title: string, table: Rows): void {
  describe(title, () => {
    test.each(table)('%s', async (input, shown) => {
      expect(await bench.show(input)).toBe(shown);
    });
  });
}

rows('integers and bool', [
  ['1+1', '(int) 2'],
  ['true', '(bool) true'],
  ['(signed char)-5', '(signed char) -5'],
  ['(unsigned char)65', '(unsigned char) 65'],
  ['(uint8_t)7', '(unsigned char) 7'],
  ['(uint32_t)7', '(unsigned long) 7'],
  ['(short)-3', '(short) -3'],
  ['0xffffffffu', '(unsigned int) 4294967295'],
  ['-1L', '(long) -1'],
  ['18446744073709551615ull', '(unsigned long long) 18446744073709551615'],
  ['-9223372036854775807ll', '(long long) -9223372036854775807'],
  ['volatile int v = 9; v', '(int) 9'],
]);

rows('floating point, the shortest text that reads back the same', [
  ['2.5f', '(float) 2.5'],
  ['0.1f', '(float) 0.1'],
  ['1.0f/3', '(float) 0.33333334'],
  ['16777216.0f', '(float) 16777216.0'],
  ['0.1', '(double) 0.1'],
  ['3.0', '(double) 3.0'],
  ['-0.0', '(double) -0.0'],
  ['1e20', '(double) 1e+20'],
  ['1e-7', '(double) 1e-07'],
  ['2.5L', '(long double) 2.5'],
  ['__builtin_nanf("")', '(float) nan'],
  ['__builtin_inf()', '(double) inf'],
  ['_Float16 h = 1.5; h', '(_Float16) 1.5'],
  ['(__fp16)0.1', '(__fp16) 0.1'],
]);

rows('characters and text', [
  ["'a'", "(char) 'a'"],
  ["'\\n'", "(char) '\\n'"],
  ["'\\0'", "(char) '\\0'"],
  ['(char)200', "(char) '\\310'"],
  ["L'x'", "(wchar_t) L'x'"],
  ["u8'x'", "(char8_t) u8'x'"],
  ["u'é'", "(char16_t) u'é'"],
  ["U'😀'", "(char32_t) U'😀'"],
  ['"abc"', '(const char *) "abc"'],
  ['"tab\\t\\"q\\" \\x80 \\xc3\\xa9 \\x1b[0m"', '(const char *) "tab\\t\\"q\\" \\200 é \\033[0m"'],
  ['u8"héllo"', '(const char8_t *) u8"héllo"'],
  ['u"wé"', '(const char16_t *) u"wé"'],
  ['U"x😀"', '(const char32_t *) U"x😀"'],
  ['L"wide"', '(const wchar_t *) L"wide"'],
  ['const char *n = nullptr; n', '(const char *) nullptr'],
  ['char *bad = (char *)0x12345678; bad', '(char *) 0x12345678 <unreadable>'],
  ['char s[4] = "abc"; s', '(char[4]) "abc"'],
  ['char s[9] = "abc"; s', '(char[9]) "abc"'],
  ["char s[5] = {'a', 0, 'b'}; s", '(char[5]) "a\\000b"'],
  ['wchar_t s[3] = L"ab"; s', '(wchar_t[3]) L"ab"'],
  ['const char *const names[2] = {"a", "b"}; names', '(const char *const[2]) {"a", "b"}'],
  ['char s[1000]; std::memset(s, 65, 999); s', `(char[1000]) "${'A'.repeat(200)}"… (1,000 in all)`],
  [
    'const char *f() { static char s[300]; std::memset(s, 65, 299); return s; } f()',
    `(const char *) "${'A'.repeat(200)}"…`,
  ],
]);

rows('arrays', [
  ['int a[3] = {1, 2, 3}; a', '(int[3]) {1, 2, 3}'],
  ['int m[2][3] = {{1, 2, 3}, {4, 5, 6}}; m', '(int[2][3]) {{1, 2, 3}, {4, 5, 6}}'],
  ['const int c[2][2] = {{1}, {2}}; c', '(const int[2][2]) {{1, 0}, {2, 0}}'],
  ['unsigned char b[3] = {1, 2, 255}; b', '(unsigned char[3]) {1, 2, 255}'],
  ['bool b[2] = {true, false}; b', '(bool[2]) {true, false}'],
  ['int big[1000] = {7}; big', `(int[1000]) {7${', 0'.repeat(99)}, … (1,000 in all)}`],
  [
    'typedef int v4 __attribute__((vector_size(16))); v4{1, 2, 3, 4}',
    '(int __attribute__((vector_size(16)))) {1, 2, 3, 4}',
  ],
]);

rows('enums', [
  ['enum class Color { red, green = 5 }; Color::green', '(Color) Color::green'],
  ['enum class Color { red, green = 5 }; (Color)7', '(Color) 7'],
  ['enum Plain { one = 1, two }; two', '(Plain) two'],
  ['enum Neg { minus = -1, plus = 1 }; minus', '(Neg) minus'],
  ['enum Empty {}; Empty{}', '(Empty) 0'],
  ['enum class Fl : unsigned { a = 1, b = 2, c = 4 }; (Fl)5', '(Fl) Fl::a | Fl::c'],
  ['enum class Fl : unsigned { a = 1, b = 2, c = 4 }; (Fl)9', '(Fl) Fl::a | 0x8'],
  ['enum E { x1 = 1, x2 = 2, x3 = 3 }; (E)7', '(E) 7'],
  ['namespace ns { enum K { kk }; enum class L { ll }; } ns::kk', '(ns::K) ns::kk'],
  ['namespace ns { enum K { kk }; enum class L { ll }; } ns::L::ll', '(ns::L) ns::L::ll'],
]);

rows('pointers and references', [
  ['int g = 3; &g', '(int *) @ <g>'],
  ['int g[3]; &g[1]', '(int *) @ <g+4>'],
  ['void *p = nullptr; p', '(void *) nullptr'],
  ['nullptr', '(std::nullptr_t) nullptr'],
  ['const volatile int *p = nullptr; p', '(const volatile int *) nullptr'],
  ['int (*p)[3] = nullptr; p', '(int (*)[3]) nullptr'],
  ['struct Fwd; Fwd *p = (Fwd *)0x30001000; p', '(Fwd *) 0x30001000'],
  ['int g = 42; int &r = g; r', '(int) 42'],
  ['struct R { int &r; const int &c; }; int g = 1; R rr{g, g}; rr', '(R) {r = 1, c = 1}'],
  ['struct M { int a; M *self; }; M m{1, &m}; m', '(M) {a = 1, self = @ <m>}'],
]);

rows('functions', [
  ['int f(int a) { return a; } f', '(int (*)(int)) @ <f(int)>'],
  ['int f(int a) { return a; } &f', '(int (*)(int)) @ <f(int)>'],
  ['int f(int a) { return a; } int (*t[2])(int) = {f, nullptr}; t', '(int (*[2])(int)) {@ <f(int)>, nullptr}'],
  ['int *(*p)(const char *, ...) = nullptr; p', '(int *(*)(const char *, ...)) nullptr'],
  ['struct P { int x, y; }; &P::y', '(int P::*) &P::y'],
  ['struct P { int x; }; int P::*p = nullptr; p', '(int P::*) nullptr'],
  ['struct P { int f(int) { return 1; } }; &P::f', '(int (P::*)(int)) @ <P::f(int)>'],
  ['struct P { int f() const { return 1; } }; int (P::*p)() const = nullptr; p', '(int (P::*)() const) nullptr'],
  [
    'struct P { virtual int u() { return 1; } virtual int v() { return 2; } }; &P::v',
    '(int (P::*)()) virtual function 1 of P',
  ],
]);

rows('classes', [
  ['struct P { int x, y; }; P p{1, 2}; p', '(P) {x = 1, y = 2}'],
  ['namespace ns { struct Q { int a; }; } ns::Q{3}', '(ns::Q) {a = 3}'],
  ['namespace { struct An { int a = 1; }; } An{}', '(An) {a = 1}'],
  ['class Pr { int x = 1; protected: int y = 2; }; Pr{}', '(Pr) {x = 1, y = 2}'],
  ['struct A { int a = 1; }; struct B : A { int b = 2; }; B{}', '(B) {<A> = {a = 1}, b = 2}'],
  [
    'struct A { int a = 1; }; struct C { int c = 3; }; struct B : A, private C { int b = 2; }; B{}',
    '(B) {<A> = {a = 1}, <C> = {c = 3}, b = 2}',
  ],
  [
    'struct V { int a = 1; }; struct L : virtual V { int b = 2; }; struct R : virtual V { int c = 3; }; struct D : L, R { int d = 4; }; D{}',
    '(D) {<L> = {<V> = {a = 1}, b = 2}, <R> = {<V> = {a = 1}, c = 3}, d = 4}',
  ],
  ['struct E {}; E{}', '(E) {}'],
  ['struct E {}; struct F : E { int x = 1; }; F{}', '(F) {x = 1}'],
  ['struct P { int x = 3; virtual int v() { return 2; } }; P{}', '(P) {x = 3}'],
  ['struct S { static int s; int x; }; int S::s = 1; S{4}', '(S) {x = 4}'],
  ['union U { int i; float f; }; U u{1}; u', '(U) {i = 1, f = 1e-45}'],
  [
    'struct N { struct { int a; union { int b; float c; }; }; struct { int z; } named; }; N{{1, {2}}, {3}}',
    '(N) {{a = 1, {b = 2, c = 3e-45}}, named = {z = 3}}',
  ],
  [
    'struct B { unsigned a : 3; int b : 5; bool c : 1; unsigned long long d : 40; }; B b{5, -3, true, 123456789012}; b',
    '(B) {a = 5, b = -3, c = true, d = 123456789012}',
  ],
  [
    'enum class M : unsigned { off, on }; struct B { M m : 2; unsigned : 3; char c : 7; }; B b{M::on, 65}; b',
    "(B) {m = M::on, c = 'A'}",
  ],
  ["struct __attribute__((packed)) P { char c; int i; }; P{'x', 5}", "(P) {c = 'x', i = 5}"],
  ['template <class E, int N> struct T { E a[N]; }; T<short, 2>{{1, 2}}', '(T<short, 2>) {a = {1, 2}}'],
  ['struct VS { int a; }; volatile VS vs{4}; vs', '(volatile VS) {a = 4}'],
  ['[] { return 1; }', '(lambda) {}'],
  ['int k = 5; auto l = [k = 7, &j = k] { return k + j; }; l', '(lambda) {k = 7, j = 5}'],
  [
    'struct C { int n; int (*op)(int); const char *name; double d; }; C c{1, nullptr, "nm", 0.5}; c',
    '(C) {n = 1, op = nullptr, name = "nm", d = 0.5}',
  ],
]);

test('shows nothing for an expression of type void', async () => {
  expect(await bench.show('int calls = 0; void f() { calls++; } f()')).toBeUndefined();
});

test('reads the slot of a scalar once and nothing else', async () => {
  const { object, slotAddr, memory } = await bench.run('volatile int v = 9; v');
  expect(await formatSlot(object, slotAddr, memory)).toBe('(int) 9');
  expect(memory.reads).toEqual([{ addr: slotAddr, len: 4 }]);
});

test('reads of a long array behind a pointer only what it shows', async () => {
  const { object, slotAddr, memory } = await bench.run('int big[5000]; big');
  await formatSlot(object, slotAddr, memory, { elements: 10 });
  expect(memory.reads.map((read) => read.len)).toEqual([4, 40]);
});

test('says which object has no value to show', async () => {
  const { object, memory } = await bench.run('1');
  const sections = object.sections.filter((s) => !s.name.startsWith('.debug_'));
  const bare = altered(object, { name: 'input 9', sections });
  await expect(formatSlot(bare, 0x2000_0000, memory)).rejects.toMatchObject({
    code: 'SHOW_NO_SLOT',
    message:
      'input 9 has no debug information for __bw_value, so its value cannot be shown; it ran all the same. Compile with -g',
  });
});

test('says that the board gave too few bytes for the slot', async () => {
  const { object } = await bench.run('1');
  await expect(formatSlot(object, 0x2000_0000, { read: async () => new Uint8Array(1) })).rejects.toMatchObject({
    code: 'SHOW_SLOT_UNREADABLE',
    message: 'the value at 0x20000000 has 4 bytes, the board gave 1; try again',
  });
});

test('passes on that the line failed instead of showing a value as unreadable', async () => {
  const { object, slotAddr, memory } = await bench.run('"abc"');
  const failing = {
    read: async (addr: number, len: number) => {
      if (addr !== slotAddr) throw Object.assign(new Error('gone'), { code: 'WIRE_CLOSED' });
      return memory.read(addr, len);
    },
  };
  await expect(formatSlot(object, slotAddr, failing)).rejects.toThrow('gone');
});
