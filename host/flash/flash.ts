// Does what a plan says, and says what it does.

import { spawn } from 'node:child_process';
import { closeSync, fsyncSync, mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { BarewireError, deviceError } from '../diag/error.js';
import { type DriveFiles, isDriveOf, onDrive } from './drives.js';
import { commandText, type FlashPlan, type FlashStep } from './plan.js';

type CopyStep = Extract<FlashStep, { step: 'copy' }>;
type RunStep = Extract<FlashStep, { step: 'run' }>;

/** How long a board has for taking an image off its drive. */
const TAKE_MS = 10_000;
const LOOK_MS = 100;
/** A board that has all it needs takes its drive away while the file is being closed. */
const DRIVE_GONE = new Set(['EIO', 'ENOENT', 'ENXIO', 'ENODEV', 'EBADF', 'UNKNOWN']);
/** DAPLink leaves its reasons in this file. */
const FAIL_FILE = 'FAIL.TXT';

export interface FlashTools {
  /** Tells what is done. */
  say(text: string): void;
  readonly files: DriveFiles;
  /** Waits; for tests. */
  wait?(ms: number): Promise<void>;
}

/** What a plan does, one line a step. */
export function describePlan(plan: FlashPlan): string[] {
  return plan.steps.map((step) =>
    step.step === 'copy'
      ? `copy ${basename(step.to)} (${step.bytes.length} bytes) to ${step.drive}`
      : commandText(step.program, step.args),
  );
}

/** Carries a plan out.
 *  @throws FLASH_FAILED, FLASH_COPY, FLASH_REFUSED */
export async function carryOut(plan: FlashPlan, tools: FlashTools): Promise<void> {
  writeFiles(plan);
  for (const [index, line] of describePlan(plan).entries()) {
    tools.say(line);
    const step = plan.steps[index]!;
    if (step.step === 'run') await run(step, plan.passed);
    else await copy(step, tools);
  }
}

/** Writes the images that the plan's programs are to take. */
export function writeFiles({ files }: FlashPlan): void {
  for (const { path, bytes } of files) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, bytes);
  }
}

async function run({ program, args }: RunStep, passed: readonly string[]): Promise<void> {
  const child = spawn(program, args, { stdio: 'inherit' });
  const how = await new Promise<string | undefined>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) =>
      resolve(code === 0 ? undefined : signal === null ? `exit code ${code}` : signal),
    );
  });
  if (how === undefined) return;
  const lines = [
    `${basename(program)} failed (${how}); what it said is above. The command was`,
    `  ${commandText(program, args)}`,
    ...(passed.length === 0 ? [] : ['There would also be', ...passed]),
  ];
  throw deviceError('FLASH_FAILED', lines.join('\n'), { program, args, how });
}

async function copy(step: CopyStep, tools: FlashTools): Promise<void> {
  const { bytes, to, drive, way } = step;
  writeToDrive(bytes, to);
  const { files, wait = pause } = tools;
  for (let waited = 0; waited < TAKE_MS; waited += LOOK_MS) {
    const failure = files.readText(onDrive(files, drive, FAIL_FILE));
    if (failure !== undefined) {
      throw deviceError('FLASH_REFUSED', `the board did not take ${basename(to)}: ${failure.trim()}`, { to, failure });
    }
    if (!isDriveOf(files, way, drive)) return;
    await wait(LOOK_MS);
  }
  tools.say(`${drive} is still there: if the board does not start, unplug it and plug it in again`);
}

function writeToDrive(bytes: Uint8Array, to: string): void {
  let written = 0;
  try {
    const file = openSync(to, 'w');
    while (written < bytes.length) written += writeSync(file, bytes, written);
    fsyncSync(file);
    closeSync(file);
  } catch (cause) {
    const { code = '', message } = cause as NodeJS.ErrnoException;
    if (written === bytes.length && DRIVE_GONE.has(code)) return;
    const text = `${to} could not be written after ${written} of ${bytes.length} bytes: ${message}`;
    throw new BarewireError('FLASH_COPY', text, { to, written }, 'device', { cause });
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
