// Stands between the terminal and the line editor and lets one line through at a time.
//
//     terminal ──bytes──→ gate ──keys──→ readline          closed while an input runs: what arrives is kept
//                          │  └─text──→ (insert)           (type-ahead, the rest of a paste), except Ctrl-C,
//                          └─ Ctrl-C ──→ running code      which goes out at once and forgets what was kept
//
// Without it readline takes a pasted block in one go, echoes all of it before the first line's result, takes its
// tabs for completion, and (Node 20) appends pasted characters at the end of the line wherever the cursor is.
// So several printable characters in a row are inserted as text; everything else goes through as keys.

import { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import type { ReadStream } from 'node:tty';

const CTRL_C = '\x03';
/** Printable characters and tabs. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: tabs are part of pasted text
const TEXT = /^[^\x00-\x08\x0a-\x1f\x7f]+/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: keys begin with ESC
const ESCAPE_SEQUENCE = /^\x1b+(?:\[[0-9;?]*[ -/]*[@-~]|O[ -~]|[^[O\x1b])/;
const LINE_END = /^(?:\r\n|\r|\n)/;

/** One step of the text that waits in front of the editor. */
export type Piece =
  | { readonly kind: 'text' | 'keys'; readonly text: string }
  /** An escape sequence whose end has not arrived. */
  | { readonly kind: 'partial'; readonly text: string };

/** What the editor gets next of the waiting text (not empty). */
export function nextPiece(waiting: string): Piece {
  if (waiting.startsWith('\x1b')) {
    const sequence = ESCAPE_SEQUENCE.exec(waiting)?.[0];
    return sequence === undefined ? { kind: 'partial', text: waiting } : { kind: 'keys', text: sequence };
  }
  const lineEnd = LINE_END.exec(waiting)?.[0];
  if (lineEnd !== undefined) return { kind: 'keys', text: lineEnd };
  let run = TEXT.exec(waiting)?.[0] ?? '';
  // A tab with nothing behind it was typed: it asks for completion.
  if (run.length === waiting.length) run = run.replace(/\t+$/, '');
  if ([...run].length > 1) return { kind: 'text', text: run };
  return { kind: 'keys', text: String.fromCodePoint(waiting.codePointAt(0) ?? 0) };
}

export class InputGate extends Readable {
  /** readline asks whether it may switch raw mode by looking for a terminal. */
  readonly isTTY: boolean;
  readonly #decoder = new StringDecoder('utf8');
  #waiting = '';
  #insideEscape = false;
  #open = true;
  #pumping = false;
  #sourceEnded = false;
  #endSent = false;

  /** @param insertText puts pasted text (no line ends) at the editor's cursor
   *  @param onBreak called for Ctrl-C while the gate is closed */
  constructor(
    private readonly source: NodeJS.ReadableStream,
    private readonly insertText: (text: string) => void,
    private readonly onBreak: () => void,
  ) {
    super({ read: () => undefined });
    this.isTTY = (source as Partial<ReadStream>).isTTY === true;
    source.on('data', this.#onData);
    source.on('end', this.#onEnd);
    source.on('close', this.#onEnd);
    source.resume();
  }

  /** Switches the terminal behind the gate, if it is one. */
  setRawMode(mode: boolean): this {
    if (this.isTTY) (this.source as ReadStream).setRawMode(mode);
    return this;
  }

  /** Keeps what comes from now on. */
  hold(): void {
    this.#open = false;
  }

  /** Lets lines through again, beginning with those kept. */
  release(): void {
    this.#open = true;
    this.#pump();
  }

  /** The next line, if it has been received already; without its end. */
  nextLine(): string | undefined {
    return /^([^\r\n]*)[\r\n]/.exec(this.#waiting)?.[1];
  }

  /** Lets go of the source, for good. */
  detach(): void {
    this.source.off('data', this.#onData);
    this.source.off('end', this.#onEnd);
    this.source.off('close', this.#onEnd);
    this.source.pause();
  }

  readonly #onData = (chunk: Buffer | string): void => {
    const text = typeof chunk === 'string' ? chunk : this.#decoder.write(chunk);
    const broken = this.#open ? -1 : text.lastIndexOf(CTRL_C);
    this.#waiting = broken < 0 ? this.#waiting + text : text.slice(broken + 1);
    if (broken >= 0) this.onBreak();
    else this.#pump();
  };

  readonly #onEnd = (): void => {
    this.#sourceEnded = true;
    this.#pump();
  };

  // Events are emitted by hand, not pushed: the editor must have seen a line before the next is considered.
  #pump(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    while (this.#open && this.#waiting !== '') {
      // readline waits for the end of a sequence it has seen the beginning of.
      const piece: Piece = this.#insideEscape
        ? { kind: 'keys', text: this.#waiting.slice(0, 1) }
        : nextPiece(this.#waiting);
      this.#waiting = this.#waiting.slice(piece.text.length);
      if (piece.kind === 'text') this.insertText(piece.text);
      else this.emit('data', Buffer.from(piece.text));
      this.#insideEscape = piece.kind === 'partial' || (this.#insideEscape && /^[[O0-9;?]$/.test(piece.text));
    }
    this.#pumping = false;
    if (this.#sourceEnded && this.#open && !this.#endSent) {
      this.#endSent = true;
      this.emit('end');
    }
  }
}
