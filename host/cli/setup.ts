// Gets a machine ready: installs what the toolchain lacks where apt may be used, says what to install where not,
// then has the firmware images built. `npm start` runs it first, `npm test` with `--tests`. When nothing is to be
// done it starts no process and says nothing.
//
//     node dist/host/cli/setup.js [--tests] [--native] [--dry-run]     exit code 0, or 2 if something is still missing
//
// Where clang from npm is there and the native one is not, nothing is installed unless `--native` says so.

import { spawnSync } from 'node:child_process';
import { realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { BOARDS } from '../../boards/index.js';
import { environment } from '../diag/environment.js';
import { BarewireError } from '../diag/error.js';
import { findFuzzer } from '../toolchain/find-fuzzer.js';
import { findProgram } from '../toolchain/find-llvm.js';
import { findYowasp } from '../toolchain/find-yowasp.js';
import { describeMissing, findToolchain, type Missing } from '../toolchain/toolchain.js';
import {
  buildFirmware,
  buildNpmBoard,
  firmwareIsCurrent,
  MAKING_NPM_BOARD,
  npmBoardIsCurrent,
  runQuietly,
} from './build-firmware.js';
import { EXIT, errorText } from './exit-codes.js';
import {
  PROMPT_PIECES,
  type Privilege,
  packagesOf,
  parseAptPolicy,
  planSetup,
  remedyOf,
  type SetupPiece,
  TEST_PIECES,
} from './setup-plan.js';

const INSTALL_TIMEOUT_MS = 20 * 60_000;
const ASK_TIMEOUT_MS = 30_000;
const TAIL_LINES = 20;

/** A missing piece as the set-up sees it. */
export type MissingPiece = Omit<Missing, 'piece'> & { readonly piece: SetupPiece };

/** What is missing for the prompt, or for the tests; each piece once. */
export function findMissing(pieces: readonly SetupPiece[]): MissingPiece[] {
  const found: MissingPiece[] = BOARDS.flatMap((board) => findToolchain(board).missing);
  const { path } = environment();
  if (findProgram('cc', path) === undefined && findProgram('gcc', path) === undefined) {
    found.push({ piece: 'cc', reason: 'no native C compiler (cc, gcc)', remedy: remedyOf('cc') });
  }
  // Debian has ser2net among the programs of the administrator, which others do not have in their PATH.
  for (const piece of ['ser2net', 'socat'] as const) {
    if (findProgram(piece, [...path, '/usr/sbin']) !== undefined) continue;
    found.push({ piece, reason: `no ${piece}, with which serial ports are shared`, remedy: remedyOf(piece) });
  }
  if (findProgram('cmake', path) === undefined || findProgram('make', path) === undefined) {
    found.push({
      piece: 'cmake',
      reason: 'no cmake and make, which build the example firmware',
      remedy: remedyOf('cmake'),
    });
  }
  if (findFuzzer() === undefined) {
    found.push({ piece: 'fuzzer', reason: 'no libFuzzer for clang', remedy: remedyOf('fuzzer') });
  }
  return pieces.map((piece) => found.find((each) => each.piece === piece)).filter((each) => each !== undefined);
}

/** The error that names the commands for every system.
 *  @param offersNpm there is clang from npm to be had instead */
export function mustInstallError(missing: readonly MissingPiece[], why: string, offersNpm = false): BarewireError {
  const instead =
    'Or install nothing: `npm ci` without --omit brings clang from npm (106 MB), and with it the board wasm.';
  const lines = [describeMissing(missing as readonly Missing[]), why, offersNpm ? instead : ''].filter(
    (line) => line !== '',
  );
  return new BarewireError('CLI_SETUP_MISSING', lines.join('\n'), { missing: missing.map((each) => each.piece) });
}

/** The error for a package manager that refused, with the end of its own words. */
export function aptFailedError(command: readonly string[], output: string): BarewireError {
  const tail = output.trimEnd().split('\n').slice(-TAIL_LINES);
  const text = [`\`${command.join(' ')}\` failed; its last words:`, ...tail.map((line) => `  ${line}`)].join('\n');
  return new BarewireError('CLI_SETUP_APT', text, { command });
}

/** The error for a distribution that has no package new enough. */
export function unavailableError(choices: readonly (readonly string[])[]): BarewireError {
  const lines = choices.map((names) => `  ${names.join(' or ')}`);
  const text = [
    'apt offers none of these packages, even after `apt-get update`:',
    ...lines,
    'install clang 16 or newer from LLVM (or name one by BAREWIRE_CLANG), then try again',
  ].join('\n');
  return new BarewireError('CLI_SETUP_UNAVAILABLE', text, { choices });
}

/** Makes the machine ready.
 *  @param say prints one line of progress
 *  @throws CLI_SETUP_MISSING, CLI_SETUP_APT, CLI_SETUP_UNAVAILABLE, CLI_SETUP_FIRMWARE */
export async function setUp(
  options: { readonly tests: boolean; readonly dryRun: boolean; readonly native?: boolean },
  say: (text: string) => void,
): Promise<void> {
  const pieces = options.tests ? TEST_PIECES : PROMPT_PIECES;
  const missing = findMissing(pieces);
  // Nobody is to install a compiler, or to have the right to, who can do without one.
  if (missing.length > 0 && !options.tests && !options.native && findYowasp() !== undefined) {
    const [first] = missing;
    if (options.dryRun) say(`${first!.reason} here, so clang from npm is used; \`--native\` installs one`);
    if (options.dryRun || npmBoardIsCurrent()) return;
    say(`barewire set-up: ${MAKING_NPM_BOARD}`);
    await buildNpmBoard();
    return;
  }
  if (missing.length > 0) await install(missing, options, say);
  else if (options.dryRun) say('nothing is missing');
  if (options.dryRun) {
    say(firmwareIsCurrent() ? 'the firmware images are up to date' : 'would build the firmware images');
    return;
  }
  const left = missing.length === 0 ? [] : findMissing(pieces);
  if (left.length > 0) throw mustInstallError(left, 'apt installed its packages, yet this was not found.');
  if (firmwareIsCurrent()) return;
  say('barewire set-up: building the images of the stub');
  await buildFirmware();
}

async function install(
  missing: readonly MissingPiece[],
  { dryRun, tests }: { readonly dryRun: boolean; readonly tests: boolean },
  say: (text: string) => void,
): Promise<void> {
  const names = missing.map((each) => each.piece);
  const candidates = names.flatMap(packagesOf).flat();
  // The tests need the native one, whatever else there is.
  const offersNpm = !tests && findYowasp() === undefined;
  const apt = process.platform === 'linux' && findProgram('apt-get', environment().path) !== undefined;
  const privilege = apt ? findPrivilege() : 'none';
  let refreshed = false;
  for (;;) {
    const offers = apt ? askApt(candidates) : new Map<string, number | undefined>();
    const plan = planSetup(names, { apt, privilege, offers, refreshed });
    switch (plan.kind) {
      case 'nothing':
        return;
      case 'ask':
        throw mustInstallError(
          missing,
          apt ? 'Neither root nor passwordless sudo: please run it yourself.' : '',
          offersNpm,
        );
      case 'unavailable':
        throw unavailableError(plan.choices);
      case 'refresh':
        if (dryRun) {
          say(`would run: ${aptCommand(privilege, ['update']).join(' ')}`);
          say(`would install packages for: ${names.join(', ')}`);
          return;
        }
        say('barewire set-up: reading the package lists (apt-get update)');
        await runApt(aptCommand(privilege, ['update']));
        refreshed = true;
        break;
      case 'install': {
        const command = aptCommand(privilege, ['install', '-y', '--no-install-recommends', ...plan.packages]);
        if (dryRun) {
          say(`would run: ${command.join(' ')}`);
          return;
        }
        say(`barewire set-up: installing ${plan.packages.join(' ')} (apt-get, a few minutes)`);
        const failure = await tryApt(command);
        if (failure === undefined) return;
        // Lists that have grown old name files that are gone: read them again, once.
        if (refreshed) throw failure;
        say('barewire set-up: reading the package lists again (apt-get update)');
        await runApt(aptCommand(privilege, ['update']));
        refreshed = true;
      }
    }
  }
}

function findPrivilege(): Privilege {
  if (process.getuid?.() === 0) return 'root';
  const sudo = spawnSync('sudo', ['-n', 'true'], { stdio: 'ignore', timeout: ASK_TIMEOUT_MS });
  return sudo.status === 0 ? 'sudo' : 'none';
}

// `env` sets the variables behind sudo, which would drop ours.
function aptCommand(privilege: Privilege, words: readonly string[]): string[] {
  const sudo = privilege === 'sudo' ? ['sudo', '-n'] : [];
  return [
    ...sudo,
    'env',
    'DEBIAN_FRONTEND=noninteractive',
    'LC_ALL=C',
    'apt-get',
    '-q',
    '-o',
    'DPkg::Lock::Timeout=120',
    ...words,
  ];
}

function askApt(names: readonly string[]): Map<string, number | undefined> {
  const asked = spawnSync('env', ['LC_ALL=C', 'apt-cache', 'policy', ...names], {
    encoding: 'utf8',
    timeout: ASK_TIMEOUT_MS,
  });
  return parseAptPolicy(asked.stdout ?? '');
}

async function runApt(command: readonly string[]): Promise<void> {
  const failure = await tryApt(command);
  if (failure !== undefined) throw failure;
}

async function tryApt(command: readonly string[]): Promise<BarewireError | undefined> {
  const { ok, output } = await runQuietly(command, INSTALL_TIMEOUT_MS);
  return ok ? undefined : aptFailedError(command, output);
}

async function main(argv: readonly string[]): Promise<number> {
  const unknown = argv.find((word) => !['--tests', '--native', '--dry-run'].includes(word));
  if (unknown !== undefined) {
    console.error(`setup: unknown option ${unknown}; it takes --tests, --native and --dry-run`);
    return EXIT.usage;
  }
  try {
    const [tests, native, dryRun] = ['--tests', '--native', '--dry-run'].map((word) => argv.includes(word));
    await setUp({ tests: tests!, native: native!, dryRun: dryRun! }, (text) => console.error(text));
    return EXIT.ok;
  } catch (error) {
    console.error(errorText(error));
    return EXIT.usage;
  }
}

const started = process.argv[1];
if (started !== undefined && realpathSync(started) === fileURLToPath(import.meta.url)) {
  process.exitCode = await main(process.argv.slice(2));
}
