import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { findBoard } from '../../boards/index.js';
import type { Backend } from '../../host/compile/backend.js';
import { Compiler } from '../../host/compile/compiler.js';
import { RUNTIME } from '../../host/compile/flags.js';
import { refusesHeader } from '../../host/compile/precompile.js';
import type { ProcessOptions } from '../../host/compile/processes.js';
import { sayIfLong } from '../../host/compile/say-if-long.js';
import { openYowasp, planHeader } from '../../host/compile/yowasp/backend.js';
import { mountedPath, readMounts, withoutMounts } from '../../host/compile/yowasp/mounts.js';
import { prebuild, prebuiltIsCurrent } from '../../host/compile/yowasp/prebuild.js';
import { prebuiltFolder } from '../../host/compile/yowasp/stored-header.js';
import { packageRoot } from '../../host/diag/package-root.js';
import { findToolchain } from '../../host/toolchain/toolchain.js';

const FLAGS = ['--target=wasm32-wasip1', '-std=gnu++20', '-Xclang', '-fincremental-extensions'];
const PREFIX = 'inline int three() { return 3; }\n';
const USES_IT = 'int four() { return three() + 1; }\n';
const TIMEOUT_MS = 60_000;

let dir: string;
const open: Backend[] = [];

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'yowasp-header-'));
});
afterEach(async () => {
  for (const backend of open.splice(0)) await backend.close();
  rmSync(dir, { recursive: true, force: true });
});

async function backendIn(cacheDir: string, more: Partial<ProcessOptions> = {}): Promise<Backend> {
  const backend = await openYowasp({
    toolchain: findToolchain(),
    flagsFor: () => FLAGS,
    prefix: PREFIX,
    cacheDir,
    timeoutMs: TIMEOUT_MS,
    workDir: () => join(dir, 'work'),
    feed: 'none',
    onWait: undefined,
    ...more,
  });
  open.push(backend);
  return backend;
}

const stored = (cacheDir: string): string => join(cacheDir, 'pch', planHeader(FLAGS, PREFIX).key);
const pch = (cacheDir: string): string => join(stored(cacheDir), 'prefix.pch');

describe('the precompiled header of the board wasm', () => {
  test('one that nobody made yet is made once, and found in the cache afterwards', async () => {
    const { header } = await backendIn(dir);
    expect((await header.compile(USES_IT, TIMEOUT_MS)).code).toBe(0);
    const { mtimeMs, ino } = statSync(pch(dir));
    const again = await backendIn(dir);
    expect((await again.header.compile(USES_IT, TIMEOUT_MS)).code).toBe(0);
    expect(statSync(pch(dir))).toMatchObject({ mtimeMs, ino });
    expect(readdirSync(stored(dir)).sort()).toEqual(['cc1.json', 'prefix.pch']);
  });

  test('two sessions that begin at once both get one', async () => {
    const both = await Promise.all([backendIn(dir), backendIn(dir)]);
    const ends = await Promise.all(both.map(({ header }) => header.compile(USES_IT, TIMEOUT_MS)));
    expect(ends.map(({ code }) => code)).toEqual([0, 0]);
  });

  test('a start that was killed in the middle is made good by the next one, which removes what it left', async () => {
    const gone = spawnSync(process.execPath, ['-e', '']).pid;
    mkdirSync(stored(dir), { recursive: true });
    writeFileSync(`${pch(dir)}.${gone}`, 'half of it');
    writeFileSync(join(stored(dir), 'cc1.json'), '{"header":["-cc1');
    const { header } = await backendIn(dir);
    expect((await header.compile(USES_IT, TIMEOUT_MS)).code).toBe(0);
    expect(readdirSync(stored(dir)).sort()).toEqual(['cc1.json', 'prefix.pch']);
  });

  test('a cache that cannot be written is told, and the session has a header of its own', async () => {
    const file = join(dir, 'file');
    writeFileSync(file, '');
    const said: string[] = [];
    const { header } = await backendIn(join(file, 'cache'), { onWait: (text) => said.push(text) });
    expect((await header.compile(USES_IT, TIMEOUT_MS)).code).toBe(0);
    expect(said.join('\n')).toMatch(
      /cannot write the precompiled header to .*file.cache.*; set BAREWIRE_CACHE to a folder that can be written\. Until then each session precompiles its headers anew/,
    );
    expect(existsSync(join(dir, 'work', 'header-1', 'prefix.pch'))).toBe(true);
  });

  test('neither there nor in its own folder: the error says where, and what to set', async () => {
    const file = join(dir, 'file');
    writeFileSync(file, '');
    await expect(backendIn(file, { workDir: () => file })).rejects.toMatchObject({
      code: 'COMPILE_CACHE',
      message: expect.stringMatching(/cannot write the precompiled header to .*header-1: .*BAREWIRE_CACHE/),
    });
  });

  test('headers that do not compile are told with their place', async () => {
    await expect(backendIn(dir, { prefix: 'int broken(;\n' })).rejects.toMatchObject({
      code: 'COMPILE_PREFIX',
      message: expect.stringMatching(/prefix\.h:1:12: error: /),
    });
  });

  test('a damaged one is refused, and made anew', async () => {
    const { header } = await backendIn(dir);
    const bytes = readFileSync(pch(dir));
    writeFileSync(pch(dir), bytes.subarray(0, bytes.length / 2));
    const refused = await header.compile(USES_IT, TIMEOUT_MS);
    expect([refused.code, refusesHeader(refused.stderr)]).toEqual([1, true]);
    const mended = await header.rebuilt();
    expect((await mended.compile(USES_IT, TIMEOUT_MS)).code).toBe(0);
    expect(readFileSync(pch(dir)).equals(bytes)).toBe(true);
  });

  test('declarations of earlier inputs are precompiled beside it, in a folder of the session', async () => {
    const { header } = await backendIn(dir);
    const extended = await header.extended('int five();');
    const main = 'int nine() { return five() + three() + 1; }\n';
    expect((await extended.compile(main, TIMEOUT_MS)).code).toBe(0);
    expect(readdirSync(join(dir, 'work'))).toEqual(['header-1']);
    extended.discard();
    expect(readdirSync(join(dir, 'work'))).toEqual([]);
    expect((await header.compile(USES_IT, TIMEOUT_MS)).code).toBe(0);
  });

  test('a session that ends does not wait for that', async () => {
    const backend = await backendIn(dir);
    const extending = backend.header.extended('int five();').catch((error) => error);
    await backend.close();
    expect(await extending).toMatchObject({ code: 'COMPILE_CRASHED' });
  });
});

describe('the one that comes with the package', () => {
  test('it is used where no options are given: nothing is made, or written', async () => {
    if (!prebuiltIsCurrent()) await prebuild();
    const compiler = await Compiler.create({ board: findBoard('wasm')!, toolchain: findToolchain(), cacheDir: dir });
    try {
      const { object } = await compiler.compile('std::vector<int> v{1, 2};\n', '', 1, 'std::vector<int> v{1, 2};');
      expect(object.length).toBeGreaterThan(1000);
      expect(readdirSync(dir)).toEqual([]);
    } finally {
      await compiler.close();
    }
  }, 120_000);

  test('it holds nothing of the machine that made it', async () => {
    if (!prebuiltIsCurrent()) await prebuild();
    const folders = readdirSync(prebuiltFolder());
    expect(folders).toHaveLength(1);
    const files = readdirSync(join(prebuiltFolder(), folders[0]!)).map((name) =>
      readFileSync(join(prebuiltFolder(), folders[0]!, name)),
    );
    expect(files).toHaveLength(2);
    for (const bytes of files) {
      expect(bytes.includes(packageRoot())).toBe(false);
      expect(bytes.includes(`${homedir()}/`)).toBe(false);
    }
  }, 120_000);
});

test('files of the package stand at one place for clang, wherever it is installed, and count by what is in them', () => {
  const header = join(RUNTIME, 'barewire.h');
  expect(mountedPath(header)).toBe('/barewire/barewire.h');
  expect(withoutMounts('/barewire/barewire.h:12:3: error: no')).toBe(`${header}:12:3: error: no`);
  expect(withoutMounts('/host/srv/barewire/barewire.h:1')).toBe('/srv/barewire/barewire.h:1');
  const { tree, identity } = readMounts([RUNTIME]);
  expect(Object.keys(tree)).toEqual(['barewire']);
  expect(identity).toMatch(/^\/barewire\/barewire\.h [0-9a-f]{64}$/m);
  expect(identity).not.toContain(packageRoot());
});

test('whoever waits for longer than a second is told once what for', async () => {
  vi.useFakeTimers();
  try {
    const said: string[] = [];
    const say = (text: string): void => void said.push(text);
    let finish = (_value: number): void => undefined;
    const slow = sayIfLong(new Promise<number>((resolve) => (finish = resolve)), say, 'precompiling');
    await vi.advanceTimersByTimeAsync(999);
    expect(said).toEqual([]);
    await vi.advanceTimersByTimeAsync(5000);
    expect(said).toEqual(['precompiling']);
    finish(4);
    expect(await slow).toBe(4);
    await sayIfLong(Promise.resolve(), say, 'nothing');
    await vi.advanceTimersByTimeAsync(5000);
    expect(said).toEqual(['precompiling']);
  } finally {
    vi.useRealTimers();
  }
});
