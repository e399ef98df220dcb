// What it takes to install barewire with npm alone: the package is packed as it lies here and installed into an empty folder,
// with the optional clang and without. It asks the registry, so it only runs when it is named: `npm run bench -- install`.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageRoot } from '../host/diag/package-root.js';
import { bytesBelow } from './folder.js';
import { figure, heading } from './report.js';

const npm = (args: readonly string[], cwd: string): string =>
  execFileSync('npm', [...args, '--no-audit', '--no-fund'], {
    cwd,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });

const seconds = (fromMs: number): string => `${((performance.now() - fromMs) / 1000).toFixed(1)} s`;
const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;

/** Prints sizes and times. */
export async function benchInstall(): Promise<void> {
  heading('Installing from npm');
  const dir = mkdtempSync(join(tmpdir(), 'barewire-bench-'));
  try {
    npm(['pack', '--ignore-scripts', '--pack-destination', dir], packageRoot());
    const packed = join(dir, readdirSync(dir).find((name) => name.endsWith('.tgz'))!);
    // Once for npm's cache.
    install(mkdtempSync(join(dir, 'first-')), packed, []);
    const all = install(mkdtempSync(join(dir, 'all-')), packed, []);
    const few = install(mkdtempSync(join(dir, 'few-')), packed, ['--omit=optional']);
    figure('the package, packed', megabytes(statSync(packed).size), `${megabytes(all.ownBytes)} unpacked`);
    figure('node_modules with clang from npm', megabytes(all.bytes), `npm install took ${all.took}, warm npm cache`);
    figure('node_modules without it', megabytes(few.bytes), `npm install --omit=optional took ${few.took}`);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

function install(
  folder: string,
  packed: string,
  options: readonly string[],
): { readonly bytes: number; readonly ownBytes: number; readonly took: string } {
  writeFileSync(join(folder, 'package.json'), '{"private":true}');
  const start = performance.now();
  npm(['install', '--prefer-offline', '--ignore-scripts', ...options, packed], folder);
  const took = seconds(start);
  const modules = join(folder, 'node_modules');
  return { bytes: bytesBelow(modules), ownBytes: bytesBelow(join(modules, 'barewire')), took };
}
