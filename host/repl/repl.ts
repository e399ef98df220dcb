// The interactive prompt: Node's own line editor between injected streams, a loop of read → evaluate → print.
//
//     keys → InputGate → readline → addLine → evaluate(text) or a :command → Screen
//
// Everything that decides something is a plain function in a file of its own (entry, commands, completion,
// history); this one only connects them. While an input runs the gate is closed: there is no line to edit, typed
// keys wait, Ctrl-C calls `interrupt()`.

import { createInterface, type Interface, type Key } from 'node:readline';
import { BarewireError } from '../diag/error.js';
import type { Completeness } from '../unit/source-unit.js';
import { type ReplCommand, runCommand, withBuiltins } from './commands.js';
import { completeLine } from './completion.js';
import { addLine, type Entry } from './entry.js';
import { appendHistory, HISTORY_LIMIT, loadHistory } from './history.js';
import { InputGate } from './input-gate.js';
import { Screen } from './screen.js';

/** What running code and commands may ask of the prompt. */
export interface ReplHandle {
  /** Prints output of running code; an edited line is put back below it. */
  print(text: string | Uint8Array): void;
  /** Prints a message as lines of its own. */
  printLines(text: string): void;
  /** Ends the session after the running input. */
  quit(): void;
}

export interface ReplOptions {
  readonly input: NodeJS.ReadableStream;
  readonly output: NodeJS.WritableStream;
  /** `bw> `; further lines of an input are asked for with `...> `. */
  readonly prompt: string;
  completeness(text: string): Completeness;
  /** Runs one input; a returned text is printed. A rejection is printed as an error, and the prompt goes on. */
  // biome-ignore lint/suspicious/noConfusingVoidType: an evaluation that has nothing to show need not say so
  evaluate(text: string): Promise<string | void>;
  /** Ctrl-C while an input runs; the evaluation still has to end. May be called again while it has not. */
  interrupt(): void;
  /** Ctrl-C on an empty line: gives up what goes on beside the prompt.
   *  @returns whether there was anything */
  giveUp?(): boolean;
  /** Beside `:help` and `:quit`. */
  readonly commands: readonly ReplCommand[];
  /** Names that begin with `prefix` (never empty). */
  complete?(prefix: string): readonly string[] | Promise<readonly string[]>;
  /** Where inputs are kept between sessions; none are if absent. */
  readonly historyFile?: string;
  readonly color: boolean;
  /** Called once, before the first prompt. */
  started?(repl: ReplHandle): void;
}

const CONTINUATION_PROMPT = '...> ';
const PASTE_MARKS_ON = '\x1b[?2004h';
const PASTE_MARKS_OFF = '\x1b[?2004l';

/** Shows the prompt until the user leaves. Resolves when the last input has ended; never rejects over an input. */
export function runRepl(options: ReplOptions): Promise<void> {
  return new Promise((resolve) => new Repl(options, resolve).start());
}

class Repl implements ReplHandle {
  readonly #options: ReplOptions;
  readonly #commands: readonly ReplCommand[];
  readonly #gate: InputGate;
  readonly #screen: Screen;
  readonly #editor: Interface;
  readonly #resolve: () => void;
  /** Whole inputs, newest first. */
  #history: readonly string[];
  /** readline's own list, which is overwritten with ours whenever either changes. */
  readonly #arrowHistory: string[];
  #pending: readonly string[] = [];
  #pasting = false;
  #running = false;
  #closed = false;

  constructor(options: ReplOptions, resolve: () => void) {
    this.#options = options;
    this.#resolve = resolve;
    this.#commands = withBuiltins(options.commands);
    this.#history = options.historyFile === undefined ? [] : loadHistory(options.historyFile).reverse();
    this.#arrowHistory = [...this.#history];
    this.#gate = new InputGate(
      options.input,
      (text) => this.#editor.write(text),
      () => this.#breakRunning(),
    );
    this.#screen = new Screen(options.output, () => this.#editor);
    this.#editor = createInterface({
      input: this.#gate,
      output: options.output,
      terminal: true,
      history: this.#arrowHistory,
      historySize: HISTORY_LIMIT,
      crlfDelay: Number.POSITIVE_INFINITY,
      completer: (line: string, done: (error: Error | null, result: [string[], string]) => void) => {
        completeLine(line, this.#commands, options.complete?.bind(options)).then(
          (result) => done(null, result),
          () => done(null, [[], line]),
        );
      },
    });
  }

  start(): void {
    this.#gate.on('keypress', (_text: string | undefined, key: Key | undefined) => {
      if (key?.name === 'paste-start') this.#pasting = true;
      if (key?.name === 'paste-end') this.#pasting = false;
    });
    this.#editor.on('line', (line) => this.#onLine(line));
    // readline adds every line it reads; entries here are whole inputs.
    this.#editor.on('history', () => this.#shareHistory());
    this.#editor.on('SIGINT', () => this.#clearLine());
    this.#editor.on('close', () => this.#onClose());
    this.#options.output.write(PASTE_MARKS_ON);
    this.#options.started?.(this);
    if (!this.#closed) this.#prompt();
  }

  print(text: string | Uint8Array): void {
    this.#screen.print(text);
  }

  printLines(text: string): void {
    this.#screen.printLines(text);
  }

  quit(): void {
    this.#editor.close();
  }

  #prompt(): void {
    const text = this.#pending.length === 0 ? this.#options.prompt : CONTINUATION_PROMPT;
    this.#screen.prompt(this.#paint('1;36', text));
  }

  #onLine(line: string): void {
    this.#screen.lineDone();
    const entry = addLine(this.#pending, line, {
      completeness: (text) => this.#completeness(text),
      pasting: this.#pasting,
      nextLine: this.#gate.nextLine(),
    });
    this.#pending = entry.kind === 'pending' ? entry.lines : [];
    if (entry.kind === 'pending' || entry.kind === 'nothing') {
      this.#prompt();
      return;
    }
    this.#remember(entry.text);
    this.#gate.hold();
    this.#running = true;
    void this.#run(entry);
  }

  async #run(entry: Extract<Entry, { kind: 'command' | 'input' }>): Promise<void> {
    try {
      const shown =
        entry.kind === 'command'
          ? await runCommand(this.#commands, entry.text, this)
          : await this.#options.evaluate(entry.text);
      if (typeof shown === 'string') this.printLines(shown);
    } catch (error) {
      this.printLines(this.#paint('31', errorText(error)));
    }
    this.#running = false;
    if (this.#closed) {
      this.#finish();
      return;
    }
    this.#prompt();
    this.#gate.release();
  }

  #completeness(text: string): Completeness {
    try {
      return this.#options.completeness(text);
    } catch {
      // The compiler has the last word on a text that the parser cannot stand.
      return 'complete';
    }
  }

  #remember(entry: string): void {
    if (this.#history[0] === entry) return;
    this.#history = [entry, ...this.#history].slice(0, HISTORY_LIMIT);
    this.#shareHistory();
    if (this.#options.historyFile !== undefined) appendHistory(this.#options.historyFile, entry);
  }

  #shareHistory(): void {
    this.#arrowHistory.splice(0, this.#arrowHistory.length, ...this.#history);
  }

  // Ctrl-C at the prompt: the line stays on the screen, marked, and a new one begins.
  #clearLine(): void {
    const { output, prompt } = this.#options;
    const typed = this.#editor.line;
    const empty = typed === '' && this.#pending.length === 0;
    this.#editor.write(null, { ctrl: true, name: 'e' });
    this.#editor.write(null, { ctrl: true, name: 'u' });
    output.write(`${typed}^C\n`);
    this.#screen.lineDone();
    this.#pending = [];
    this.#pasting = false;
    const gaveUp = empty && this.#options.giveUp?.() === true;
    if (empty && !gaveUp) this.printLines(this.#paint('2', `${' '.repeat(prompt.length)}:quit or Ctrl-D leaves`));
    this.#prompt();
  }

  #breakRunning(): void {
    this.#pasting = false;
    this.printLines('^C');
    this.#options.interrupt();
  }

  #onClose(): void {
    this.#closed = true;
    if (!this.#running) this.#finish();
  }

  #finish(): void {
    this.#screen.leave();
    this.#options.output.write(PASTE_MARKS_OFF);
    this.#gate.setRawMode(false);
    this.#gate.detach();
    this.#resolve();
  }

  #paint(sgr: string, text: string): string {
    return this.#options.color ? `\x1b[${sgr}m${text}\x1b[0m` : text;
  }
}

// Only our own bugs, and errors nobody foresaw, show a stack.
function errorText(error: unknown): string {
  if (error instanceof BarewireError && error.kind !== 'bug') return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
