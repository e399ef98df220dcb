// The options of the command line that a session takes: one table writes the help, checks the values and makes
// them what `openSession` wants.

import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { ALL_BOARDS } from '../../boards/index.js';
import { isBoardFile } from '../../boards/read-board.js';
import { environment } from '../diag/environment.js';
import { latestJournal } from '../session/journals.js';
import type { OpenOptions } from '../session/open.js';
import { readCompileCommands } from './compile-commands.js';

/** What commander makes of the table below. */
export interface SessionOptions {
  readonly board?: string;
  readonly port?: string;
  readonly baud?: string;
  readonly resetLine?: 'dtr' | 'rts';
  readonly line?: string;
  readonly trace?: string;
  readonly include?: readonly string[];
  readonly includeDir?: readonly string[];
  readonly define?: readonly string[];
  readonly std?: string;
  readonly optimize?: string;
  readonly rtti?: boolean;
  readonly exceptions?: boolean;
  readonly compileCommands?: string;
  readonly clang?: string;
  readonly safe?: boolean;
}

interface OptionRow {
  readonly flags: string;
  readonly help: string;
  readonly choices?: readonly string[];
  /** May be given more than once. */
  readonly repeats?: true;
  /** Says what is wrong with a value; undefined when nothing is. */
  readonly check?: (value: string) => string | undefined;
}

const TABLE: readonly OptionRow[] = [
  {
    flags: '-b, --board <name|file>',
    help: 'board to use; `barewire boards` lists them; or a board file of your own (docs/porting.md)',
    check: (value) =>
      isBoardFile(value) || ALL_BOARDS.some(({ name }) => name === value)
        ? undefined
        : `There are ${ALL_BOARDS.map(({ name }) => name).join(', ')}, and board files (./my-board.json).`,
  },
  {
    flags: '-p, --port <path>',
    help: 'where a real board is: a serial port, usb:VID:PID[:SERIAL], auto, tcp://host:port, rfc2217://host:port or unix:/path',
  },
  {
    flags: '--baud <rate>',
    help: 'fastest rate that the line is raised to where both ends can (921600); 115200 leaves it as it is',
    check: (value) =>
      /^\d+$/.test(value) && Number(value) >= 115_200 ? undefined : 'It takes bits a second, 115200 or more.',
  },
  {
    flags: '--reset-line <line>',
    help: 'modem line of the serial port that is wired to the reset of the board; else both stay as they are',
    choices: ['dtr', 'rts'],
  },
  { flags: '--line <model>', help: 'a modelled line in front of the board: 115200,16ms,ber=1e-5 (docs/link.md)' },
  { flags: '--trace <file>', help: 'record every byte on the line, with time stamps' },
  { flags: '--include <file>', help: 'header that every input sees; repeatable', repeats: true },
  { flags: '-I, --include-dir <dir>', help: 'folder to look for headers in; repeatable', repeats: true },
  {
    flags: '-D, --define <name[=value]>',
    help: 'macro to define; repeatable',
    repeats: true,
    check: (value) => (/^[A-Za-z_]\w*(?:\([^)]*\))?(?:=|$)/.test(value) ? undefined : 'It takes NAME or NAME=VALUE.'),
  },
  {
    flags: '--std <standard>',
    help: 'language, such as c++17 or gnu++20 (default)',
    check: (value) =>
      /^(?:c|gnu)\+\+(?:17|1z|20|2a|23|2b|26|2c)$/.test(value) ? undefined : 'It takes c++17, gnu++20 or newer.',
  },
  {
    flags: '-O, --optimize <level>',
    help: 'how far code is optimized; s is the default',
    choices: ['0', '1', '2', '3', 's', 'z'],
  },
  { flags: '--rtti', help: 'allow dynamic_cast and typeid' },
  { flags: '--exceptions', help: 'allow throw, try and catch (Arm boards)' },
  {
    flags: '--compile-commands <file>',
    help: "take include folders and macros from a project's compile_commands.json",
  },
  { flags: '--safe', help: 'begin with `:safe on`: failed inputs leave memory as it was' },
  { flags: '--clang <path>', help: 'compiler to use' },
];

function commanderOption(row: OptionRow): Option {
  const option = new Option(row.flags, row.help);
  if (row.choices !== undefined) option.choices(row.choices);
  const { check, repeats } = row;
  if (check !== undefined || repeats) {
    option.argParser<unknown>((value, earlier) => {
      const wrong = check?.(value);
      if (wrong !== undefined) throw new InvalidArgumentError(wrong);
      return repeats ? [...((earlier as readonly string[] | undefined) ?? []), value] : value;
    });
  }
  return option;
}

/** Adds the table's options to a command. */
export function withSessionOptions(command: Command): Command {
  for (const row of TABLE) command.addOption(commanderOption(row));
  return command;
}

/** What `openSession` is to be given.
 *  @throws CLI_COMPILE_COMMANDS */
export function openOptions(options: SessionOptions): OpenOptions {
  const project = options.compileCommands === undefined ? [] : readCompileCommands(options.compileCommands);
  const { board, port, baud, resetLine, line, trace, std, optimize, rtti, exceptions, clang, safe } = options;
  return {
    ...(board === undefined ? {} : { board }),
    ...(port === undefined ? {} : { port }),
    ...(baud === undefined ? {} : { baud: Number(baud) }),
    ...(resetLine === undefined ? {} : { resetLine }),
    ...(line === undefined ? {} : { lineModel: line }),
    ...(trace === undefined ? {} : { trace }),
    ...(clang === undefined ? {} : { clang }),
    ...(safe === undefined ? {} : { safe }),
    compile: {
      ...(std === undefined ? {} : { std }),
      ...(optimize === undefined ? {} : { optimize }),
      ...(rtti === undefined ? {} : { rtti }),
      ...(exceptions === undefined ? {} : { exceptions }),
      // A name that is not here is looked for in the folders.
      headers: (options.include ?? []).map((file) => (existsSync(file) ? resolve(file) : file)),
      // What is said here stands before what the project says.
      extra: [
        ...(options.includeDir ?? []).map((dir) => `-I${resolve(dir)}`),
        ...project,
        ...(options.define ?? []).map((define) => `-D${define}`),
      ],
    },
  };
}

/** Where sessions are recorded, and which one to go on with.
 *  @throws SESSION_NO_JOURNAL */
export function journalOptions({
  resume,
  board,
  port,
}: SessionOptions & { readonly resume?: string | true }): Pick<OpenOptions, 'journalDir' | 'resume'> {
  const journalDir = join(environment().stateDir, 'journals');
  if (resume === undefined) return { journalDir };
  return { journalDir, resume: resume === true ? latestJournal(journalDir, { board, port }) : resolve(resume) };
}
