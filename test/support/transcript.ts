// Transcripts: what a person types beside what the screen shows.
//
//   # a comment
//   bw> int f(int a) {
//   ...>   return a * 2; }
//   bw> f(21)
//   (int) 42
//
// `# needs 32 KiB of RAM`, `# needs Thumb` or `# needs RISC-V` in a comment leaves it to boards that have it,
// `# with --exceptions` is played with that option. Everything between two prompts is what
// the board printed, then the value, or else the error. `0x…` in an expected line stands for any address.

import { type BoardRecord, ramBytes } from '../../boards/board.js';
import { errorText } from '../../host/cli/exit-codes.js';
import { sessionCommands } from '../../host/cli/prompt.js';
import { renderDiagnostic } from '../../host/compile/diagnostics.js';
import { findCommand, splitCommand } from '../../host/repl/commands.js';
import type { Session } from '../../host/session/session.js';

export interface Step {
  readonly input: string;
  readonly expected: readonly string[];
}

const PROMPT = 'bw> ';
const CONTINUATION = '...> ';

/** What a board lacks to play a transcript; undefined when nothing. */
export function lackOf(board: BoardRecord, text: string): string | undefined {
  const [, kib] = /^# needs (\d+) KiB of RAM$/m.exec(text) ?? [];
  const set = /^# needs (Thumb|RISC-V)$/m.exec(text)?.[1];
  if (set !== undefined && set !== instructionSet(board)) return set;
  return ramBytes(board) >= 1024 * Number(kib ?? 0) ? undefined : `${kib} KiB of RAM`;
}

function instructionSet({ arch }: BoardRecord): string {
  return arch === 'rv32' ? 'RISC-V' : arch === 'wasm32' ? 'WebAssembly' : 'Thumb';
}

/** Whether a transcript is played with `--exceptions`. */
export function needsExceptions(text: string): boolean {
  return /^# with --exceptions$/m.test(text);
}

/** Reads a transcript into its steps. */
export function parseTranscript(text: string): Step[] {
  const steps: { input: string; expected: string[] }[] = [];
  for (const line of text.replace(/\n$/, '').split('\n')) {
    if (line.startsWith('#')) continue;
    const last = steps.at(-1);
    if (line.startsWith(PROMPT)) steps.push({ input: line.slice(PROMPT.length), expected: [] });
    else if (last === undefined) {
      if (line.trim() !== '') throw new Error(`a transcript starts with a comment or a prompt, not with: ${line}`);
    } else if (line.startsWith(CONTINUATION)) last.input += `\n${line.slice(CONTINUATION.length)}`;
    else last.expected.push(line);
  }
  for (const step of steps) while (step.expected.at(-1) === '') step.expected.pop();
  return steps;
}

/** Types the steps into a session.
 *  @returns the same steps with what was really shown; addresses that were expected as `0x…` are masked */
export async function playTranscript(session: Session, steps: readonly Step[]): Promise<Step[]> {
  const played: Step[] = [];
  let output = '';
  session.onOutput((bytes) => {
    output += Buffer.from(bytes).toString('utf8');
  });
  for (const { input, expected } of steps) {
    output = '';
    const shown: string[] = [];
    try {
      const show = { value: (line: string) => shown.push(line), error: (line: string) => shown.push(line) };
      const command = input.startsWith(':') ? splitCommand(input) : undefined;
      if (command !== undefined) {
        const found = findCommand(sessionCommands(session, show), command.name);
        shown.push((await found?.run(command.argument, undefined as never)) ?? '');
      } else {
        const { value, warnings } = await session.evaluate(input);
        shown.push(...warnings.map(renderDiagnostic));
        if (value !== undefined) shown.push(value);
      }
    } catch (error) {
      shown.push(errorText(error));
    }
    const text = [output.replace(/\n$/, ''), ...shown].filter((part) => part !== '').join('\n');
    const lines = text === '' ? [] : text.split('\n');
    const masks = expected.some((line) => line.includes('0x…'));
    played.push({ input, expected: lines.map((line) => (masks ? line.replace(/0x[0-9a-f]+/g, '0x…') : line)) });
  }
  return played;
}
