// Standard input that is no terminal: inputs are read as a person would type them, line after line until the
// parser calls the text complete; values go to standard output, everything else to standard error.

import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { runCommand, withBuiltins } from '../repl/commands.js';
import { isCommand } from '../repl/entry.js';
import type { Session } from '../session/session.js';
import type { Shown } from './evaluate.js';
import { evaluateShown } from './evaluate.js';
import { EXIT, errorText, exitCodeOf } from './exit-codes.js';
import { sessionCommands } from './prompt.js';

/** Groups lines into inputs; a `:command` is one by itself. A text that is still open when the stream ends is handed out as it is. */
export async function* readInputs(
  lines: AsyncIterable<string>,
  isComplete: (text: string) => boolean,
): AsyncGenerator<string> {
  let pending = '';
  for await (const line of lines) {
    pending = pending === '' ? line : `${pending}\n${line}`;
    if (pending.trim() === '') pending = '';
    else if (isCommand(pending) || isComplete(pending)) {
      yield pending;
      pending = '';
    }
  }
  if (pending.trim() !== '') yield pending;
}

/** Evaluates all inputs of a stream.
 *  @param strict stop at the first input that fails
 *  @returns the exit code: that of the worst thing that happened */
export async function runPiped(session: Session, input: Readable, show: Shown, strict: boolean): Promise<number> {
  let worst: number = EXIT.ok;
  const lines = createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY });
  const commands = withBuiltins(sessionCommands(session, show));
  let left = false;
  const handle = {
    print: (bytes: string | Uint8Array) => show.value(Buffer.from(bytes).toString()),
    printLines: show.value,
    quit: () => {
      left = true;
    },
  };
  for await (const text of readInputs(lines, (t) => session.parser.completeness(t) !== 'incomplete')) {
    try {
      if (isCommand(text)) {
        const said = await runCommand(commands, text, handle);
        if (said !== undefined) show.value(said);
        if (left) return worst;
        continue;
      }
      const exited = await evaluateShown(session, text, show);
      if (exited !== undefined) return exited;
    } catch (error) {
      show.error(errorText(error));
      const exitCode = exitCodeOf(error);
      worst = Math.max(worst, exitCode);
      // Without a line to the board no later input can work.
      if (strict || (exitCode === EXIT.link && !session.connected)) return worst;
    }
  }
  return worst;
}
