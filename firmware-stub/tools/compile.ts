// Runs the compiler for one image or one support archive, unless what it would make is there already. "There
// already" is decided by a fingerprint of every input's bytes, the flags and the compiler's version: file times
// say nothing after a clone. Results appear by rename, so that a reader never meets half a file.

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { FirmwareError } from './error.js';
import type { FirmwareTools } from './find-tools.js';
import {
  COMMON_FLAGS,
  IMAGE_FLAGS,
  type ImageRow,
  LIBC_FLAGS,
  SUPPORT_FLAGS,
  type SupportRow,
  supportFolder,
} from './images.js';

/** Files of a folder (not below it) whose names end in one of `endings`, sorted. */
function filesIn(folder: string, endings: readonly string[]): string[] {
  return readdirSync(folder)
    .filter((name) => endings.some((ending) => name.endsWith(ending)))
    .sort()
    .map((name) => join(folder, name));
}

const BUILD_ID_BYTES = 8;

function fingerprint(files: readonly string[], settings: readonly string[]): string {
  const hash = createHash('sha256');
  for (const setting of settings) hash.update(`${setting}\0`);
  for (const file of files) {
    hash.update(`${basename(file)}\0`);
    hash.update(readFileSync(file));
  }
  return hash.digest('hex');
}

function runTool(program: string, args: readonly string[], cwd: string): void {
  const result = spawnSync(program, args, { cwd, encoding: 'utf8', timeout: 120_000 });
  if (result.status !== 0) {
    const said = [result.error?.message, result.stderr, result.stdout].filter(Boolean).join('\n').trim();
    throw new FirmwareError('FIRMWARE_BUILD_FAILED', `${basename(program)} failed in ${cwd}:\n${said}`);
  }
}

/** Makes `outputFile` with `build(temporary)` unless its stamp says that it is made of `print` already. */
function unlessFresh(outputFile: string, print: string, build: (temporary: string) => void): boolean {
  const stampFile = `${outputFile}.stamp`;
  if (existsSync(outputFile) && existsSync(stampFile) && readFileSync(stampFile, 'utf8') === print) return false;
  mkdirSync(dirname(outputFile), { recursive: true });
  const scratch = mkdtempSync(join(dirname(outputFile), '.tmp-'));
  try {
    const temporary = join(scratch, basename(outputFile));
    build(temporary);
    renameSync(temporary, outputFile);
    writeFileSync(join(scratch, 'stamp'), print);
    renameSync(join(scratch, 'stamp'), stampFile);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  return true;
}

/** What goes into an image beside the stub. */
export interface Program {
  /** Where the image goes. */
  readonly path: string;
  /** Object files and archives, in the order in which the linker is to see them. */
  readonly files: readonly string[];
  /** Linker script for their sections, used after the stub's. */
  readonly script: string;
  /** Names to keep though nothing calls them. */
  readonly keep: readonly string[];
}

/** What the compiler needs for one image. */
function imageRecipe(folder: string, row: ImageRow): { sources: string[]; inputs: string[]; flags: string[] } {
  const inFolder = (name: string): string => join(folder, name);
  const port = row.own?.port ?? inFolder(`port/${row.port}`);
  const script = row.own?.script ?? inFolder(`ld/${row.name}.ld`);
  const sourceFolders = [...['core', `arch/${row.machine.arch}`].map(inFolder), port];
  const sources = sourceFolders.flatMap((each) => filesIn(each, ['.c', '.S']));
  const includes = [...sourceFolders, inFolder('generated'), inFolder('port')];
  const headers = [...includes, inFolder('arch')].flatMap((each) => filesIn(each, ['.h']));
  const scripts = [inFolder('ld/stub.ld'), script];
  const flags = [
    ...COMMON_FLAGS,
    ...IMAGE_FLAGS,
    ...row.machine.flags,
    `-ffile-prefix-map=${folder}=firmware-stub`,
    ...row.defines.map((define) => `-D${define}`),
    ...includes.map((each) => `-I${each}`),
    '-nostdlib',
    ...row.machine.imageFlags,
    `-L${inFolder('ld')}`,
    `-Wl,-T,${script}`,
    '-Wl,--gc-sections',
  ];
  return { sources, inputs: [...sources, ...headers, ...scripts], flags };
}

/** What tells an image from every other: part of the fingerprint of all it is made of. The stub says it in its hello,
 *  and the ELF file has it as its GNU build id. */
function buildIdFlags(print: string): string[] {
  const id = print.slice(0, 2 * BUILD_ID_BYTES);
  const bytes = id.match(/../g)!.map((byte) => `0x${byte}`);
  return [`-Wl,--build-id=0x${id}`, `-DSTUB_BUILD_ID=${bytes.join(',')}`];
}

/** Builds `build/<name>.elf`, or the image of a board that is not one of ours.
 *  @param folder the folder `firmware-stub`
 *  @returns its path and whether it had to be built
 *  @throws FIRMWARE_BUILD_FAILED with what the compiler said */
export function buildImage(folder: string, row: ImageRow, tools: FirmwareTools): { path: string; built: boolean } {
  const { sources, inputs, flags } = imageRecipe(folder, row);
  const settings = [tools.version, ...flags.map((flag) => flag.replaceAll(folder, 'firmware-stub'))];
  const path = row.own?.output ?? join(folder, 'build', `${row.name}.elf`);
  const print = fingerprint(inputs, settings);
  const all = [...flags, ...buildIdFlags(print), `--ld-path=${tools.lld}`, ...sources];
  const built = unlessFresh(path, print, (temporary) => runTool(tools.clang, [...all, '-o', temporary], folder));
  return { path, built };
}

/** Builds an image of the stub with a program linked into it ahead of time.
 *  @throws FIRMWARE_BUILD_FAILED with what the compiler said */
export function buildProgramImage(folder: string, row: ImageRow, tools: FirmwareTools, program: Program): void {
  const { sources, inputs, flags } = imageRecipe(folder, row);
  const print = fingerprint([...inputs, ...program.files, program.script], [tools.version, ...flags]);
  const extra = [
    ...buildIdFlags(print),
    `-Wl,-T,${program.script}`,
    ...program.keep.map((name) => `-Wl,--undefined=${name}`),
    ...program.files,
  ];
  runTool(tools.clang, [...flags, `--ld-path=${tools.lld}`, ...sources, ...extra, '-o', program.path], folder);
}

/** Builds `build/support-<multilib>/libbarewire.a`, one member per source, with an index of their symbols, and on Arm
 *  `libbarewire-throws.a` beside it, which goes before it where exceptions are.
 *  @throws FIRMWARE_BUILD_FAILED with what the compiler or archiver said */
export function buildSupport(folder: string, row: SupportRow, tools: FirmwareTools): { path: string; built: boolean } {
  const main = ['support', `support/${row.libc}`, ...(row.cxx ? ['support/cxx'] : [])];
  const { path, built } = buildArchive(folder, row, tools, 'libbarewire.a', main);
  if (row.libc !== 'newlib') return { path, built };
  const throwing = buildArchive(folder, row, tools, 'libbarewire-throws.a', ['support/exceptions']);
  return { path, built: built || throwing.built };
}

function buildArchive(
  folder: string,
  row: SupportRow,
  tools: FirmwareTools,
  name: string,
  sourceFolders: readonly string[],
): { path: string; built: boolean } {
  const sources = sourceFolders.flatMap((each) => filesIn(join(folder, each), ['.c']));
  const headers = filesIn(join(folder, 'support'), ['.h']);
  const flags = [
    ...COMMON_FLAGS,
    ...SUPPORT_FLAGS,
    ...row.machine.flags,
    ...LIBC_FLAGS[row.libc],
    `-ffile-prefix-map=${folder}=firmware-stub`,
  ];
  const settings = [tools.version, ...flags.map((flag) => flag.replaceAll(folder, 'firmware-stub'))];
  const path = join(folder, 'build', supportFolder(row), name);
  const built = unlessFresh(path, fingerprint([...sources, ...headers], settings), (temporary) => {
    const scratch = dirname(temporary);
    runTool(tools.clang, [...flags, '-c', ...sources], scratch);
    const members = sources.map((source) => basename(source).replace(/\.c$/, '.o'));
    runTool(tools.ar, ['rcsD', temporary, ...members], scratch);
  });
  return { path, built };
}
