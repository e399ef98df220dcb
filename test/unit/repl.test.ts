// The prompt between two in-memory streams: keys go in, and a small terminal shows what a person would see.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterEach, describe, expect, test } from 'vitest';
import { BarewireError, bug } from '../../host/diag/error.js';
import { type ReplHandle, type ReplOptions, runRepl } from '../../host/repl/repl.js';
import { TinyTerminal } from '../support/tiny-terminal.js';

const PROMPT = 'bw> ';

interface Bench {
  readonly terminal: TinyTerminal;
  readonly handle: ReplHandle;
  readonly done: Promise<void>;
  readonly evaluated: string[];
  /** Sends keys and waits until nothing more happens by itself. */
  type(keys: string): Promise<void>;
  /** Ends the input stream. */
  end(): void;
}

// All that the prompt does by itself is done in promises and immediates.
async function settle(): Promise<void> {
  for (let i = 0; i < 10; i++) await new Promise((resolve) => setImmediate(resolve));
}

const open: Bench[] = [];

async function start(options: Partial<ReplOptions> & { columns?: number } = {}): Promise<Bench> {
  const input = new PassThrough();
  const output = new PassThrough();
  const columns = options.columns ?? 40;
  const terminal = new TinyTerminal(columns);
  Object.assign(output, { columns, isTTY: true });
  output.on('data', (chunk: Buffer) => terminal.write(chunk.toString('utf8')));
  const evaluated: string[] = [];
  let handle: ReplHandle | undefined;
  const done = runRepl({
    input,
    output,
    prompt: PROMPT,
    color: false,
    completeness: (text) => (text.split('{').length > text.split('}').length ? 'incomplete' : 'complete'),
    interrupt: () => undefined,
    commands: [],
    ...options,
    evaluate: async (text) => {
      evaluated.push(text);
      return options.evaluate === undefined ? `= ${text.replaceAll('\n', '|')}` : options.evaluate(text);
    },
    started: (repl) => {
      handle = repl;
    },
  });
  const bench: Bench = {
    terminal,
    handle: handle!,
    done,
    evaluated,
    type: async (keys) => {
      input.write(keys);
      await settle();
    },
    end: () => input.end(),
  };
  open.push(bench);
  return bench;
}

afterEach(async () => {
  for (const bench of open.splice(0)) {
    bench.end();
    await bench.done;
  }
});

const LEFT = '\x1b[D';
const UP = '\x1b[A';
const DOWN = '\x1b[B';
const CTRL = (letter: string): string => String.fromCharCode(letter.charCodeAt(0) - 96);

describe('editing', () => {
  test('shows the value below the line and asks again', async () => {
    const { terminal, type } = await start();
    await type('1 + 1\r');
    expect(terminal.lines()).toEqual(['bw> 1 + 1', '= 1 + 1', 'bw>']);
  });

  test('edits with arrows, Ctrl-A, Ctrl-E, Ctrl-K, Ctrl-W and backspace', async () => {
    const { evaluated, type } = await start();
    await type(`bc${CTRL('a')}a${CTRL('e')}d\r`);
    await type(`abXc${LEFT}\x7f\r`);
    await type(`abc${LEFT}${LEFT}${CTRL('k')}\r`);
    await type(`int foo${CTRL('w')}bar\r`);
    expect(evaluated).toEqual(['abcd', 'abc', 'a', 'int bar']);
  });

  test('inserts pasted text where the cursor is', async () => {
    const { evaluated, type } = await start();
    await type('f()');
    await type(LEFT);
    await type('1, 2');
    await type('\r');
    expect(evaluated).toEqual(['f(1, 2)']);
  });

  test('takes a key whose bytes arrive one by one', async () => {
    const { evaluated, type } = await start();
    await type('ac');
    for (const byte of LEFT) await type(byte);
    await type('b');
    await type('\r');
    expect(evaluated).toEqual(['abc']);
  });

  test('asks for more lines until the braces are closed', async () => {
    const { terminal, evaluated, type } = await start();
    await type('int f() {\r');
    await type('}\r');
    expect(evaluated).toEqual(['int f() {\n}']);
    expect(terminal.lines()).toEqual(['bw> int f() {', '...> }', '= int f() {|}', 'bw>']);
  });

  test('completes a word on Tab', async () => {
    const { evaluated, type } = await start({ complete: (p) => ['printf'].filter((word) => word.startsWith(p)) });
    await type('x = pri');
    await type('\t');
    await type('()\r');
    expect(evaluated).toEqual(['x = printf()']);
  });

  test('passes a text that the parser cannot stand to the compiler', async () => {
    const { evaluated, type } = await start({
      completeness: () => {
        throw new Error('parser');
      },
    });
    await type('x\r');
    expect(evaluated).toEqual(['x']);
  });
});

describe('a paste of several lines', () => {
  const PASTE = 'int f() {\n\n\treturn 1;\n}\nf()\nrest';

  test('is evaluated input by input, each echoed before its value', async () => {
    const { terminal, evaluated, type } = await start();
    await type(`\x1b[200~${PASTE}\x1b[201~`);
    expect(evaluated).toEqual(['int f() {\n\n\treturn 1;\n}', 'f()']);
    expect(terminal.lines().slice(-3)).toEqual(['bw> f()', '= f()', 'bw> rest']);
  });

  test('waits for each evaluation', async () => {
    let release = (): void => undefined;
    const { evaluated, type } = await start({
      evaluate: () => new Promise<void>((resolve) => (release = () => resolve())),
    });
    await type('a\nb\n');
    expect(evaluated).toEqual(['a']);
    release();
    await settle();
    expect(evaluated).toEqual(['a', 'b']);
    release();
    await settle();
  });

  test('keeps an else on its own line with its if', async () => {
    const { evaluated, type } = await start();
    await type('if (a) { b; }\nelse { c; }\nd\n');
    expect(evaluated).toEqual(['if (a) { b; }\nelse { c; }', 'd']);
  });
});

describe('history', () => {
  test('brings back whole inputs by arrow up, of this session and of the one before', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'barewire-repl-'));
    try {
      const historyFile = join(folder, 'history');
      const first = await start({ historyFile });
      await first.type('int f() {\r}\rg()\r');
      await first.type(`${UP}${UP}\r`);
      expect(first.evaluated).toEqual(['int f() {\n}', 'g()', 'int f() {\n}']);
      first.end();
      await first.done;
      const second = await start({ historyFile });
      await second.type(`${UP}${UP}${UP}${DOWN}\r`);
      expect(second.evaluated).toEqual(['g()']);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

describe('Ctrl-C', () => {
  test('gives up the line and the lines before it', async () => {
    const { terminal, evaluated, type } = await start();
    await type('int f() {\r');
    await type(`half${CTRL('c')}`);
    await type('1\r');
    expect(evaluated).toEqual(['1']);
    expect(terminal.lines()).toEqual(['bw> int f() {', '...> half^C', 'bw> 1', '= 1', 'bw>']);
  });

  test('gives up a line of several rows without leaving a trace of it in the next', async () => {
    const { terminal, type } = await start({ columns: 20 });
    await type(`${'x'.repeat(30)}${LEFT}${LEFT}`);
    await type(CTRL('c'));
    expect(terminal.lines()).toEqual([`bw> ${'x'.repeat(16)}`, `${'x'.repeat(14)}^C`, 'bw>']);
  });

  test('says on an empty line how to leave', async () => {
    const { terminal, type } = await start();
    await type(CTRL('c'));
    expect(terminal.lines()).toEqual(['bw> ^C', '    :quit or Ctrl-D leaves', 'bw>']);
  });

  test('on an empty line gives up what goes on beside the prompt', async () => {
    let left = 1;
    const { terminal, type } = await start({ giveUp: () => left-- > 0 });
    await type(CTRL('c'));
    expect(terminal.lines()).toEqual(['bw> ^C', 'bw>']);
    await type(CTRL('c'));
    expect(terminal.lines()).toEqual(['bw> ^C', 'bw> ^C', '    :quit or Ctrl-D leaves', 'bw>']);
  });

  test('while code runs interrupts it, each time, and forgets what was typed ahead', async () => {
    let interrupts = 0;
    let release = (): void => undefined;
    const { evaluated, terminal, type } = await start({
      evaluate: (text) =>
        text === 'loop' ? new Promise((resolve) => (release = () => resolve('stopped'))) : Promise.resolve('= '),
      interrupt: () => {
        if (++interrupts === 2) release();
      },
    });
    await type('loop\r');
    await type('typed ahead\r');
    await type(CTRL('c'));
    expect(interrupts).toBe(1);
    await type(`more${CTRL('c')}then`);
    expect(interrupts).toBe(2);
    expect(evaluated).toEqual(['loop']);
    expect(terminal.lines().slice(-2)).toEqual(['stopped', 'bw> then']);
  });
});

describe('output of running code', () => {
  test('appears at once while an input runs, and the prompt begins a row of its own', async () => {
    let handle: ReplHandle | undefined;
    const bench = await start({
      evaluate: async () => {
        handle?.print('no newline');
      },
    });
    handle = bench.handle;
    await bench.type('x\r');
    expect(bench.terminal.lines()).toEqual(['bw> x', 'no newline', 'bw>']);
  });

  test('arriving later goes above the edited line, which keeps its text and cursor', async () => {
    const { handle, terminal, evaluated, type } = await start();
    await type(`hello${LEFT}${LEFT}`);
    handle.print('tick\n');
    expect(terminal.lines()).toEqual(['tick', 'bw> hello']);
    expect(terminal.column).toBe('bw> hel'.length);
    await type('p\r');
    expect(evaluated).toEqual(['helplo']);
  });

  test('arriving in parts of a line is joined above the prompt', async () => {
    const { handle, terminal, type } = await start();
    await type('hello');
    for (const part of ['a', 'b ', 'c\nd', 'e']) handle.print(part);
    expect(terminal.lines()).toEqual(['ab c', 'de', 'bw> hello']);
    await type('\r');
    handle.print('f');
    expect(terminal.lines()).toEqual(['ab c', 'de', 'bw> hello', '= hello', 'f', 'bw>']);
  });

  test('does not harm a line of several rows, wherever the cursor is in it', async () => {
    const { handle, terminal, type } = await start({ columns: 20 });
    const line = 'abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKL';
    const shown = ['bw> abcdefghijklmnop', 'qrstuvwxyz0123456789', 'ABCDEFGHIJKL'];
    await type(line);
    handle.print('one ');
    handle.print('two\n');
    expect(terminal.lines()).toEqual(['one two', ...shown]);
    await type(LEFT.repeat(20));
    handle.print('three\n');
    expect(terminal.lines()).toEqual(['one two', 'three', ...shown]);
    await type(CTRL('a'));
    handle.print('four');
    handle.print('\n');
    expect(terminal.lines()).toEqual(['one two', 'three', 'four', ...shown]);
  });

  test('may be cut inside a character', async () => {
    const { handle, terminal } = await start();
    const bytes = Buffer.from('ä\n');
    handle.print(bytes.subarray(0, 1));
    handle.print(bytes.subarray(1));
    expect(terminal.lines()).toEqual(['ä', 'bw>']);
  });
});

describe('errors', () => {
  test('of the user are shown without a stack, and the prompt goes on', async () => {
    const { terminal, type } = await start({
      evaluate: async () => {
        throw new BarewireError('COMPILE_FAILED', 'input_1:1:1: error: no');
      },
    });
    await type('x\r');
    expect(terminal.lines()).toEqual(['bw> x', 'input_1:1:1: error: no', 'bw>']);
  });

  test('of ours are shown with their stack', async () => {
    const { terminal, type } = await start({
      columns: 200,
      evaluate: async () => {
        throw bug('SESSION_X', 'impossible');
      },
    });
    await type('x\r');
    expect(terminal.lines()[1]).toContain('impossible (this is a bug in barewire');
    expect(terminal.lines()[2]).toMatch(/^ +at /);
  });
});

describe('leaving', () => {
  test('by Ctrl-D on an empty line, not on one with text', async () => {
    const { done, evaluated, type } = await start();
    await type(`ab${LEFT}${LEFT}${CTRL('d')}\r`);
    expect(evaluated).toEqual(['b']);
    await type(CTRL('d'));
    await done;
  });

  test('by :quit, after which nothing more is read', async () => {
    const { done, evaluated, terminal, type } = await start();
    await type(':quit\r1\r');
    await done;
    expect(evaluated).toEqual([]);
    expect(terminal.lines()).toEqual(['bw> :quit']);
    expect(terminal.column).toBe(0);
  });

  test('by the end of the input, after the last line and the running evaluation', async () => {
    let release = (): void => undefined;
    const { done, evaluated, end, type } = await start({
      evaluate: () => new Promise<void>((resolve) => (release = () => resolve())),
    });
    await type('first\rlast');
    end();
    await settle();
    release();
    await settle();
    expect(evaluated).toEqual(['first', 'last']);
    release();
    await done;
  });

  test('runs commands, and names the nearest to one that is not there', async () => {
    const { terminal, type } = await start({
      columns: 80,
      commands: [{ name: 'echo', arguments: 'TEXT', help: 'say it', run: (argument) => `<${argument}>` }],
    });
    await type(':echo a b\r:ehco\r');
    expect(terminal.lines()).toEqual([
      'bw> :echo a b',
      '<a b>',
      'bw> :ehco',
      'unknown command :ehco; did you mean :echo?',
      'bw>',
    ]);
  });
});
