// `npm run generate`: writes everything that follows from the tables in messages.ts. A unit test compares
// what this would write with what is in the repository, so a forgotten run is a failing test.

import { existsSync, mkdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { renderHeader } from './generate-header.js';
import { renderReference, replaceReference } from './generate-reference.js';
import { renderVectors } from './generate-vectors.js';

export interface GeneratedFile {
  /** Path below the package's top folder. */
  readonly path: string;
  readonly text: string;
}

/** Top folder of the package, from the sources or from dist/. */
function topFolder(): string {
  let dir = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(dir, 'package.json'))) dir = dirname(dir);
  return dir;
}

/** Every generated file as it should be now; reads protocol.md for the part written by hand. */
export function generatedFiles(top: string = topFolder()): GeneratedFile[] {
  const document = readFileSync(join(top, 'protocol/protocol.md'), 'utf8');
  return [
    { path: 'firmware-stub/generated/bw_protocol.h', text: renderHeader() },
    { path: 'protocol/vectors/sessions.json', text: renderVectors() },
    { path: 'protocol/protocol.md', text: replaceReference(document, renderReference()) },
  ];
}

/** Writes the files that differ and returns their paths. */
export function writeGenerated(top: string = topFolder()): string[] {
  const stale = generatedFiles(top).filter(({ path, text }) => {
    const file = join(top, path);
    return !existsSync(file) || readFileSync(file, 'utf8') !== text;
  });
  for (const { path, text } of stale) {
    mkdirSync(dirname(join(top, path)), { recursive: true });
    writeFileSync(join(top, path), text);
  }
  return stale.map(({ path }) => path);
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const written = writeGenerated();
  console.log(written.length === 0 ? 'generated files are up to date' : `wrote ${written.join(', ')}`);
}
