// Writes text around an edited line without harming it.
//
//     bw> int x = fo▮            what the user sees, cursor inside
//     ↓ the board says "tick\n"
//     tick                       clear the rows of prompt and line, write, draw both again below
//     bw> int x = fo▮
//
// Text that does not end a line is finished by a newline before the prompt, and remembered: when its rest arrives
// it goes on where it stopped, as long as the prompt is still the next line on the screen.

import { clearScreenDown, cursorTo, type Interface, moveCursor } from 'node:readline';
import { StringDecoder } from 'node:string_decoder';

type TerminalStream = NodeJS.WritableStream & { readonly columns?: number };

const PRINTABLE_ASCII = /^[\x20-\x7e]*$/;

export class Screen {
  #prompting = false;
  // Text since the last newline that was printed (not typed).
  #tail = '';
  // The tail stands unfinished in the row above the prompt.
  #tailAbovePrompt = false;
  readonly #decoder = new StringDecoder('utf8');

  constructor(
    private readonly output: TerminalStream,
    private readonly editor: () => Interface,
  ) {}

  /** Shows the prompt and an empty line, on a row of its own. */
  prompt(text: string): void {
    this.#finishLine();
    this.#tail = '';
    this.#prompting = true;
    const editor = this.editor();
    editor.setPrompt(text);
    editor.prompt();
  }

  /** The edited line was entered or given up: what is printed from now on goes below it. */
  lineDone(): void {
    this.#prompting = false;
    this.#tailAbovePrompt = false;
    this.#tail = '';
  }

  /** Prints what running code says, at any time. Bytes may end inside a UTF-8 sequence; the rest comes later. */
  print(text: string | Uint8Array): void {
    const chunk = typeof text === 'string' ? text : this.#decoder.write(Buffer.from(text));
    if (chunk === '') return;
    if (this.#prompting) this.#printAbovePrompt(chunk);
    else this.#write(chunk);
  }

  /** Prints a message as lines of its own. */
  printLines(text: string): void {
    if (text === '') return;
    if (!this.#prompting) this.#finishLine();
    else this.#tailAbovePrompt = false;
    this.print(text.endsWith('\n') ? text : `${text}\n`);
  }

  /** Leaves the cursor at the beginning of an empty row. */
  leave(): void {
    if (this.#prompting) this.output.write('\n');
    else this.#finishLine();
    this.#prompting = false;
  }

  #write(text: string): void {
    this.output.write(text);
    this.#tail = text.includes('\n') ? text.slice(text.lastIndexOf('\n') + 1) : this.#tail + text;
  }

  #finishLine(): void {
    if (this.#tail !== '') this.output.write('\n');
    this.#tail = '';
  }

  #printAbovePrompt(text: string): void {
    const editor = this.editor();
    const rows = editor.getCursorPos().rows;
    if (rows > 0) moveCursor(this.output, 0, -rows);
    cursorTo(this.output, 0);
    clearScreenDown(this.output);
    const columns = this.output.columns ?? 80;
    if (this.#tailAbovePrompt) {
      moveCursor(this.output, 0, -1);
      cursorTo(this.output, this.#tail.length % columns);
    } else this.#tail = '';
    this.#write(text);
    // A tail whose width is not known for certain is not continued.
    this.#tailAbovePrompt = this.#tail !== '' && PRINTABLE_ASCII.test(this.#tail) && this.#tail.length % columns !== 0;
    if (this.#tail !== '') this.output.write('\n');
    // readline redraws from `rows` rows above the cursor.
    this.output.write('\n'.repeat(rows));
    editor.prompt(true);
  }
}
