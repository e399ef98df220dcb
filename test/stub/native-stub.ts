// Builds the stub's core for this machine and talks to it: bytes in, frames out. One process per conversation.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { firmwareFolder } from '../../firmware-stub/build.js';
import { findFirmwareTools } from '../../firmware-stub/tools/find-tools.js';
import { packageRoot } from '../../host/diag/package-root.js';
import { decodeFrame } from '../../protocol/frame.js';

const HERE = join(packageRoot(), 'test', 'stub');
const SANITIZERS = ['-fsanitize=address,undefined', '-fno-sanitize-recover=all'];

/** A frame that the stub sent. */
export interface SentFrame {
  readonly kind: string;
  readonly seq: number;
  readonly body: Uint8Array;
}

/** The harness as a program, until `remove`. */
export interface NativeStub {
  /** Whether address and undefined-behaviour sanitizers watch it. */
  readonly sanitized: boolean;
  /** Feeds `line` to a board just reset and hands back all bytes it sent.
   *  @param pollEveryFrames look for work only after so many delimiters (default: after every byte)
   *  @param fill what every byte of the stub's memory is when power comes
   *  @throws if the process does not end well: a sanitizer spoke */
  talk(line: Uint8Array, pollEveryFrames?: number, fill?: number): Uint8Array;
  remove(): void;
}

/** Compiles the core with one of the harnesses here, with the machine's `cc` or with clang.
 *  @param sanitize with sanitizers where they link
 *  @returns whether sanitizers watch it
 *  @throws if no compiler makes a program of it */
export function compileNative(
  harness: string,
  program: string,
  flags: readonly string[],
  sanitize: boolean,
): { readonly sanitized: boolean } {
  const firmware = firmwareFolder();
  const sources = readdirSync(join(firmware, 'core'))
    .filter((name) => name.endsWith('.c'))
    .map((name) => join(firmware, 'core', name));
  const args = ['-std=c11', '-g', '-Wall', '-Wextra', '-Werror', ...flags];
  const includes = [HERE, join(firmware, 'core'), join(firmware, 'generated')].map((name) => `-I${name}`);
  const complaints: string[] = [];
  const compile = (compiler: string, extra: readonly string[]) => {
    const all = [...args, ...extra, ...includes, ...sources, join(HERE, harness), '-o', program];
    const result = spawnSync(compiler, all, { encoding: 'utf8', timeout: 60_000 });
    if (result.status !== 0) complaints.push(`${compiler}: ${result.error?.message ?? result.stderr}`);
    return result.status === 0;
  };
  const compilers = [() => 'cc', () => findFirmwareTools().clang];
  for (const extra of sanitize ? [SANITIZERS, []] : [[]]) {
    if (compilers.some((compiler) => compile(compiler(), extra))) return { sanitized: extra.length > 0 };
  }
  throw new Error(`the native stub does not compile:\n${complaints.join('\n')}`);
}

/** Compiles core and harness with the machine's `cc` or with clang, with sanitizers where they link.
 *  @throws if no compiler makes a program of it */
export function buildNativeStub(): NativeStub {
  const folder = mkdtempSync(join(tmpdir(), 'barewire-stub-'));
  const program = join(folder, 'harness');
  const { sanitized } = compileNative('harness.c', program, ['-O1', '-DSTUB_MAX_FRAME=256u'], true);

  return {
    sanitized,
    talk(line, pollEveryFrames = 0, fill = 0) {
      const result = spawnSync(program, [String(pollEveryFrames), String(fill)], { input: line, timeout: 20_000 });
      if (result.status !== 0) {
        throw new Error(`the native stub ended with ${result.status ?? result.signal}:\n${result.stderr}`);
      }
      return new Uint8Array(result.stdout);
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** Cuts what was sent at the delimiters; each piece keeps its own. */
export function splitFrames(sent: Uint8Array): Uint8Array[] {
  const frames: Uint8Array[] = [];
  for (let start = 0; start < sent.length; ) {
    const end = sent.indexOf(0, start) + 1;
    if (end === 0) throw new Error('the last frame has no delimiter');
    frames.push(sent.subarray(start, end));
    start = end;
  }
  return frames;
}

/** Decodes all frames that were sent after the HELLO_REPLY of the reset.
 *  @throws if one of them is no good frame */
export function readFrames(sent: Uint8Array): SentFrame[] {
  return splitFrames(sent)
    .slice(1)
    .map((bytes) => {
      const result = decodeFrame(bytes.subarray(0, -1));
      if (!result.ok)
        throw new Error(`the stub sent a bad frame (${result.reason}): ${Buffer.from(bytes).toString('hex')}`);
      return result.frame;
    });
}
