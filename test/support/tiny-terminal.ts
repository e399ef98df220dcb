// As much of a terminal as a line editor uses: characters, line feeds (which also return, as a terminal in cooked
// output mode does), wrapping, cursor movement, erasing below. For looking at screens in tests.
//
// @see ECMA-48: CUU (A), CUD (B), CUF (C), CUB (D), CHA (G), ED (J)

// biome-ignore lint/suspicious/noControlCharactersInRegex: terminals speak in control characters
const TOKEN = /\x1b\[([?0-9;]*)([A-Za-z])|[\s\S]/gu;

export class TinyTerminal {
  readonly #rows: string[][] = [[]];
  #row = 0;
  /** Cursor column from 0; equal to `columns` after the last column was written (the wrap is still due). */
  column = 0;

  constructor(private readonly columns: number) {}

  /** The screen, without trailing blanks and trailing empty rows. */
  lines(): string[] {
    const lines = this.#rows.map((row) =>
      Array.from(row, (cell) => cell ?? ' ')
        .join('')
        .trimEnd(),
    );
    while (lines.at(-1) === '') lines.pop();
    return lines;
  }

  /** Takes what was written to it; escape sequences must not be cut. */
  write(text: string): void {
    for (const match of text.matchAll(TOKEN)) {
      if (match[2] !== undefined) this.#control(match[2], match[1] ?? '');
      else this.#character(match[0]);
    }
  }

  #character(character: string): void {
    if (character === '\n') this.#moveTo(this.#row + 1, 0);
    else if (character === '\r') this.column = 0;
    else if (character === '\t') this.column = Math.min(this.columns - 1, (Math.floor(this.column / 8) + 1) * 8);
    else if (character >= ' ') {
      if (this.column >= this.columns) this.#moveTo(this.#row + 1, 0);
      this.#rows[this.#row]![this.column++] = character;
    } else throw new Error(`the terminal does not know character ${character.charCodeAt(0)}`);
  }

  #control(final: string, parameters: string): void {
    const count = Math.max(1, Number.parseInt(parameters, 10) || 1);
    switch (final) {
      case 'A':
        if (count > this.#row) throw new Error('the cursor left the screen at the top');
        this.#moveTo(this.#row - count, this.column);
        break;
      case 'B':
        this.#moveTo(this.#row + count, this.column);
        break;
      case 'C':
        this.#moveTo(this.#row, this.column + count);
        break;
      case 'D':
        this.#moveTo(this.#row, this.column - count);
        break;
      case 'G':
        this.#moveTo(this.#row, count - 1);
        break;
      case 'J':
        if (parameters !== '0' && parameters !== '') throw new Error(`the terminal does not know ED ${parameters}`);
        this.#rows[this.#row]!.length = Math.min(this.#rows[this.#row]!.length, this.column);
        this.#rows.length = this.#row + 1;
        break;
      case 'h':
      case 'l':
      case 'm':
        break;
      default:
        throw new Error(`the terminal does not know control ${final}`);
    }
  }

  #moveTo(row: number, column: number): void {
    while (this.#rows.length <= row) this.#rows.push([]);
    this.#row = row;
    this.column = Math.max(0, Math.min(column, this.columns - 1));
  }
}
