// What the prompt prints for standard library objects, built by libstdc++'s own code, and for damaged ones.
// `@` stands for a RAM address.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { formatSlot } from '../../host/show/slot.js';
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

/** `0, 1, … n - 1` as list text. */
const counting = (n: number, text: (i: number) => string): string =>
  Array.from({ length: n }, (_, i) => text(i)).join(', ');

rows('strings', [
  ['std::string("hello")', '(std::string) "hello"'],
  ['std::string("")', '(std::string) ""'],
  ['std::string("a\\0b", 3)', '(std::string) "a\\000b"'],
  ['std::string(500, 65)', `(std::string) "${'A'.repeat(200)}"… (500 in all)`],
  ['std::wstring(L"wide")', '(std::wstring) L"wide"'],
  ['std::u16string(u"é")', '(std::u16string) u"é"'],
  ['std::string_view("view")', '(std::string_view) "view"'],
  ['std::string *p = nullptr; p', '(std::string *) nullptr'],
]);

rows('sequences', [
  ['std::vector<int> v{1, 2, 3}; v', '(std::vector<int>) {1, 2, 3}'],
  ['std::vector<int>{}', '(std::vector<int>) {}'],
  ['std::vector<int>(1000, 3)', `(std::vector<int>) {${counting(100, () => '3')}, … (1,000 in all)}`],
  ['std::vector<std::string>{"a", "b"}', '(std::vector<std::string>) {"a", "b"}'],
  ['std::vector<std::vector<int>>{{1}, {2, 3}, {}}', '(std::vector<std::vector<int>>) {{1}, {2, 3}, {}}'],
  ['std::vector<bool>{true, false, true}', '(std::vector<bool>) {true, false, true}'],
  ['std::vector<bool>(1000)', `(std::vector<bool>) {${counting(100, () => 'false')}, … (1,000 in all)}`],
  ['std::array<int, 3>{1, 2, 3}', '(std::array<int, 3>) {1, 2, 3}'],
  ['std::array<int, 0>{}', '(std::array<int, 0>) {}'],
  ['int a[4] = {1, 2, 3, 4}; std::span<int>(a)', '(std::span<int>) {1, 2, 3, 4}'],
  ['int a[4] = {1, 2, 3, 4}; std::span<int, 4>(a)', '(std::span<int, 4>) {1, 2, 3, 4}'],
  ['auto il = {1, 2, 3}; il', '(std::initializer_list<int>) {1, 2, 3}'],
  [
    '#include <deque>\nstd::deque<int> d; for (int i = 0; i < 5; i++) d.push_back(i); d.push_front(-1); d',
    '(std::deque<int>) {-1, 0, 1, 2, 3, 4}',
  ],
  [
    '#include <deque>\nstd::deque<int> d; for (int i = 0; i < 300; i++) d.push_back(i); for (int i = 0; i < 290; i++) d.pop_front(); d',
    `(std::deque<int>) {${counting(10, (i) => `${290 + i}`)}}`,
  ],
  ['#include <deque>\nstd::deque<int>{}', '(std::deque<int>) {}'],
  ['#include <list>\nstd::list<double>{1, 2.5}', '(std::list<double>) {1.0, 2.5}'],
  ['#include <forward_list>\nstd::forward_list<short>{1, 2, 3}', '(std::forward_list<short>) {1, 2, 3}'],
  ['#include <stack>\nstd::stack<int> s; s.push(1); s.push(2); s', '(std::stack<int>) {1, 2}'],
  ['#include <queue>\nstd::priority_queue<int> s; s.push(1); s.push(2); s', '(std::priority_queue<int>) {2, 1}'],
]);

rows('maps and sets', [
  [
    'std::map<int, std::string>{{1, "one"}, {2, "two"}, {3, "three"}}',
    '(std::map<int, std::string>) {[1] = "one", [2] = "two", [3] = "three"}',
  ],
  ['std::map<std::string, int>{{"x", 1}, {"a", 2}}', '(std::map<std::string, int>) {["a"] = 2, ["x"] = 1}'],
  ['std::map<int, int>{}', '(std::map<int, int>) {}'],
  [
    'std::map<int, int, std::greater<int>>{{1, 2}, {3, 4}}',
    '(std::map<int, int, std::greater<int>>) {[3] = 4, [1] = 2}',
  ],
  [
    'std::map<int, int> m; for (int i = 0; i < 200; i++) m[i * 7 % 200] = i * 7 % 200; m',
    `(std::map<int, int>) {${counting(100, (i) => `[${i}] = ${i}`)}, … (200 in all)}`,
  ],
  ["std::multimap<char, double>{{'b', 1}, {'a', 2}}", "(std::multimap<char, double>) {['a'] = 2.0, ['b'] = 1.0}"],
  ["#include <set>\nstd::set<char>{'b', 'a'}", "(std::set<char>) {'a', 'b'}"],
  ['#include <set>\nstd::multiset<long long>{5, 5, 1}', '(std::multiset<long long>) {1, 5, 5}'],
  [
    '#include <unordered_map>\nstd::unordered_map<int, std::string>{{1, "x"}}',
    '(std::unordered_map<int, std::string>) {[1] = "x"}',
  ],
  [
    '#include <unordered_map>\nstd::unordered_map<std::string, int>{{"k", 1}}',
    '(std::unordered_map<std::string, int>) {["k"] = 1}',
  ],
  ['#include <unordered_set>\nstd::unordered_set<long long>{7}', '(std::unordered_set<long long>) {7}'],
]);

rows('wrappers', [
  ['std::pair<int, float>{1, 2.5f}', '(std::pair<int, float>) {first = 1, second = 2.5}'],
  ['std::tuple<int, std::string, float>{1, "a", 2.5f}', '(std::tuple<int, std::string, float>) {1, "a", 2.5}'],
  ['std::tuple<>{}', '(std::tuple<>) {}'],
  ['std::optional<int>{5}', '(std::optional<int>) 5'],
  ['std::optional<std::vector<int>>{{1, 2}}', '(std::optional<std::vector<int>>) {1, 2}'],
  ['std::optional<std::string>{}', '(std::optional<std::string>) nullopt'],
  ['std::variant<int, float, std::string>{2.5f}', '(std::variant<int, float, std::string>) (float) 2.5'],
  ['std::variant<int, std::string>{"s"}', '(std::variant<int, std::string>) (std::string) "s"'],
  ['#include <complex>\nstd::complex<float>(1.5f, -2)', '(std::complex<float>) 1.5 - 2.0i'],
  ['#include <complex>\nstd::complex<double>{1, 2}', '(std::complex<double>) 1.0 + 2.0i'],
  ['#include <chrono>\nstd::chrono::milliseconds(5)', '(std::chrono::milliseconds) 5ms'],
  ['#include <chrono>\nstd::chrono::seconds(2)', '(std::chrono::seconds) 2s'],
  ['#include <chrono>\nstd::chrono::duration<float>(1.5f)', '(std::chrono::duration<float>) 1.5s'],
  [
    '#include <chrono>\nstd::chrono::duration<int, std::ratio<1, 3>>(4)',
    '(std::chrono::duration<int, std::ratio<1, 3>>) 4 × 1/3 s',
  ],
  [
    '#include <chrono>\nstd::chrono::steady_clock::time_point{}',
    '(std::chrono::time_point<std::chrono::steady_clock>) 0ns',
  ],
  ['#include <atomic>\nstd::atomic<int> a{5}; a', '(std::atomic<int>) 5'],
  ['#include <atomic>\nstd::atomic<bool> a{true}; a', '(std::atomic<bool>) true'],
  ['#include <atomic>\nint g; std::atomic<int *> a{&g}; a', '(std::atomic<int *>) @ <g>'],
  ['#include <bitset>\nstd::bitset<10>(0b1011)', '(std::bitset<10>) 0b0000001011'],
  ['std::byte{65}', '(std::byte) 65'],
]);

rows('owners and callables', [
  ['std::unique_ptr<int>{}', '(std::unique_ptr<int>) nullptr'],
  [
    'struct D { void operator()(int *) const {} }; int g = 9; std::unique_ptr<int, D>(&g)',
    '(std::unique_ptr<int, D>) @ -> 9',
  ],
  [
    'int g = 7; std::unique_ptr<int[], void (*)(int *)>(&g, nullptr)',
    '(std::unique_ptr<int[], void (*)(int *)>) @ <g>',
  ],
  ['int g = 7; std::shared_ptr<int>(&g, [](int *) {})', '(std::shared_ptr<int>) @ -> 7 (use count 1)'],
  ['std::shared_ptr<int>{}', '(std::shared_ptr<int>) nullptr'],
  ['std::weak_ptr<int> w; { auto s = std::make_shared<int>(3); w = s; } w', '(std::weak_ptr<int>) expired'],
  [
    'struct Node { int v; std::shared_ptr<Node> next; }; Node n{1, {}}; n.next = std::shared_ptr<Node>(&n, [](Node *) {}); n',
    '(Node) {v = 1, next = @ -> {v = 1, next = @ <n> (use count 1)} (use count 1)}',
  ],
  ['int g = 1; std::ref(g)', '(std::reference_wrapper<int>) 1'],
  ['std::function<void()>{}', '(std::function<void ()>) empty'],
  [
    'int add(int a, int b) { return a + b; } std::function<int(int, int)>(add)',
    '(std::function<int (int, int)>) @ <add(int, int)>',
  ],
  ['std::function<int(int)>([](int x) { return x; })', '(std::function<int (int)>) (lambda)'],
  [
    'struct Add { int n = 1; int operator()(int x) { return x + n; } }; std::function<int(int)>(Add{})',
    '(std::function<int (int)>) Add',
  ],
]);

rows('damaged objects', [
  [
    'std::string *f() { static unsigned w[6] = {0xdeadbee0, 16, 3, 4}; return (std::string *)w; } *f()',
    '(std::string) <unreadable at 0xdeadbee0>',
  ],
  [
    'std::vector<int> *f() { static unsigned w[3] = {0xdeadbee0, 0xdeadbee8, 0xdeadbee8}; return (std::vector<int> *)w; } *f()',
    '(std::vector<int>) <unreadable at 0xdeadbee0>',
  ],
  [
    'struct S { int a = 1; const std::string &s; int b = 2; }; S f() { return {1, *(std::string *)0xdead0000, 2}; } f()',
    '(S) {a = 1, s = <unreadable at 0xdead0000>, b = 2}',
  ],
  [
    '#include <list>\nstd::list<int> l{1, 2}; auto *n = (unsigned *)&*l.begin(); n[-2] = (unsigned)(n - 2); ((unsigned *)&l)[2] = 1000000; l',
    `(std::list<int>) {${counting(100, () => '1')}, … (1,000,000 in all)}`,
  ],
  [
    'std::map<int, int> m{{1, 2}, {3, 4}}; ((unsigned *)&m)[5] = 4000000000u; m',
    '(std::map<int, int>) {[1] = 2, [3] = 4, … (4,000,000,000 in all)}',
  ],
]);

test('shows a vector whose pointers make no sense as the struct it is', async () => {
  const shown = await bench.show(
    'std::vector<int> *f() { static unsigned w[3] = {0x30000001, 16, 0xffffffff}; return (std::vector<int> *)w; } *f()',
  );
  expect(shown).toContain('_M_start = 0x30000001, _M_finish = 0x00000010, _M_end_of_storage = 0xffffffff');
});

test('ends a map whose nodes lead in a circle', async () => {
  const shown = await bench.show(
    'std::map<int, int> m{{1, 1}, {2, 2}, {3, 3}}; auto *n = (unsigned *)&m.begin()->first; n[-2] = n[-1] = (unsigned)(n - 4); m',
  );
  expect(shown).toBe('(std::map<int, int>) {[1] = 1, <damaged tree>}');
});

test('stops at the depth, the elements and the bytes it was given', async () => {
  const deep = 'template <int N> struct D { D<N - 1> d; }; template <> struct D<0> { int x = 1; }; D<20>{}';
  expect(await bench.show(deep, { depth: 2 })).toBe('(D<20>) {d = {d = {d = {…}}}}');
  const nested = 'std::vector<std::vector<int>>{{1, 2, 3}, {4, 5, 6}, {7, 8, 9}}';
  expect(await bench.show(nested, { totalElements: 6 })).toBe(
    '(std::vector<std::vector<int>>) {{1, 2, 3}, {4, … (3 in all)}, … (3 in all)}',
  );
  expect(await bench.show('std::vector<int>(100, 1)', { totalBytes: 300 })).toBe(
    '(std::vector<int>) <not read: too much memory>',
  );
});

test('reads a map node by node, each once', async () => {
  const { object, slotAddr, memory } = await bench.run(
    'std::map<int, int> m; for (int i = 0; i < 50; i++) m[i] = i; m',
  );
  await formatSlot(object, slotAddr, memory);
  const nodes = memory.reads.map((read) => read.addr);
  expect(new Set(nodes).size).toBe(nodes.length);
  // The slot, the map, its nodes.
  expect(nodes.length).toBe(52);
});
