// What a session of the linker does with one input after another.

import { describe, expect, test } from 'vitest';
import { readObject } from '../../host/elf/read-object.js';
import type { LinkedBlock, LinkedSection, StagedLink } from '../../host/link/types.js';
import { trialZone } from '../../host/link/zones.js';
import { ARENA, altered, archive, compile, compileBytes, errorOf, TestBoard } from './link-support.js';

const sectionsOf = (staged: StagedLink, lifetime?: string): LinkedSection[] =>
  staged.blocks
    .filter((block) => lifetime === undefined || block.lifetime === lifetime)
    .flatMap((block) => block.sections);
const namesOf = (staged: StagedLink, lifetime?: string): string[] => sectionsOf(staged, lifetime).map((it) => it.name);
const find = (staged: StagedLink, name: string): LinkedSection => {
  const found = sectionsOf(staged).find((it) => it.name === name);
  if (found === undefined) throw new Error(`no ${name} among ${namesOf(staged).join(' ')}`);
  return found;
};
const even = (addr: number | undefined): number => (addr! & ~1) >>> 0;
const NOINLINE = '__attribute__((noinline))';

describe('one input', () => {
  test('becomes a run of code at the low end of the arena, and runs of variables and transient memory at the high end', () => {
    const board = new TestBoard();
    const staged = board.add('volatile int total = 5; int zeros[10]; int f() { return total; } total += f();');
    expect(staged.blocks.map(({ lifetime, kind }) => [lifetime, kind])).toEqual([
      ['persistent', 'code'],
      ['transient', 'code'],
      ['persistent', 'data'],
    ]);
    const [code, transient, variables] = staged.blocks;
    expect(code!.addr).toBe(ARENA.addr);
    expect(variables!.zeroBytes).toBe(40);
    const end = ({ addr, bytes, zeroBytes }: LinkedBlock): number => addr + bytes.length + zeroBytes;
    expect(end(transient!)).toBeLessThanOrEqual(variables!.addr);
    expect(variables!.addr - end(transient!)).toBeLessThan(8);
    expect(end(variables!)).toBe(trialZone(ARENA));
  });

  test('keeps what may be written to and what may not apart, whatever comes and goes', () => {
    const board = new TestBoard();
    for (let n = 0; n < 30; n++) {
      board.add(
        `int v${n} = ${n}; const int table${n}[] = {${n}, 2, 3}; int f${n % 7}(int i) { return v${n} + table${n}[i]; }`,
      );
    }
    const constants = board.link.constantRanges();
    const variables = board.link.variableRanges();
    expect(constants.length).toBeGreaterThan(0);
    expect(variables.reduce((sum, { len }) => sum + len, 0)).toBeGreaterThanOrEqual(30 * 4);
    const end = Math.max(...constants.map(({ addr, len }) => addr + len));
    expect(end).toBeLessThanOrEqual(Math.min(...variables.map(({ addr }) => addr)));
  });

  test('has its initialisers as entries with the Thumb bit, in order of priority', () => {
    const source = `volatile int log[3], n;
      struct Late { Late() { log[n] = 2; } } late;
      struct Early { Early() { log[n] = 1; } };
      __attribute__((init_priority(200))) Early early;
      __attribute__((init_priority(150))) Early earliest;`;
    const object = compile(source, 1);
    const staged = new TestBoard().link.stage(object, { input: 1 });
    expect(staged.entries).toHaveLength(3);
    expect(staged.entries.every((entry) => (entry & 1) === 1)).toBe(true);
    const names = staged.entries.map((entry) => staged.symbolAt(even(entry))!.name);
    expect(names.at(0)).toContain('000150');
    expect(names.at(1)).toContain('000200');
    expect(names.at(2)).toContain('_GLOBAL__sub_I_');
  });

  test('without statements has no entries, and drops what nothing reaches', () => {
    const staged = new TestBoard().stage('inline int unused() { return 1; } int used() { return 2; }');
    expect(staged.entries).toEqual([]);
    expect(namesOf(staged)).toEqual(['.text._Z4usedv']);
  });

  test('puts no debug section, unwind table or note on the board', () => {
    const staged = new TestBoard().add('int f(int a) { return a; } f(3);');
    expect(namesOf(staged).filter((name) => /debug|exidx|note|comment|attributes/.test(name))).toEqual([]);
  });

  test('keeps the Thumb bit of functions in tables', () => {
    const board = new TestBoard();
    board.add('int f() { return 1; } int (*const table[])() = {f, f}; auto *keep = &table;');
    const staged = board.add('extern int (*keep)(); int (*p)() = keep;');
    expect(staged.entries).toHaveLength(1);
    const table = board.link.addressOf('_Z1fv')!;
    expect(table & 1).toBe(1);
    expect(board.word(board.word(board.link.addressOf('keep')!))).toBe(table);
  });

  test('has common symbols in zeroed memory of their alignment', () => {
    const board = new TestBoard();
    const object = readObject(
      compileBytes('int pool[4]; int *first(void) { return pool; }', {
        language: 'c',
        flags: ['-fcommon', '-fno-data-sections'],
      }),
      'input 1',
    );
    const staged = board.link.stage(object, { input: 1 });
    board.commit(staged);
    expect(find(staged, 'common pool')).toMatchObject({ kind: 'bss', sizeBytes: 16 });
    expect(board.word(board.link.addressOf('pool')!)).toBe(0);
  });

  test('finds its value slot, whether or not it is static', () => {
    for (const slot of ['static int __bw_value', 'int __bw_value']) {
      const board = new TestBoard();
      const staged = board.stage(`int f(); int f() { return 1; } extern "C" { __attribute__((used)) ${slot} = f(); }`);
      const addr = staged.addressOf('__bw_value')!;
      expect(staged.symbolAt(addr)!.name).toContain('__bw_value');
      expect(staged.symbolAt(addr)!.lifetime).toBe('transient');
    }
  });
});

describe('a later input', () => {
  test('calls functions and uses variables of earlier ones', () => {
    const board = new TestBoard();
    board.add('int n = 7; int f() { return n; }');
    const staged = board.add('extern int n; int f(); int g() { return f() + n; }');
    const g = find(staged, '.text._Z1gv');
    expect(board.calls(g.addr, g.sizeBytes)).toEqual([even(board.link.addressOf('_Z1fv'))]);
  });

  test('sees statics of earlier ones under the name an extern declaration gives them', () => {
    const board = new TestBoard();
    board.add(
      'static volatile int hidden = 3; static int twice(int a) { return 2 * a; } hidden += 1; auto *keep = &twice;',
    );
    const staged = board.stage('extern volatile int hidden; int twice(int); int g() { return twice(hidden); }');
    expect(staged.blocks).toHaveLength(1);
    expect(board.link.addressOf('hidden')).toBeGreaterThan(0);
  });

  test('means the newest of a static and a global of one name', () => {
    const board = new TestBoard();
    board.add('volatile int n = 1; n += 1;');
    board.add('static volatile int n = 2; n += 1;');
    board.add('extern volatile int n; volatile int *p = &n;');
    expect(board.word(board.word(board.link.addressOf('p')!))).toBe(2);
    board.add('volatile int n = 3;');
    board.add('extern volatile int n; volatile int *p = &n;');
    expect(board.word(board.word(board.link.addressOf('p')!))).toBe(3);
  });

  test('shares equal strings, constants and inline functions with earlier ones', () => {
    const board = new TestBoard();
    const use = (n: number) =>
      `const char *s${n} = "a shared text"; inline int ${'once'}() { static int count = 3; return ++count; } int f${n}() { return once(); }`;
    board.add(use(1));
    const staged = board.add(use(2));
    expect(namesOf(staged).filter((name) => /rodata|once|ZZ4once/.test(name))).toEqual([]);
    expect(board.word(board.link.addressOf('s1')!)).toBe(board.word(board.link.addressOf('s2')!));
  });

  test('that brings another template under the same name has its own, and older code keeps the older one', () => {
    const board = new TestBoard();
    const source = (n: number) =>
      `template <class T> ${NOINLINE} T scale(T x) { return x * ${n} + ${n}; } int f${n}(int a) { return scale(a); }`;
    const first = board.add(source(2));
    const second = board.add(source(3));
    expect(second.patches).toEqual([]);
    const f2 = find(first, '.text._Z2f2i');
    const f3 = find(second, '.text._Z2f3i');
    expect(board.calls(f2.addr, f2.sizeBytes)).toEqual([find(first, '.text._Z5scaleIiET_S0_').addr]);
    expect(board.calls(f3.addr, f3.sizeBytes)).toEqual([find(second, '.text._Z5scaleIiET_S0_').addr]);
  });
});

describe('a definition typed again', () => {
  test('replaces the function for callers already on the board', () => {
    const board = new TestBoard();
    board.add('int f() { return 1; }');
    const callers = board.add('int f(); int g() { return f() + 1; } int h() { return f() + g(); }');
    const staged = board.add('int f() { return 2; }');
    expect(staged.patches).toHaveLength(3); // h has g inlined
    const g = find(callers, '.text._Z1gv');
    const now = even(board.link.addressOf('_Z1fv'));
    expect(now).toBe(find(staged, '.text._Z1fv').addr);
    expect(board.calls(g.addr, g.sizeBytes)).toEqual([now]);
  });

  test('frees the old function when only calls referred to it', () => {
    const board = new TestBoard();
    board.add('int f(int a) { return a * 3 + 5; } int g() { return 1; }');
    const before = board.link.usage().usedBytes;
    for (let i = 0; i < 20; i++) board.add(`int f(int a) { return a * 3 + ${i}; }`);
    expect(board.link.usage().usedBytes).toBeLessThanOrEqual(before + 16);
  });

  test('leaves no gap behind, however often', () => {
    const board = new TestBoard();
    const source = (n: number) =>
      `int f(int a) { return a + ${n}; } int g(int a, int b) { return a * b - ${n}; } int h(int a) { return a * a * a + ${n}; }`;
    for (let i = 0; i < 3; i++) board.add(source(i));
    const before = board.link.usage();
    for (let i = 3; i < 9; i++) board.add(source(i));
    expect(board.link.usage().usedBytes).toBe(before.usedBytes);
    expect(board.link.usage().freeBytes).toBe(before.freeBytes);
  });

  test('keeps the old function while a pointer to it may be stored', () => {
    const board = new TestBoard();
    const first = board.add('int f() { return 1; } int (*p)() = f;');
    const old = find(first, '.text._Z1fv').addr;
    const staged = board.add('int f() { return 2; }');
    expect(staged.patches).toEqual([]);
    expect(even(board.word(board.link.addressOf('p')!))).toBe(old);
    expect(board.link.symbolAt(old)!.name).toBe('_Z1fv');
    for (const block of board.add('int filler[4] = {1}; int k() { return 9; }').blocks)
      expect(block.addr).not.toBe(old);
  });

  test('patches constants that hold the function', () => {
    const board = new TestBoard();
    board.add('int f() { return 1; }');
    const user = board.add(
      'int f(); int h() { return 5; } int call(int n) { static int (*const table[])() = {f, h}; return table[n](); }',
    );
    const staged = board.add('int f() { return 2; }');
    const table = find(user, '.rodata._ZZ4calliE5table');
    expect(staged.patches.map((patch) => patch.addr)).toEqual([table.addr]);
    expect(staged.patches[0]!.previous).toEqual(board.before(staged.patches[0]!));
    expect(board.word(table.addr)).toBe(board.link.addressOf('_Z1fv'));
  });

  test('keeps the address of a variable of the same size, and writes its new contents', () => {
    const board = new TestBoard();
    board.add('int n = 1; int *p = &n; int get() { return n; }');
    const addr = board.link.addressOf('n')!;
    const staged = board.add('int n = 5;');
    expect(board.link.addressOf('n')).toBe(addr);
    expect(staged.patches).toEqual([]);
    expect(board.word(addr)).toBe(5);
    board.add('int n;');
    expect(board.link.addressOf('n')).toBe(addr);
    expect(board.word(addr)).toBe(0);
  });

  test('moves a variable of another size and patches the code that uses it', () => {
    const board = new TestBoard();
    const user = board.add('int n = 1; int *get() { return &n; } int *p = &n;');
    const old = board.link.addressOf('n')!;
    const staged = board.add('int n[8] = {1, 2, 3};');
    const now = board.link.addressOf('n')!;
    expect(now).not.toBe(old);
    const get = find(user, '.text._Z3getv');
    expect(staged.patches.map((patch) => board.word(patch.addr))).toEqual([now]);
    expect(staged.patches[0]!.addr).toBeGreaterThan(get.addr);
    expect(board.word(board.link.addressOf('p')!), "the user's pointer is not ours to change").toBe(old);
  });

  test('of a library function is the one that later inputs call, and the library keeps its own', () => {
    const board = new TestBoard({ archives: [archive('libgcc.a', 'v6-m')] });
    const first = board.add('int div(int a, int b) { return a / b; }');
    const div = find(first, '.text._Z3divii');
    const library = board.calls(div.addr, div.sizeBytes);
    const staged = board.add('extern "C" int __aeabi_idiv(int a, int b) { return a - b; }');
    expect(staged.patches).toEqual([]);
    const later = board.add('int div2(int a, int b) { return a / b; }');
    const div2 = find(later, '.text._Z4div2ii');
    expect(board.calls(div.addr, div.sizeBytes)).toEqual(library);
    expect(board.calls(div2.addr, div2.sizeBytes)).toEqual([even(board.link.addressOf('__aeabi_idiv'))]);
  });
});

describe('weak references', () => {
  const SOURCE = 'extern "C" __attribute__((weak)) int hook(int); int f(int a) { return hook ? hook(a) : a; }';

  test('are 0 while nobody defines the name, and a call to it goes on behind the call', () => {
    const board = new TestBoard({ core: 'v7-m' });
    const f = find(board.add(`${SOURCE} int force(int a) { return hook(a) + 1; }`), '.text._Z5forcei');
    expect(board.calls(f.addr, f.sizeBytes).every((target) => target > f.addr && target < f.addr + f.sizeBytes)).toBe(
      true,
    );
  });

  test('are patched when a later input defines it', () => {
    const board = new TestBoard();
    board.add(SOURCE);
    const staged = board.add('extern "C" int hook(int a) { return a + 1; }');
    expect(staged.patches.length).toBeGreaterThan(0);
    expect(staged.patches.some((patch) => patch.bytes.length >= 4 && board.word((patch.addr + 3) & ~3) !== 0)).toBe(
      true,
    );
  });
});

describe('undefined names', () => {
  test('are reported all at once, readable, with who needs them', () => {
    const board = new TestBoard();
    const error = errorOf(() =>
      board.stage(
        'int sqrtff(float); int other(int); int x = 0; int f() { return sqrtff(2.5f) + other(1) + other(2); } x = other(3);',
      ),
    );
    expect(error.code).toBe('LINK_UNDEFINED');
    expect(error.message).toContain('2 names are declared but defined nowhere, needed by input 1:');
    expect(error.message).toMatch(/sqrtff\(float\) {3}used by f\(\) in input 1 \(<stdin>:1\)\n/);
    expect(error.message).toMatch(/other\(int\) {3}used by f\(\) in input 1 \(.*\), input 1 \(.*\)\n/);
    expect(error.details).toMatchObject({
      symbols: [{ name: '_Z6sqrtfff', demangled: 'sqrtff(float)' }, { demangled: 'other(int)' }],
    });
  });

  test('do not matter in code that nothing reaches', () => {
    expect(() =>
      new TestBoard().stage('int nowhere(); inline int f() { return nowhere(); } int g() { return 1; }'),
    ).not.toThrow();
  });
});

describe('a stage that fails, or is never committed', () => {
  test('leaves everything as it was', () => {
    const board = new TestBoard({ archives: [archive('libgcc.a', 'v6-m')] });
    board.add('int f() { return 1; } int n = 3;');
    board.add('int f(); int g() { return f() + 1; }');
    const before = [board.link.usage(), board.link.addressOf('_Z1fv'), board.link.addressOf('n')];
    errorOf(() => board.stage('int missing(); int f() { return missing(); } int n[4];'));
    board.stage('int f() { return 2; } int n[9] = {1}; int q(int a, int b) { return a / b; }');
    expect([board.link.usage(), board.link.addressOf('_Z1fv'), board.link.addressOf('n')]).toEqual(before);
    expect(board.link.addressOf('__aeabi_idiv')).toBeUndefined();
    const again = board.add('int f() { return 3; }');
    expect(again.patches).toHaveLength(1);
  });

  test('cannot be committed after another input was', () => {
    const board = new TestBoard();
    const stale = board.stage('int a;');
    board.add('int b;');
    const error = errorOf(() => board.link.commit(stale));
    expect(error.code).toBe('LINK_STALE');
    expect(error.message).toContain('input 1 was staged before another input was committed');
  });
});

describe('lifetimes', () => {
  test('expressions leave no memory behind', () => {
    const board = new TestBoard({ archives: [archive('libgcc.a', 'v6-m')] });
    board.add('int f(int a) { return a / 3; }');
    const evaluate = (n: number) => `int f(int); template <int N> ${NOINLINE} int add(int a) { return a * 7 + N; }
      static inline decltype(auto) __bw_expr() { return add<${n}>(f(${n})); }
      struct Slot { int value; ${NOINLINE} Slot(int (*f)()) : value(f()) {} };
      __attribute__((used)) static Slot __bw_value(__bw_expr);`;
    const before = board.link.usage().usedBytes;
    for (let i = 0; i < 10; i++) board.add(evaluate(i), { flags: [i % 2 ? '-O0' : '-Os'] });
    expect(board.link.usage().usedBytes).toBe(before);
  });

  test.each(['-O0', '-Os'])('a lambda that an expression stores stays, at %s', (level) => {
    const board = new TestBoard();
    board.add('int (*fp)(int);');
    const staged = board.add(
      `extern int (*fp)(int); static inline decltype(auto) __bw_expr() { return (fp = [](int a) { return a + 40; }); }
      struct Slot { void *value; Slot(int (*&(*f)())(int)) : value((void *)f()) {} };
      __attribute__((used)) static Slot __bw_value(__bw_expr);`,
      { flags: [level] },
    );
    expect(namesOf(staged, 'persistent').some((name) => name.includes('__invoke'))).toBe(true);
    expect(namesOf(staged, 'persistent').some((name) => name.includes('__bw_exprv') && !name.includes('_ZZ'))).toBe(
      false,
    );
  });

  test('what a statement points to stays; what it only calls goes', () => {
    const board = new TestBoard();
    const staged =
      board.add(`const char *volatile s; int (*volatile fp)(int); template <class T> ${NOINLINE} T inc(T a) { return a + 1; }
      s = "kept"; fp = [](int a) { return a + 40; }; volatile int r; r = inc<int>(r);`);
    const persistent = namesOf(staged, 'persistent');
    expect(persistent).toContain('.rodata.str1.1');
    expect(persistent.some((name) => name.includes('__invoke'))).toBe(true);
    expect(namesOf(staged, 'transient').some((name) => name.includes('_Z3incIi'))).toBe(true);
  });

  test('a pure expression keeps no string', () => {
    const source = 'extern "C" int puts(const char *); int puts(const char *) { return 1; }';
    const board = new TestBoard();
    board.add(source);
    const staged = board.add('extern "C" int puts(const char *); puts("gone");', { keep: 'reachable' });
    expect(namesOf(staged, 'persistent')).toEqual([]);
    expect(namesOf(staged, 'transient')).toContain('.rodata.str1.1');
  });

  test('the same string again and again takes memory once', () => {
    const board = new TestBoard();
    board.add('const char *s; int f(const char *t) { return *t; } s = "again";');
    const before = board.link.usage().usedBytes;
    for (let i = 0; i < 5; i++) board.add('extern const char *s; int f(const char *); f("again"); s = "again";');
    expect(board.link.usage().usedBytes).toBe(before);
  });

  test('a static in an inline function counts on', () => {
    const board = new TestBoard();
    const source = 'inline int next() { static int n = 3; return n++; } int r; r = next();';
    board.add(source);
    const addr = board.link.addressOf('_ZZ4nextvE1n');
    const staged = board.add(source, { keep: 'reachable' });
    expect(board.link.addressOf('_ZZ4nextvE1n')).toBe(addr);
    expect(namesOf(staged)).not.toContain('.data._ZZ4nextvE1n');
  });

  test('an address in transient code still has a name after the commit', () => {
    const board = new TestBoard();
    const staged = board.add('volatile int n; n = 4;');
    expect(board.link.symbolAt(even(staged.entries[0]))!.name).toContain('_GLOBAL__sub_I_');
  });
});

describe('archives', () => {
  test('give what is missing by themselves, once', () => {
    const board = new TestBoard({ archives: [archive('libgcc.a', 'v6-m')] });
    const first = board.add('int div(int a, int b) { return a / b; }');
    expect(namesOf(first).some((name) => name.startsWith('libgcc.a(_divsi3.o)'))).toBe(true);
    const second = board.add('int half(int a, int b) { return a / b + 1; }');
    expect(namesOf(second)).toEqual(['.text._Z4halfii']);
  });

  test.each(['v6-m', 'v7-m'] as const)('link printf of newlib completely for %s', (core) => {
    const board = new TestBoard({ core, archives: ['libgcc.a', 'libc_nano.a'].map((name) => archive(name, core)) });
    board.add(`extern "C" { void *_sbrk(int) { return 0; } int _write(int, char *, int n) { return n; } int _read(int, char *, int) { return 0; }
      int _close(int) { return 0; } int _lseek(int, int, int) { return 0; } int _fstat(int, void *) { return 0; } int _isatty(int) { return 1; } }`);
    const staged = board.add('extern "C" int printf(const char *, ...); printf("%d %s\\n", 42, "x");');
    expect(namesOf(staged).some((name) => name.startsWith('libc_nano.a(lib_a-nano-vfprintf.o)'))).toBe(true);
    expect(board.add('extern "C" int printf(const char *, ...); printf("%d %s\\n", 42, "x");').blocks).toHaveLength(1);
  });

  test('run initialisers of the members they bring before those of the input', () => {
    const board = new TestBoard({
      archives: ['libgcc.a', 'libc_nano.a', 'libstdc++_nano.a'].map((name) => archive(name, 'v6-m')),
    });
    const member = board.target.archives[2]!;
    const withInit = [...member.symbols].find(
      ([name, index]) =>
        name.startsWith('_ZN9__gnu_cxx9__freeres') &&
        member.member(index).sections.some((it) => it.name === '.init_array'),
    );
    expect(withInit, 'the emergency pool of exceptions has an initialiser').toBeDefined();
    board.add(
      'extern "C" { void *malloc(unsigned) { return 0; } void free(void *) {} void abort() { for (;;); } void *__dso_handle; }',
    );
    const staged = board.stage('namespace __gnu_cxx { void __freeres(); } int n; n = 1; __gnu_cxx::__freeres();');
    expect(staged.entries).toHaveLength(2);
    expect(staged.symbolAt(even(staged.entries[1]))!.lifetime).toBe('transient');
    expect(staged.symbolAt(even(staged.entries[0]))!.lifetime).toBe('persistent');
  });

  test('reserve the heap when something asks for its bounds, once', () => {
    const board = new TestBoard();
    const staged = board.add(
      'extern "C" char __bw_heap_start[], __bw_heap_end[]; char *low = __bw_heap_start, *high = __bw_heap_end;',
    );
    const [low, high] = ['low', 'high'].map((name) => board.word(staged.addressOf(name)!));
    expect(high! - low!).toBe(4096);
    expect(board.link.usage().heapBytes).toBe(4096);
    board.add('extern "C" char __bw_heap_end[]; char *again = __bw_heap_end;');
    expect(board.word(board.link.addressOf('again')!)).toBe(high);
  });

  test('a call of a library is not meant for a variable of the same name', () => {
    const board = new TestBoard({ archives: [archive('libc_nano.a', 'v6-m'), archive('libgcc.a', 'v6-m')] });
    board.add('int strlen = 3;');
    const staged = board.add('extern "C" char *strcat(char *, const char *); auto *keep = &strcat;');
    expect(namesOf(staged).every((name) => !name.includes('undefined'))).toBe(true);
  });
});

describe('veneers', () => {
  const firmware = (addr: number) => {
    const object = compile(
      'extern "C" int in_flash(int a) { return a; } extern "C" int also_in_flash(int a) { return a; }',
      0,
    );
    const at = (offset: number) => (symbol: (typeof object.symbols)[number]) => ({
      index: symbol.index,
      name: symbol.name,
      value: (addr + offset) | 1,
      sizeBytes: 4,
      binding: symbol.binding,
      type: symbol.type,
      hidden: false,
      section: 'absolute' as const,
    });
    return altered(object, {
      name: 'firmware',
      kind: 'executable' as const,
      symbols: object.symbols.filter((it) => it.name.endsWith('in_flash')).map((it, i) => at(i * 16)(it)),
    });
  };
  const SOURCE =
    'extern "C" int in_flash(int); int f(int a) { return in_flash(a) + 1; } int g(int a) { return in_flash(a) + 2; } int n; n = in_flash(3);';

  test.each([
    ['v6-m', 'b403 4801 9001 bd01'],
    ['v7-m', 'f8df f000'],
  ] as const)('reach flash from RAM on %s, one per target and lifetime', (core, code) => {
    const board = new TestBoard({ core, firmware: firmware(0x1000_0100) });
    const staged = board.add(SOURCE);
    const veneers = sectionsOf(staged).filter((it) => it.name === 'veneer to in_flash');
    expect(veneers).toHaveLength(2);
    const kept = veneers.find((it) => it.addr < ARENA.addr + 1024)!;
    const halves = Array.from({ length: kept.sizeBytes / 2 - 2 }, (_, i) => {
      const at = kept.addr - ARENA.addr + 2 * i;
      return (board.memory[at]! | (board.memory[at + 1]! << 8)).toString(16);
    });
    expect(halves.join(' ')).toBe(code);
    expect(board.word(kept.addr + kept.sizeBytes - 4)).toBe(0x1000_0101);
    for (const name of ['.text._Z1fi', '.text._Z1gi']) {
      const f = find(staged, name);
      expect(board.calls(f.addr, f.sizeBytes)).toEqual([kept.addr]);
    }
    const later = board.add('extern "C" int in_flash(int); int h(int a) { return in_flash(a) + 3; }');
    const h = find(later, '.text._Z1hi');
    expect(board.calls(h.addr, h.sizeBytes)).toEqual([kept.addr]);
    expect(namesOf(later)).toEqual(['.text._Z1hi']);
  });

  test('are left out where the branch reaches', () => {
    const board = new TestBoard({ firmware: firmware(0x2080_0000) });
    expect(namesOf(board.add(SOURCE)).filter((name) => name.startsWith('veneer'))).toEqual([]);
  });

  test('are gone when the last caller got another target', () => {
    const board = new TestBoard({ firmware: firmware(0x1000_0100) });
    board.add('extern "C" int in_flash(int); int f(int a) { return in_flash(a) + 1; }');
    const before = board.link.usage().usedBytes;
    board.add('int f(int a) { return a - 100000; }');
    expect(board.link.usage().usedBytes).toBeLessThan(before);
  });
});

describe('errors of objects', () => {
  const assemble = (source: string, core: 'v6-m' | 'v7-m' = 'v7-m') => {
    const board = new TestBoard({ core });
    return errorOf(() => board.stage(source, { language: 'assembler' }));
  };
  const FUNCTION = '.syntax unified\n.section .text.f, "ax"\n.globl f\n.type f, %function\n.thumb_func\nf:\n';

  test('an unknown relocation: its number, section, offset and file', () => {
    const error = assemble(`${FUNCTION}nop\n.reloc ., R_ARM_GOT_PREL, f\n.word 0\n`);
    expect(error.code).toBe('LINK_UNKNOWN_RELOCATION');
    expect(error.message).toBe('relocation 96 in input 1 .text.f+0x2 is not known for armv7-m');
    expect(error.details).toMatchObject({ relocation: 96, section: '.text.f', offset: 2, file: 'input 1' });
  });

  test('thread_local', () => {
    const error = errorOf(() =>
      new TestBoard().stage('thread_local int n = 3; int f() { return n; }', { flags: ['-ftls-model=local-exec'] }),
    );
    expect(['LINK_UNKNOWN_RELOCATION', 'LINK_UNDEFINED']).toContain(error.code);
  });

  test('BLX (immediate), which M-profile does not have', () => {
    const error = assemble(`${FUNCTION}.reloc ., R_ARM_THM_CALL, f\n.short 0xf000, 0xe800\n`);
    expect(error.code).toBe('LINK_BAD_RELOCATION');
    expect(error.message).toContain('R_ARM_THM_CALL in input 1 .text.f+0x0: BLX (immediate) switches to Arm state');
  });

  test('a relocation over the end of its section', () => {
    const error = assemble(`${FUNCTION}nop\n.reloc ., R_ARM_ABS32, f\n.short 0\n`);
    expect(error.code).toBe('LINK_BAD_RELOCATION');
    expect(error.message).toContain('it reaches beyond the end of the section');
  });

  test('a short branch to a place far away', () => {
    const far = '.section .text.far, "ax"\n.space 8192\n.globl far\n.type far, %function\n.thumb_func\nfar: bx lr\n';
    const error = assemble(`${FUNCTION}.reloc ., R_ARM_THM_JUMP11, far\n.short 0xe7fe\n${far}`, 'v6-m');
    expect(error.code).toBe('LINK_OUT_OF_RANGE');
    expect(error.message).toMatch(
      /^R_ARM_THM_JUMP11 in input 1 \.text\.f\+0x0: target 0x2000[0-9a-f]{4} \(far\) is 8\d* bytes after it, limit 2046 bytes$/,
    );
  });

  test('an object for another machine', () => {
    const object = altered(compile('int a;', 1), { machine: 'riscv' });
    const error = errorOf(() => new TestBoard().link.stage(object, { input: 1 }));
    expect(error.code).toBe('LINK_WRONG_OBJECT');
    expect(error.message).toContain('input 1 is a relocatable file for riscv');
  });

  test('an architecture the linker does not know', () => {
    const error = errorOf(() => new TestBoard({ arch: 'avr' as 'rv32' }));
    expect(error.code).toBe('LINK_UNKNOWN_ARCH');
    expect(error.message).toContain('the linker does not know the architecture avr; it knows armv6-m');
  });
});

describe('a full arena', () => {
  test('says how many bytes are missing and who holds the rest', () => {
    const board = new TestBoard({ arena: { addr: 0x2000_0000, sizeBytes: 4096 } });
    board.add('char big[3000]; char small[100];');
    const error = errorOf(() => board.stage('char more[2000];'));
    expect(error.code).toBe('LINK_ARENA_FULL');
    expect(error.message).toMatch(
      /^input 2 \(more: 2000\) needs 2000 bytes in one piece, 1132 more than the board has left/,
    );
    expect(error.message).toContain('3000 bytes  big from input 1');
    expect(error.details).toMatchObject({ neededBytes: 2000 });
  });

  test('fills holes before it gives up', () => {
    const board = new TestBoard({ arena: { addr: 0x2000_0000, sizeBytes: 2048 } });
    board.add(
      `int f(int a) { asm volatile(".space 600"); return a; } int g(int a) { asm volatile(".space 600"); return a; }`,
    );
    board.add('int f(int a) { return a; }');
    expect(() =>
      board.stage(
        `int h(int a) { asm volatile(".space 500"); return a; } int k(int a) { asm volatile(".space 560"); return a; }`,
      ),
    ).not.toThrow();
  });
});
