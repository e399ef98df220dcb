// A precompiled header on the disk, as clang from npm reads it:
//
//   prefix.pch    clang's form of the text
//   cc1.json      arguments of `clang -cc1`, for a header and for an input: the driver is not run again
//
// and the places where one is looked for, by a key of all that it depends on:
//
//   <package>/dist/headers/<key>/    made with the package (prebuild.ts), so that nobody waits for it
//   <cache>/pch/<key>/               made by the first session that had other options

import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../diag/package-root.js';
import { isAlive } from '../work-folder.js';

/** Arguments from `-cc1` on. */
export interface HeaderArguments {
  readonly header: readonly string[];
  readonly input: readonly string[];
}

/** A header that is there. */
export interface StoredHeader {
  readonly dir: string;
  readonly args: HeaderArguments;
}

/** Where the headers lie that came with this package. */
export const prebuiltFolder = (): string => join(packageRoot(), 'dist', 'headers');

export const pchFile = (dir: string): string => join(dir, 'prefix.pch');
const argumentsFile = (dir: string): string => join(dir, 'cc1.json');

/** The header in one of these folders, undefined if none has a whole one. */
export function findStored(dirs: readonly string[]): StoredHeader | undefined {
  for (const dir of dirs) {
    const args = existsSync(pchFile(dir)) ? readArguments(argumentsFile(dir)) : undefined;
    if (args !== undefined) return { dir, args };
  }
  return undefined;
}

/** Notes the arguments, before the header is there, and removes what killed processes left behind.
 *  @throws what the file system does */
export function storeArguments(dir: string, args: HeaderArguments): void {
  replaceFile(argumentsFile(dir), JSON.stringify(args));
  for (const name of readdirSync(dir)) {
    const pid = /\.(\d+)$/.exec(name)?.[1];
    if (pid !== undefined && !isAlive(Number(pid))) rmSync(join(dir, name), { force: true });
  }
}

/** Writes a file as a whole: a reader, and a process that is killed, see the old one or the new one.
 *  @throws what the file system does */
export function replaceFile(file: string, contents: string | Uint8Array): void {
  const temporary = `${file}.${process.pid}`;
  try {
    writeFileSync(temporary, contents);
    renameSync(temporary, file);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

function readArguments(file: string): HeaderArguments | undefined {
  try {
    const { header, input } = JSON.parse(readFileSync(file, 'utf8')) as Partial<HeaderArguments>;
    return isList(header) && isList(input) ? { header, input } : undefined;
  } catch {
    return undefined;
  }
}

const isList = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((each) => typeof each === 'string');
