// A mangled name, read from left to right.

/** Thrown for what is not mangled as expected, or not needed in messages. */
export class NotUnderstood extends Error {}

/** The text and how far it is read. */
export class MangledText {
  protected at = 0;

  constructor(protected readonly text: string) {}

  /** Whether `token` came next; it is read then. */
  protected take(token: string): boolean {
    if (!this.text.startsWith(token, this.at)) return false;
    this.at += token.length;
    return true;
  }

  /** @throws NotUnderstood when something else comes next */
  protected expect(token: string): void {
    if (!this.take(token)) throw new NotUnderstood();
  }

  /** The next character; empty at the end. */
  protected peek(): string {
    return this.text[this.at] ?? '';
  }

  /** What a sticky pattern matches here; it is read then. */
  protected next(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.at;
    const match = pattern.exec(this.text);
    if (match === null) return undefined;
    this.at += match[0].length;
    return match[0];
  }
}
