#!/usr/bin/env node
// The command line. This folder is the only place that prints and that chooses exit codes.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { BarewireError } from '../diag/error.js';
import { packageRoot } from '../diag/package-root.js';
import { type OpenOptions, openSession } from '../session/open.js';
import { traceLines } from '../session/replay-trace.js';
import { DEFAULT_LISTEN } from '../session/serve.js';
import { boardsTable } from './boards.js';
import { doctor } from './doctor.js';
import { EXIT, errorText, exitCodeOf } from './exit-codes.js';
import { type FlashCommand, runFlash } from './flash.js';
import { journalOptions, openOptions, type SessionOptions, withSessionOptions } from './options.js';
import { runPiped } from './pipe.js';
import { runPrompt } from './prompt.js';
import { runFiles } from './run.js';
import { runServe, type ServeCommand } from './serve.js';

function seconds(text: string): number {
  const value = Number(text);
  if (!Number.isFinite(value) || value <= 0) throw new InvalidArgumentError('It takes a number of seconds above 0.');
  return value;
}

function baudRate(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 300) throw new InvalidArgumentError('It takes a number of bits a second.');
  return value;
}

function version(): string {
  return (JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8')) as { version: string }).version;
}

const print = (text: string): void => {
  process.stdout.write(`${text}\n`);
};
const printError = (text: string): void => {
  process.stderr.write(`${text}\n`);
};
const show = { value: print, error: printError };
// Scripts do not wonder what they wait for.
const whileWaiting = process.stderr.isTTY ? { onWait: printError } : {};

type RootOptions = SessionOptions & { readonly strict?: boolean; readonly resume?: string | true };
type AttachOptions = SessionOptions & { readonly elf: string; readonly strict?: boolean };

async function promptOrPipe(options: RootOptions): Promise<number> {
  return talk({ ...openOptions(options), ...journalOptions(options) }, options.strict === true);
}

/** @throws CLI_NO_PORT, CLI_ELF */
async function attach(options: AttachOptions): Promise<number> {
  if (options.port === undefined && options.board === undefined) {
    throw new BarewireError(
      'CLI_NO_PORT',
      'where is the board that runs it? --port PATH, or --board NAME to run it in the simulator of that board',
    );
  }
  return talk({ ...openOptions(options), elf: options.elf }, options.strict === true);
}

async function talk(open: OpenOptions, strict: boolean): Promise<number> {
  if (process.stdin.isTTY && process.stdout.isTTY) return runPrompt(open);
  const session = await openSession({ ...open, onNotice: printError, ...whileWaiting });
  session.onOutput((bytes) => process.stdout.write(bytes));
  try {
    return await runPiped(session, process.stdin, show, strict);
  } finally {
    await session.close();
  }
}

async function run(
  files: readonly string[],
  options: SessionOptions & { timeout?: number; json?: boolean },
): Promise<number> {
  const session = await openSession({ ...openOptions(options), onNotice: printError, ...whileWaiting });
  // Ctrl-C stops the code; the report then says so.
  const interrupt = (): void => session.interrupt();
  process.on('SIGINT', interrupt);
  try {
    if (!options.json) session.onOutput((bytes) => process.stdout.write(bytes));
    const report = await runFiles(
      session,
      files,
      options.json ? { value: () => undefined, error: () => undefined } : show,
      options.timeout === undefined ? {} : { runTimeoutMs: options.timeout * 1000 },
    );
    if (options.json) print(JSON.stringify(report, null, 2));
    return report.exitCode;
  } finally {
    process.off('SIGINT', interrupt);
    await session.close();
  }
}

/** Parses the arguments and does what they ask.
 *  @returns the exit code */
async function main(argv: readonly string[]): Promise<number> {
  let exitCode: number = EXIT.ok;
  const program = withSessionOptions(new Command('barewire'))
    .description('Type C++ at a prompt; it runs natively on the microcontroller at the other end of the line.')
    .version(version())
    .option('--strict', 'input that is no terminal: stop at the first input that fails')
    .allowExcessArguments(false)
    .enablePositionalOptions()
    .exitOverride()
    .option('--resume [journal]', 'go on with a session that was cut off; the newest of the board if none is named')
    .action(async (options: RootOptions) => {
      exitCode = await promptOrPipe(options);
    });
  withSessionOptions(program.command('run'))
    .description('run source files; calls main() if there is one, whose result is the exit code')
    .argument('<file...>', 'C++ source files, evaluated in order in one session')
    .option('-t, --timeout <seconds>', 'stop code that runs longer', seconds)
    .option('--json', 'print one JSON report instead of what the program prints')
    .action(async (files: string[], options: SessionOptions & { timeout?: number; json?: boolean }) => {
      exitCode = await run(files, options);
    });
  withSessionOptions(program.command('attach'))
    .description('talk to firmware of your own that has barewire in it: its functions, variables and types by name')
    .requiredOption('--elf <file>', 'the ELF file of what the board runs')
    .option('--strict', 'input that is no terminal: stop at the first input that fails')
    .action(async (options: AttachOptions) => {
      exitCode = await attach(options);
    });
  program
    .command('serve')
    .description('lend the board at a port of this machine over TCP, to one user at a time')
    .requiredOption('-p, --port <port>', 'where the board is')
    .option('--listen <host:port>', 'where to listen; beyond this machine only with a token', DEFAULT_LISTEN)
    .option('--token <token>', 'what users have to show: --port tcp://TOKEN@host:port')
    .option('--baud <rate>', 'bits a second of the serial port', baudRate, 115_200)
    .action(async (options: ServeCommand) => {
      exitCode = await runServe(options, print);
    });
  program
    .command('flash')
    .description('write the stub to a real board')
    .argument('<board>', 'its name, or a board file of your own')
    .option('-p, --port <port>', 'serial port, for programs that write through it')
    .option('--with <way>', '`drive`, or the program to use; docs/boards.md lists them')
    .option('--drive <folder>', 'the drive that the board shows up as')
    .option('-o, --output <file>', 'write the image to this file (.uf2, .hex, .bin, .elf, .esp) and flash nothing')
    .option('-n, --dry-run', 'only say what would be done')
    .action(async (board: string, options: FlashCommand) => {
      await runFlash(board, options, print);
    });
  program
    .command('replay')
    .description('print a trace that --trace recorded, layer by layer: bytes, frames, what they say')
    .argument('<file>', 'the trace')
    .action((file: string) => {
      for (const line of traceLines(file)) print(line);
    });
  program
    .command('boards')
    .description('list the boards')
    .action(() => {
      for (const line of boardsTable()) print(line);
    });
  program
    .command('doctor')
    .description('say what was found, what is missing and the command that mends it')
    .action(async () => {
      const { lines, ok } = await doctor();
      for (const line of lines) print(line);
      if (!ok) exitCode = EXIT.usage;
    });
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return exitCode;
  } catch (error) {
    // commander has printed its own words; asking for help or the version is no mistake.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    throw error;
  }
}

// A reader that has seen enough (`barewire … | head -1`) is no error.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit();
    throw error;
  });
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  printError(errorText(error));
  process.exitCode = exitCodeOf(error);
}
// What is left open (a port that hangs in close) must not keep the shell waiting; pipes are flushed first.
await Promise.all([process.stdout, process.stderr].map((stream) => new Promise((done) => stream.write('', done))));
process.exit();
