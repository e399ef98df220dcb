// Failures of simulators. boards/ knows nothing of the host, so these are plain errors with a code.

/** A simulator that cannot be started or ended by itself; `code` begins with `BOARD_`. */
export class BoardError extends Error {
  override readonly name = 'BoardError';
  constructor(
    readonly code: string,
    message: string,
    readonly details: Readonly<Record<string, unknown>> = {},
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
