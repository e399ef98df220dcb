// What barewire is run with and what is not in the repository: the images of the stub, and the precompiled header of the
// board `wasm`. Set-up makes what is not up to date; `npm ci` what clang from npm makes (prepare.ts).

import { spawn } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { BoardRecord } from '../../boards/board.js';
import { BOARDS } from '../../boards/index.js';
import { prebuild, prebuiltIsCurrent } from '../compile/yowasp/prebuild.js';
import { BarewireError } from '../diag/error.js';
import { packageRoot } from '../diag/package-root.js';

const FIRMWARE_TIMEOUT_MS = 5 * 60_000;

/** The error for images that do not build, with the words of the build. */
export function firmwareError(output: string): BarewireError {
  const text = `the stub images could not be built; \`npm run firmware\` said:\n${output.trimEnd()}`;
  return new BarewireError('CLI_SETUP_FIRMWARE', text);
}

// What the images are made of: C, assembler, linker scripts and the table of flags.
const FIRMWARE_SOURCE = /(\.(c|h|S|ld)|images\.ts)$/;

/** True if every board's stub image is there and no source of it is newer. */
export function firmwareIsCurrent(root = packageRoot()): boolean {
  const build = join(root, 'firmware-stub', 'build');
  const images = BOARDS.map((board) => changedAt(join(build, `${board.image}.elf`)));
  const archives = BOARDS.map((board) =>
    join(build, `support-${board.multilib.replaceAll('/', '-')}`, 'libbarewire.a'),
  );
  if (images.includes(undefined) || !archives.every((file) => existsSync(file))) return false;
  const oldest = Math.min(...images.map((at) => at ?? 0));
  return newestIn(join(root, 'firmware-stub'), 'build') <= oldest;
}

/** Whether a board's image is there, of whatever age. */
export function imageIsThere({ image }: BoardRecord, root = packageRoot()): boolean {
  return existsSync(join(root, 'firmware-stub', 'build', `${image}.elf`));
}

/** What the next one takes, in words. */
export const MAKING_NPM_BOARD =
  'clang from npm builds the stub and precompiles the headers for the board wasm (some ten seconds, once)';

/** Whether there is all that the board for clang from npm needs. */
export function npmBoardIsCurrent(root = packageRoot()): boolean {
  const at = changedAt(join(root, 'firmware-stub', 'build', 'wasm.elf'));
  const archive = join(root, 'firmware-stub', 'build', 'support-wasm32', 'libbarewire.a');
  const hasImage = at !== undefined && existsSync(archive) && newestIn(join(root, 'firmware-stub'), 'build') <= at;
  return hasImage && prebuiltIsCurrent();
}

/** Makes what that board needs, both parts at once.
 *  @throws CLI_SETUP_FIRMWARE, COMPILE_PREFIX, COMPILE_CACHE */
export async function buildNpmBoard(): Promise<void> {
  await Promise.all([buildFirmware(['--only', 'wasm']), prebuiltIsCurrent() ? undefined : prebuild()]);
}

function changedAt(file: string): number | undefined {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs;
}

function newestIn(folder: string, except: string): number {
  let newest = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.name === except) continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) newest = Math.max(newest, newestIn(path, except));
    else if (FIRMWARE_SOURCE.test(entry.name)) newest = Math.max(newest, changedAt(path) ?? 0);
  }
  return newest;
}

/** Builds the images that are not up to date, in a process of its own.
 *  @throws CLI_SETUP_FIRMWARE */
export async function buildFirmware(options: readonly string[] = []): Promise<void> {
  const script = join(packageRoot(), 'dist', 'firmware-stub', 'build.js');
  const { ok, output } = await runQuietly([process.execPath, script, '--quiet', ...options], FIRMWARE_TIMEOUT_MS);
  if (!ok) throw firmwareError(output);
}

/** Runs a program, and collects what it says. */
export function runQuietly(command: readonly string[], timeoutMs: number): Promise<{ ok: boolean; output: string }> {
  return new Promise((resolve) => {
    const child = spawn(command[0]!, command.slice(1), { stdio: ['ignore', 'pipe', 'pipe'], timeout: timeoutMs });
    let output = '';
    const collect = (chunk: Buffer): void => {
      output += chunk.toString('utf8');
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    child.on('error', (error) => resolve({ ok: false, output: `${output}${error.message}` }));
    child.on('close', (code, signal) => {
      const note = signal === null ? '' : `\nended by ${signal} (limit: ${timeoutMs / 1000} s)`;
      resolve({ ok: code === 0, output: output + note });
    });
  });
}
