// The prompt in a terminal: one session behind the line editor.

import { join } from 'node:path';
import { environment } from '../diag/environment.js';
import type { ReplCommand } from '../repl/commands.js';
import { type ReplHandle, runRepl } from '../repl/repl.js';
import { defaultBoard } from '../session/default-board.js';
import { type OpenOptions, openSession } from '../session/open.js';
import type { Session } from '../session/session.js';
import { table } from './boards.js';
import { evaluateShown, type Shown } from './evaluate.js';
import { EXIT } from './exit-codes.js';
import { linkRows } from './link-report.js';
import { progressBar } from './progress.js';
import { readSource } from './run.js';
import { safeCommands } from './safe-commands.js';

/** At the prompt somebody can end the waiting for a board that was unplugged. */
const PATIENCE_MS = 3_600_000;

function kib(bytes: number): string {
  return `${(bytes / 1024).toFixed(1)} KiB`;
}

function firstLine(text: string): string {
  const [first = '', ...more] = text.trim().split('\n');
  return more.length > 0 ? `${first} …` : first;
}

/** What `:board` can do to a simulated board. */
const BOARD_WORDS: Readonly<Record<string, string>> = {
  wasm: '`press`, `release` and `send TEXT`',
  rp2040js: '`pin N high` and `pin N low`',
};

/** What `:board` says of words that it does not know. */
function boardWordsText({ board }: Session, words: string): string {
  const known = BOARD_WORDS[board.simulator?.kind ?? ''];
  return known === undefined
    ? 'this board is not worked from the prompt: `wasm` has a button there, and `pico-sim` pins'
    : `${words}: the board can ${known}`;
}

/** The `:commands` that need a session. */
export function sessionCommands(session: Session, show: Shown): ReplCommand[] {
  return [
    {
      name: 'load',
      arguments: 'FILE',
      help: 'evaluate a file as one input',
      run: async (file) => {
        if (file === '') return ':load takes the name of a file';
        const exited = await evaluateShown(session, readSource(file), show, { fileName: file });
        return exited === undefined ? undefined : `the program called exit(${exited})`;
      },
    },
    {
      name: 'board',
      arguments: '[press|release|send TEXT|pin N high|low]',
      help: 'say which board this is and how its memory is used; work its button, serial port or pins',
      run: (words) => {
        const panel = session.panel(words);
        if (words !== '') return panel?.join('\n') ?? boardWordsText(session, words);
        const { hello } = session.link;
        const { usedBytes, freeBytes } = session.linker.usage();
        return table([
          ['board', session.board.title],
          ['core', `${session.board.core}, ${session.board.triple}`],
          ...(session.firmware === undefined
            ? [['build', hello.buildId]]
            : [['firmware', `${session.firmware.path}, build ${session.firmware.buildId ?? 'without an id'}`]]),
          ['stub', `frames of up to ${hello.maxFrame} bytes, ${hello.window} at a time`],
          [
            'arena',
            `${kib(hello.arenaSize)} at 0x${hello.arenaAddr.toString(16)}: ${kib(usedBytes)} used, ${kib(freeBytes)} free`,
          ],
          ['stack', `${kib(hello.stackSize)} at 0x${hello.stackAddr.toString(16)}`],
          ...(session.journal === undefined ? [] : [['journal', session.journal]]),
        ])
          .concat(panel ?? [])
          .join('\n');
      },
    },
    {
      name: 'why',
      arguments: 'NAME',
      help: 'say which input a name is from, and what still uses an older one',
      run: (argument) => (argument === '' ? 'which name? `:why f`' : session.why(argument)),
    },
    {
      name: 'undo',
      arguments: '[N]',
      help: 'take back the last input, or the last N: names, code and memory',
      run: async (argument) => {
        const count = argument === '' ? 1 : Number(argument);
        if (!Number.isInteger(count) || count < 1) return `how many inputs? \`:undo 3\` takes back three`;
        const undone = await session.undo(count);
        return undone.map(({ input, text }) => `took back input ${input}: ${firstLine(text)}`).join('\n');
      },
    },
    {
      name: 'reset',
      help: 'restart the board and put the session back on it',
      run: async () => {
        await session.reset();
        return undefined;
      },
    },
    ...safeCommands(session),
    {
      name: 'link',
      help: 'show what the line to the board has done so far',
      run: () => table(linkRows(session.link.counters, session.link.statistics, session.sparedBytes)).join('\n'),
    },
  ];
}

/** Shows the prompt until the user leaves.
 *  @returns the exit code */
export async function runPrompt(options: OpenOptions): Promise<number> {
  let repl: ReplHandle | undefined;
  const printLines = (text: string): void => {
    if (repl === undefined) process.stdout.write(`${text}\n`);
    else repl.printLines(text);
  };
  const chosen = options.board === undefined && options.port === undefined && options.resume === undefined;
  const choice = chosen ? defaultBoard(options.clang) : undefined;
  if (choice?.isUsual) printLines(choice.why);
  const session = await openSession({ reconnectMs: PATIENCE_MS, ...options, onNotice: printLines, onWait: printLines });
  const bar = progressBar(process.stderr);
  session.onProgress(bar.show);
  session.onOutput((bytes) => {
    bar.clear();
    repl?.print(bytes);
  });
  // Some consoles of Windows make a signal of the key, and others send the signal alone.
  const pressCtrlC = (): void => void process.stdin.emit('data', '\x03');
  process.on('SIGINT', pressCtrlC);
  try {
    await runRepl({
      input: process.stdin,
      output: process.stdout,
      prompt: 'bw> ',
      completeness: (text) => session.parser.completeness(text),
      evaluate: async (text) => {
        const exited = await evaluateShown(session, text, { value: printLines, error: printLines });
        if (exited !== undefined) return `the program called exit(${exited})`;
        return undefined;
      },
      interrupt: () => session.interrupt(),
      giveUp: () => session.giveUp(),
      commands: sessionCommands(session, { value: printLines, error: printLines }),
      complete: (prefix) => session.names().filter((name) => name.startsWith(prefix)),
      historyFile: join(environment().stateDir, 'history'),
      color: environment().color,
      started: (handle) => {
        repl = handle;
        handle.printLines(
          `barewire on ${session.board.name} (${session.board.core}); :help lists the commands, :quit leaves`,
        );
      },
    });
    return EXIT.ok;
  } finally {
    process.off('SIGINT', pressCtrlC);
    await session.close();
  }
}
