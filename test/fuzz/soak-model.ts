// What a soak types, and what the variables are after it: assignments, calls, definitions over and over; one input in
// ten faults or hangs half through; one in fifty restarts the board or takes its power away.

import { seeded } from './grammar.js';

/** An input that is typed. */
export interface SoakInput {
  readonly kind: 'input';
  readonly text: string;
  readonly value?: string;
  /** Code of the error it must end with. */
  readonly fails?: 'SESSION_FAULT' | 'SESSION_STOPPED' | 'SESSION_RESTARTED';
}

/** One step of a soak; without a text it is `:reset` at the prompt, or the simulator killed. */
export type SoakStep = SoakInput | { readonly kind: 'reset' } | { readonly kind: 'kill' };

const MOST_VARIABLES = 40;
const MOST_FUNCTIONS = 25;
/** What code prints before it hangs. */
export const HANGS = 'it hangs now';
const FAULT = '*(volatile int *)0xF0000000 = 1;';
/** What stands before it is done before what stands behind it. */
const BARRIER = 'asm volatile("" ::: "memory");';
const RESET = '*(volatile unsigned *)0xE000ED0C = 0x05FA0004; for (;;);';

export class SoakModel {
  readonly variables = new Map<string, number>();
  readonly #functions = new Map<string, { readonly factor: number; readonly term: number }>();
  readonly #random: () => number;

  constructor(seed: number) {
    this.#random = seeded(seed);
  }

  /** The next step; the model is then as the board must be after it. */
  next(): SoakStep {
    if (this.#variables.length < 3) return this.#define();
    if (this.#below(50) === 0) return this.#restart();
    if (this.#below(10) === 0) return this.#fail();
    const rules = [
      () => this.#define(),
      () => this.#assign(),
      () => this.#assign(),
      () => this.#loop(),
      () => this.#call(),
      () => this.#function(),
    ];
    return rules[this.#below(rules.length)]!();
  }

  /** An expression over all variables and functions, and its value. */
  probe(): { text: string; value: string } {
    const calls = [...this.#functions].map(([name, { factor, term }]) => [`${name}(3)`, 3 * factor + term] as const);
    const terms = [...this.variables, ...calls];
    return {
      text: ['0', ...terms.map(([name]) => name)].join(' + '),
      value: `(int) ${terms.reduce((sum, [, value]) => (sum + value) | 0, 0)}`,
    };
  }

  get #variables(): string[] {
    return [...this.variables.keys()];
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }

  #pick(): [string, number] {
    const name = this.#variables[this.#below(this.#variables.length)]!;
    return [name, this.variables.get(name)!];
  }

  #define(): SoakStep {
    const name = `v${this.#below(MOST_VARIABLES)}`;
    const value = this.#below(1000);
    this.variables.set(name, value);
    return { kind: 'input', text: `int ${name} = ${value};` };
  }

  #assign(): SoakStep {
    const [name, value] = this.#pick();
    const now = value + this.#below(50);
    this.variables.set(name, now);
    return { kind: 'input', text: `${name} += ${now - value}; ${name}`, value: `(int) ${now}` };
  }

  #loop(): SoakStep {
    const [name, value] = this.#pick();
    const turns = this.#below(20);
    this.variables.set(name, value + turns);
    return { kind: 'input', text: `for (int i = 0; i < ${turns}; i++) ${name}++;` };
  }

  #function(): SoakStep {
    const name = `f${this.#below(MOST_FUNCTIONS)}`;
    const made = { factor: this.#below(20), term: this.#below(100) };
    this.#functions.set(name, made);
    return { kind: 'input', text: `int ${name}(int a) { return a * ${made.factor} + ${made.term}; }` };
  }

  #call(): SoakStep {
    const names = [...this.#functions.keys()];
    const name = names[this.#below(names.length)];
    if (name === undefined) return this.#function();
    const { factor, term } = this.#functions.get(name)!;
    const [variable] = this.#pick();
    const argument = this.#below(100);
    const now = argument * factor + term;
    this.variables.set(variable, now);
    return { kind: 'input', text: `${variable} = ${name}(${argument}); ${variable}`, value: `(int) ${now}` };
  }

  /** What it did up to there stays done. */
  #fail(): SoakStep {
    const [name, value] = this.#pick();
    const add = 1 + this.#below(50);
    this.variables.set(name, value + add);
    const before = `${name} += ${add}; ${BARRIER}`;
    return this.#below(2) === 0
      ? { kind: 'input', text: `{ ${before} ${FAULT} ${name} = 0; }`, fails: 'SESSION_FAULT' }
      : { kind: 'input', text: `{ ${before} puts("${HANGS}"); for (;;); }`, fails: 'SESSION_STOPPED' };
  }

  #restart(): SoakStep {
    const kind = this.#below(5);
    if (kind === 0) return { kind: 'kill' };
    if (kind === 1) return { kind: 'reset' };
    return { kind: 'input', text: `${RESET} ${this.#pick()[0]} = 0;`, fails: 'SESSION_RESTARTED' };
  }
}
