// Every failure that barewire reports is one of three kinds, because the reader does something else about
// each: a user's mistake (change the input), a device's fault (the board said so), a bug of ours (report it).

export type ErrorKind = 'user' | 'device' | 'bug';

/** Base of all barewire errors. The message says what, where, by how much and what to try. */
export class BarewireError extends Error {
  override readonly name = 'BarewireError';
  /**
   * @param code    stable upper-case name with the folder's prefix, such as `LINK_OUT_OF_RANGE`
   * @param message for people; may have several lines, never ends with a newline
   * @param details the same facts as data, for `--json` and tests
   */
  constructor(
    readonly code: string,
    message: string,
    readonly details: Readonly<Record<string, unknown>> = {},
    readonly kind: ErrorKind = 'user',
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** A failure of the machine at the other end or of the line to it. */
export function deviceError(
  code: string,
  message: string,
  details: Readonly<Record<string, unknown>> = {},
  cause?: unknown,
): BarewireError {
  return new BarewireError(code, message, details, 'device', cause === undefined ? undefined : { cause });
}

/** Something that cannot happen unless barewire itself is wrong. */
export function bug(code: string, message: string, details: Readonly<Record<string, unknown>> = {}): BarewireError {
  return new BarewireError(code, `${message} (this is a bug in barewire: please report it)`, details, 'bug');
}
