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
// the board printed, then the value, or else the error. `0x…` in an expected line stands for any address, and (size_t),
// (ptrdiff_t) and (uint32_t) for what the board's library makes of them.
//
// WebAssembly comes with another compiler and another library. `# wasm:` begins what is shown there instead, and
// `# not on wasm: WHY` leaves the next input to the others. Its clang marks whole words: there `^~~~` and `^` are the same.

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

const isWasm = ({ arch }: BoardRecord): boolean => arch === 'wasm32';

/** What types of the library's are on a board. */
function typesOf(board: BoardRecord): Readonly<Record<string, string>> {
  return board.libc === 'wasi'
    ? { size_t: 'unsigned long', ptrdiff_t: 'long', uint32_t: 'unsigned int' }
    : { size_t: 'unsigned int', ptrdiff_t: 'int', uint32_t: 'unsigned long' };
}

/** Reads a transcript into its steps on a board. */
export function parseTranscript(text: string, board: BoardRecord): Step[] {
  const steps: { input: string; expected: string[]; elsewhere: boolean; instead: boolean }[] = [];
  const types = typesOf(board);
  let elsewhere = false;
  for (const line of text.replace(/\n$/, '').split('\n')) {
    const last = steps.at(-1);
    if (line.startsWith('# not on wasm: ')) elsewhere = isWasm(board);
    else if (line === '# wasm:' && last !== undefined) {
      last.instead = true;
      if (isWasm(board)) last.expected.length = 0;
    } else if (line.startsWith('#')) continue;
    else if (line.startsWith(PROMPT)) {
      steps.push({ input: line.slice(PROMPT.length), expected: [], elsewhere, instead: false });
      elsewhere = false;
    } else if (last === undefined) {
      if (line.trim() !== '') throw new Error(`a transcript starts with a comment or a prompt, not with: ${line}`);
    } else if (line.startsWith(CONTINUATION)) last.input += `\n${line.slice(CONTINUATION.length)}`;
    else if (!last.instead || isWasm(board))
      last.expected.push(line.replace(/^\((size_t|ptrdiff_t|uint32_t)\) /, (_, name: string) => `(${types[name]}) `));
  }
  for (const step of steps) while (step.expected.at(-1) === '') step.expected.pop();
  return steps
    .filter((step) => !step.elsewhere)
    .map(({ input, expected }) => ({ input, expected: marked(board, expected) }));
}

/** A line of marks below a line of source. */
const MARKS = /^ +\| [ ~^]+$/;

const marked = (board: BoardRecord, lines: readonly string[]): readonly string[] =>
  isWasm(board) ? lines.map((line) => (MARKS.test(line) ? line.replaceAll('~', ' ').trimEnd() : line)) : lines;

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
    const masked = lines.map((line) => (masks ? line.replace(/0x[0-9a-f]+/g, '0x…') : line));
    played.push({ input, expected: marked(session.board, masked) });
  }
  return played;
}
