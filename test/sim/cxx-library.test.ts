// What stands in for libstdc++'s archive where GCC has none: trees, rings and hash tables, put through thousands of
// random insertions and removals on the board and compared with plain arrays there.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BOARDS } from '../../boards/index.js';
import { openSession } from '../../host/session/open.js';
import type { Session } from '../../host/session/session.js';

const WITHOUT_ARCHIVE = BOARDS.filter(
  ({ capabilities, heapBytes }) => capabilities.cppLibrary === 'containers' && heapBytes >= 64 * 1024,
);

const NUMBERS =
  'unsigned state = 7; unsigned pick(unsigned end) { return (state = state * 1664525u + 1013904223u) >> 8, (state >> 8) % end; }';

/** Checks the invariants of a red-black tree; -1 if one is broken, else its height in black nodes. */
const BLACK_HEIGHT = `
  int black_height(const std::_Rb_tree_node_base *n) {
    if (!n) return 0;
    const auto *l = n->_M_left, *r = n->_M_right;
    if ((l && l->_M_parent != n) || (r && r->_M_parent != n)) return -1;
    if (!n->_M_color && ((l && !l->_M_color) || (r && !r->_M_color))) return -1;
    int a = black_height(l), b = black_height(r);
    return a < 0 || a != b ? -1 : a + (n->_M_color ? 1 : 0);
  }`;

describe.each(WITHOUT_ARCHIVE)('on $name', ({ name, core }) => {
  let session: Session;
  const value = async (input: string) => (await session.evaluate(input)).value;

  beforeAll(async () => {
    session = await openSession({ board: name });
    for (const input of ['#include <set>', '#include <list>', '#include <unordered_map>', NUMBERS]) await value(input);
  });
  afterAll(() => session?.close());

  test('a set holds what was put in and not taken out, in order, and its tree stays balanced', async () => {
    await value(BLACK_HEIGHT);
    await value(`int storm() {
      std::set<int> set; std::vector<bool> there(200); int broken = 0;
      for (int i = 0; i < 3000; i++) {
        int key = pick(200);
        if (pick(2)) { set.insert(key); there[key] = true; } else { set.erase(key); there[key] = false; }
        if (set.size() && black_height(set.begin()._M_node->_M_parent ? set.end()._M_node->_M_parent : nullptr) < 0) broken++;
        if (i % 100 == 0) {
          auto at = set.begin(); auto back = set.end();
          for (int k = 0; k < 200; k++) if (there[k]) { if (at == set.end() || *at++ != k) broken++; }
          for (int k = 199; k >= 0; k--) if (there[k]) { if (*--back != k) broken++; }
          if (at != set.end() || back != set.begin()) broken++;
        }
      }
      return broken;
    }`);
    expect(await value('storm()')).toBe('(int) 0');
  });

  test('a list is spliced, reversed, swapped and sorted', async () => {
    await value('std::list<int> a{1, 2, 3, 4, 5}, b{9, 8}, none;');
    await value('a.splice(++a.begin(), b, b.begin());');
    expect(await value('a')).toBe('(std::list<int>) {1, 9, 2, 3, 4, 5}');
    expect(await value('a.reverse(); a.swap(b); b')).toBe('(std::list<int>) {5, 4, 3, 2, 9, 1}');
    expect(await value('a')).toBe('(std::list<int>) {8}');
    expect(await value('none.swap(a); none.push_front(3); none.sort(); none')).toBe('(std::list<int>) {3, 8}');
    expect(await value('a.empty()')).toBe('(bool) true');
  });

  test('what there is no compiled part of is refused with words, and the session goes on', async () => {
    await expect(session.evaluate('#include <iostream>\nint here = 4;')).rejects.toMatchObject({
      code: 'SESSION_NO_LIBRARY',
      message: expect.stringMatching(
        new RegExp(
          `^input \\d+ needs std::ios_base::Init::Init\\(\\) and 1 more of the standard C\\+\\+ library, of which there is no compiled part for ${core}: strings, containers, .* work; streams, locales and threads do not$`,
        ),
      ),
    });
    expect(await value('1 + 1')).toBe('(int) 2');
  });

  test('clocks, and pointers that are shared', async () => {
    await value('#include <chrono>');
    expect(await value('auto p = std::make_shared<int>(3); auto q = p; *q + p.use_count()')).toBe('(long) 5');
    const now = 'std::chrono::steady_clock::now()';
    expect(await value(`auto before = ${now}; ${now} - before < std::chrono::seconds(5) && ${now} >= before`)).toBe(
      '(bool) true',
    );
  });

  test('a hash table grows and finds everything again', async () => {
    await value(`int missing() {
      std::unordered_map<std::string, int> map; int wrong = 0;
      for (int i = 0; i < 500; i++) map["key" + std::to_string(i)] = i;
      for (int i = 0; i < 500; i += 3) map.erase("key" + std::to_string(i));
      for (int i = 0; i < 500; i++) {
        auto at = map.find("key" + std::to_string(i));
        if ((at == map.end()) != (i % 3 == 0) || (at != map.end() && at->second != i)) wrong++;
      }
      return wrong * 1000 + (map.load_factor() <= 1.0f ? 0 : 1);
    }`);
    expect(await value('missing()')).toBe('(int) 0');
  });
});
