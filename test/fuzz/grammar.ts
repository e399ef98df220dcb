// A small grammar of what people type: declarations, redefinitions, statements, expressions, and mistakes of every
// stage. It keeps a model of the variables and functions that exist, so that it knows the value of its expressions.

/** One input, and what is known about it beforehand. */
export interface FuzzInput {
  readonly text: string;
  /** What the session must show; `undefined` when the grammar does not know. */
  readonly value?: string;
  /** It cannot work: the error's code begins so. */
  readonly fails?: RegExp;
  /** Makes the model follow, once the input has worked. */
  readonly settle?: () => void;
}

/** Numbers from a seed (mulberry32), the same everywhere. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A function of the form `a * factor + term`. */
interface ModelFunction {
  readonly factor: number;
  readonly term: number;
}

export class Grammar {
  readonly #random: () => number;
  readonly #variables = new Map<string, number>();
  readonly #functions = new Map<string, ModelFunction>();
  readonly #records: string[] = [];
  #count = 0;

  constructor(seed: number) {
    this.#random = seeded(seed);
  }

  /** An expression over everything the model knows, to prove that nothing else changed. */
  probe(): FuzzInput {
    const sum = [...this.#variables.keys(), ...[...this.#functions.keys()].map((name) => `${name}(3)`)];
    const value =
      [...this.#variables.values()].reduce((a, b) => a + b, 0) +
      [...this.#functions.values()].reduce((a, { factor, term }) => a + 3 * factor + term, 0);
    return { text: ['0', ...sum].join(' + '), value: `(int) ${value | 0}` };
  }

  next(): FuzzInput {
    const rules = [
      () => this.#declareVariable(),
      () => this.#defineFunction(),
      () => this.#assign(),
      () => this.#loop(),
      () => this.#call(),
      () => this.#arithmetic(),
      () => this.#redefineVariable(),
      () => this.#redefineFunction(),
      () => this.#record(),
      () => this.#recordAgain(),
      () => this.#virtual(),
      () => this.#namespace(),
      () => this.#algorithm(),
      () => this.#classTemplate(),
      () => this.#template(),
      () => this.#mistake(),
      () => this.#broken(),
    ];
    return rules[this.#below(rules.length)]!();
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }

  #pick<T>(list: readonly T[]): T | undefined {
    return list[this.#below(list.length)];
  }

  #name(prefix: string): string {
    return `${prefix}${++this.#count}`;
  }

  #declareVariable(): FuzzInput {
    const name = this.#name('v');
    const value = this.#below(1000);
    const form = this.#pick([`int ${name} = ${value};`, `int ${name}{${value}};`, `auto ${name} = ${value};`])!;
    return { text: form, settle: () => this.#variables.set(name, value) };
  }

  #function(name: string): FuzzInput {
    const made = { factor: this.#below(20), term: this.#below(100) };
    const text = this.#pick([
      `int ${name}(int a) { return a * ${made.factor} + ${made.term}; }`,
      `int ${name}(int a) {\n  int s = ${made.term};\n  for (int i = 0; i < ${made.factor}; i++) s += a;\n  return s;\n}`,
    ])!;
    return { text, settle: () => this.#functions.set(name, made) };
  }

  #defineFunction(): FuzzInput {
    return this.#function(this.#name('f'));
  }

  #redefineFunction(): FuzzInput {
    return this.#function(this.#pick([...this.#functions.keys()]) ?? this.#name('f'));
  }

  #redefineVariable(): FuzzInput {
    const name = this.#pick([...this.#variables.keys()]) ?? this.#name('v');
    const value = this.#below(1000);
    return { text: `int ${name} = ${value};`, settle: () => this.#variables.set(name, value) };
  }

  #assign(): FuzzInput {
    const [name, value] = this.#pick([...this.#variables]) ?? [];
    if (name === undefined || value === undefined) return this.#declareVariable();
    const add = this.#below(50);
    return {
      text: `${name} += ${add}; ${name}`,
      value: `(int) ${value + add}`,
      settle: () => this.#variables.set(name, value + add),
    };
  }

  #loop(): FuzzInput {
    const [name, value] = this.#pick([...this.#variables]) ?? [];
    if (name === undefined || value === undefined) return this.#declareVariable();
    const turns = this.#below(9);
    return {
      text: `for (int i = 0; i < ${turns}; i++) {\n  if (i % 2) continue;\n  ${name}++;\n}`,
      settle: () => this.#variables.set(name, value + Math.ceil(turns / 2)),
    };
  }

  #call(): FuzzInput {
    const [name, made] = this.#pick([...this.#functions]) ?? [];
    if (name === undefined || made === undefined) return this.#defineFunction();
    const argument = this.#below(100);
    return { text: `${name}(${argument})`, value: `(int) ${argument * made.factor + made.term}` };
  }

  #arithmetic(): FuzzInput {
    const [a, b, c] = [this.#below(1000), this.#below(1000), 1 + this.#below(99)] as const;
    return this.#pick([
      { text: `${a} + ${b} * ${c}`, value: `(int) ${a + b * c}` },
      { text: `(${a} - ${b}) / ${c}`, value: `(int) ${Math.trunc((a - b) / c)}` },
      { text: `${a} < ${b}`, value: `(bool) ${a < b}` },
      { text: `(${a} ^ ${b}) & ${c}`, value: `(int) ${(a ^ b) & c}` },
      { text: `${a}u << 3`, value: `(unsigned int) ${a << 3}` },
      { text: `[](int x) { return x - ${b}; }(${a})`, value: `(int) ${a - b}` },
    ])!;
  }

  #record(): FuzzInput {
    const name = this.#name('S');
    const [x, y] = [this.#below(100), this.#below(100)] as const;
    return {
      text: `struct ${name} { int x, y; int sum() const { return x + y; } }; ${name}{${x}, ${y}}.sum()`,
      value: `(int) ${x + y}`,
    };
  }

  /** A class typed again with other members; objects of the old one go on. */
  #recordAgain(): FuzzInput {
    const name = this.#pick(this.#records) ?? this.#name('R');
    const object = this.#name('r');
    const [x, factor] = [this.#below(100), this.#below(9)] as const;
    const extra = this.#pick(['', ' long more = 1;', ' char pad[3] = {};', ` virtual ~${name}() {}`])!;
    return {
      text: `struct ${name} { int x = ${x};${extra} int get() const { return x * ${factor}; } };\n${name} ${object}{}; ${object}.get()`,
      value: `(int) ${x * factor}`,
      settle: () => this.#records.push(name),
    };
  }

  #virtual(): FuzzInput {
    const [base, derived, object] = [this.#name('B'), this.#name('D'), this.#name('o')] as const;
    const [x, y] = [this.#below(100), this.#below(100)] as const;
    return {
      text:
        `struct ${base} { virtual int id() { return ${x}; } virtual int both() { return id() + ${y}; } };\n` +
        `struct ${derived} : ${base} { int id() override; } ${object}; int ${derived}::id() { return ${y}; }\n` +
        `static_cast<${base} &>(${object}).both()`,
      value: `(int) ${2 * y}`,
    };
  }

  #namespace(): FuzzInput {
    const [space, name] = [this.#pick(['geo', 'deep::inner']), this.#name('n')] as const;
    const [x, y] = [this.#below(100), this.#below(100)] as const;
    return {
      text: `namespace ${space} { static int ${name}_v = ${x}; int ${name}(int a) { return a + ${name}_v; } } ${space}::${name}(${y})`,
      value: `(int) ${x + y}`,
    };
  }

  #algorithm(): FuzzInput {
    const [array, sum] = [this.#name('a'), this.#name('s')] as const;
    const [x, y, z] = [this.#below(100), this.#below(100), this.#below(100)] as const;
    return {
      text: `int ${array}[] = {${x}, ${y}, ${z}}, ${sum}{};\nstd::for_each(${array}, ${array} + 3, [&${sum}](int v) { ${sum} += v; }); ${sum}`,
      value: `(int) ${x + y + z}`,
    };
  }

  #classTemplate(): FuzzInput {
    const [name, object] = [this.#name('T'), this.#name('t')] as const;
    const [x, y] = [this.#below(100), this.#below(9)] as const;
    return {
      text: `template <class V, int N> struct ${name} { V v{}; V get() const; };\ntemplate <class V, int N> V ${name}<V, N>::get() const { return v * N; }\n${name}<int, ${y}> ${object}{${x}}; ${object}.get()`,
      value: `(int) ${x * y}`,
    };
  }

  #template(): FuzzInput {
    const name = this.#name('t');
    const [x, y] = [this.#below(100), this.#below(100)] as const;
    return { text: `template <class T> T ${name}(T a) { return a + T(${y}); } ${name}(${x})`, value: `(int) ${x + y}` };
  }

  /** Mistakes whose stage is known. */
  #mistake(): FuzzInput {
    const compile = /^COMPILE_/;
    const name = this.#name('x');
    return this.#pick<FuzzInput>([
      { text: `${name} + 1`, fails: compile },
      { text: `int ${name} = ;`, fails: compile },
      { text: `int ${name}(int a) { return a +; }`, fails: compile },
      { text: `struct ${name} { int a; }; ${name}{1}.b`, fails: compile },
      { text: `static_assert(1 > 2);`, fails: compile },
      { text: `#include "${name}.h"`, fails: compile },
      { text: `const int ${name} = 1; ${name} = 2;`, fails: compile },
      {
        text: `template <int N> struct ${name} { static constexpr int v = ${name}<N + 1>::v; }; ${name}<0>::v`,
        fails: compile,
      },
      { text: `int ${name}(int); ${name}(1)`, fails: /^LINK_UNDEFINED/ },
      { text: `extern int ${name}; ${name}++;`, fails: /^LINK_UNDEFINED/ },
      { text: `char ${name}[9000000]; ${name}[0] = 1;`, fails: /^(?:LINK_ARENA_FULL|LINK_)/ },
      { text: `fopen("${name}", "r")`, fails: /^SESSION_NEEDS_OS/ },
      { text: `int ${name} = 5; abort();`, fails: /^SESSION_ABORTED/ },
      { text: `int __bw_${name} = 1;`, fails: /^COMPILE_RESERVED_NAME/ },
    ])!;
  }

  /** A good input damaged at a random place: it works or fails, and nobody knows which. */
  #broken(): FuzzInput {
    const { text } = this.#pick([this.#arithmetic(), this.#record(), this.#template()])!;
    const at = this.#below(text.length);
    const junk = this.#pick([
      '',
      '(',
      ')',
      '{',
      '}',
      ';',
      '"',
      "'",
      '#',
      '\\',
      '\n',
      '/*',
      '<<',
      '\0',
      '\u{fffd}',
      '@',
      '$',
      '%:',
    ])!;
    return { text: text.slice(0, at) + junk + text.slice(at + this.#below(3)) };
  }
}
