// What of this machine's files LLVM in a thread can see: the folders of headers that flags and includes name, read in
// advance. They stand below /host under their own names, so that messages can say where they are. Those of this
// package stand below /barewire, wherever it is installed, and count by what is in them: a header that was
// precompiled on another machine is for this one too.

import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, extname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { RUNTIME } from '../flags.js';
import type { FileTree } from './llvm.js';

/** Folder that this machine's files are below, and the one of this package's own. */
const ROOT = 'host';
const OWN_ROOT = 'barewire';
const HEADER_ENDINGS: ReadonlySet<string> = new Set([
  '',
  '.h',
  '.hh',
  '.hpp',
  '.hxx',
  '.h++',
  '.inc',
  '.inl',
  '.ipp',
  '.tpp',
  '.def',
  '.txt',
]);
const SKIPPED: ReadonlySet<string> = new Set(['node_modules', '.git', '.svn']);
/** More than this is not a folder of headers; what is beyond is not seen. */
const MOST_FILES = 20_000;
const LARGEST_FILE_BYTES = 4 * 1024 * 1024;

/** `/home/me/inc` → `/host/home/me/inc`; `C:\inc` → `/host/C:/inc`; this package's `host/runtime` → `/barewire`. */
export function mountedPath(path: string): string {
  return `/${partsOf(path).join('/')}`;
}

/** The same backwards, anywhere in a text. */
export function withoutMounts(text: string): string {
  return text
    .replace(/\/host\/([A-Za-z]:)?(?=[^\s:"']*)/g, (_whole, drive: string | undefined) => drive ?? '/')
    .replace(/(?<![\w./])\/barewire\/(?=[\w.-]+\.(?:h|txt)\b)/g, () => `${RUNTIME}${sep}`);
}

/** Names of the folders above, and its own, as LLVM sees it. */
function partsOf(path: string): string[] {
  const below = relative(RUNTIME, resolve(path));
  const isOwn = !isAbsolute(below) && below.split(sep)[0] !== '..';
  const parts = (isOwn ? below : resolve(path)).split(/[\\/]+/).filter((part) => part !== '');
  return [isOwn ? OWN_ROOT : ROOT, ...parts];
}

/** Driver flags with this machine's paths as LLVM sees them, and the folders and files that they name. */
export function mountFlags(flags: readonly string[]): { flags: string[]; paths: string[] } {
  const paths: string[] = [];
  const see = (path: string): string => {
    paths.push(path);
    return mountedPath(path);
  };
  const mounted = flags.map((flag, index) => {
    if (flags[index - 1] === '-isystem' || flags[index - 1] === '-I') return see(flag);
    const named = /^(-I|-fsanitize-ignorelist=)(.+)$/s.exec(flag);
    return named === null ? flag : `${named[1]}${see(named[2]!)}`;
  });
  return { flags: mounted, paths };
}

/** A text whose includes of absolute paths are as LLVM sees them, and the folders of what they name. */
export function mountIncludes(text: string): { text: string; paths: string[] } {
  const paths: string[] = [];
  const mounted = text.replace(/^#include "((?:[^"\\]|\\.)*)"$/gm, (whole, escaped: string) => {
    const path = escaped.replace(/\\(.)/g, '$1');
    if (!/^(?:\/|[A-Za-z]:[\\/])/.test(path)) return whole;
    paths.push(dirname(path));
    return `#include "${mountedPath(path)}"`;
  });
  return { text: mounted, paths };
}

/** Reads the headers in folders, and single files.
 *  @returns a tree to be given to LLVM, and what tells its contents from others */
export function readMounts(paths: readonly string[]): { tree: FileTree; identity: string } {
  const tree: FileTree = {};
  const seen: string[] = [];
  for (const path of [...new Set(paths.map((each) => resolve(each)))]) readInto(tree, path, seen);
  return { tree, identity: seen.join('\n') };
}

function readInto(tree: FileTree, path: string, seen: string[]): void {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined || seen.length >= MOST_FILES) return;
  if (stats.isFile()) {
    if (stats.size > LARGEST_FILE_BYTES) return;
    const parts = partsOf(path);
    const name = parts.pop()!;
    const bytes = readFileSync(path);
    folderIn(tree, parts)[name] = bytes;
    const isOwn = parts[0] === OWN_ROOT;
    const contents = isOwn ? createHash('sha256').update(bytes).digest('hex') : `${stats.size} ${stats.mtimeMs}`;
    seen.push(`${mountedPath(path)} ${contents}`);
  } else if (stats.isDirectory()) {
    folderIn(tree, partsOf(path));
    for (const entry of readdirSync(path, { withFileTypes: true })) {
      const isHeader = entry.isDirectory() ? !SKIPPED.has(entry.name) : HEADER_ENDINGS.has(extname(entry.name));
      if (isHeader) readInto(tree, join(path, entry.name), seen);
    }
  }
}

function folderIn(tree: FileTree, parts: readonly string[]): FileTree {
  let folder = tree;
  for (const part of parts) {
    const next = folder[part];
    if (next === undefined || typeof next === 'string' || next instanceof Uint8Array) folder[part] = {};
    folder = folder[part] as FileTree;
  }
  return folder;
}
