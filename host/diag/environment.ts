// The only reader of the process environment.

import { homedir } from 'node:os';
import { join } from 'node:path';

export interface Environment {
  /** Scopes named in BAREWIRE_DEBUG. */
  readonly debug: ReadonlySet<string>;
  /** Folder for precompiled headers, index caches and support archives. */
  readonly cacheDir: string;
  /** Folder for history and the session journal. */
  readonly stateDir: string;
  /** BAREWIRE_CLANG: compiler to use instead of the one found on the path. */
  readonly clang: string | undefined;
  /** Folders of PATH. */
  readonly path: readonly string[];
  /** NO_COLOR is not set. */
  readonly color: boolean;
  readonly ci: boolean;
  /** BAREWIRE_BOARDS: simulated boards that suites run on, instead of those they name. */
  readonly boards: readonly string[] | undefined;
}

/** Reads the environment as it is now. */
export function environment(env: NodeJS.ProcessEnv = process.env, platform = process.platform): Environment {
  const folders = usualFolders(env, platform, homedir());
  return {
    debug: new Set((env.BAREWIRE_DEBUG ?? '').split(',').filter((s) => s !== '')),
    cacheDir: env.BAREWIRE_CACHE ?? folders.cache,
    stateDir: env.BAREWIRE_STATE ?? folders.state,
    clang: env.BAREWIRE_CLANG,
    path: (env.PATH ?? '').split(platform === 'win32' ? ';' : ':').filter((s) => s !== ''),
    color: !env.NO_COLOR,
    ci: Boolean(env.CI),
    boards: env.BAREWIRE_BOARDS?.split(','),
  };
}

/** Where programs of this system keep such things. */
function usualFolders(
  env: NodeJS.ProcessEnv,
  platform: NodeJS.Platform,
  home: string,
): { readonly cache: string; readonly state: string } {
  const xdg = { cache: env.XDG_CACHE_HOME, state: env.XDG_STATE_HOME };
  const below = (cache: string, state: string) => ({
    cache: xdg.cache === undefined ? cache : join(xdg.cache, 'barewire'),
    state: xdg.state === undefined ? state : join(xdg.state, 'barewire'),
  });
  if (platform === 'win32') {
    const local = join(env.LOCALAPPDATA ?? join(home, 'AppData', 'Local'), 'barewire');
    return below(join(local, 'cache'), join(local, 'state'));
  }
  if (platform === 'darwin') {
    const library = join(home, 'Library');
    return below(join(library, 'Caches', 'barewire'), join(library, 'Application Support', 'barewire'));
  }
  return below(join(home, '.cache', 'barewire'), join(home, '.local', 'state', 'barewire'));
}

/** The environment of a child process with some variables set. */
export function withEnvironment(
  more: Readonly<Record<string, string>>,
  env: NodeJS.ProcessEnv = process.env,
): NodeJS.ProcessEnv {
  return { ...env, ...more };
}

/** What clang is started with: its last words need no symbols, which take it seconds to look up. */
export function clangEnvironment(env: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  return { ...env, LLVM_DISABLE_SYMBOLIZATION: '1' };
}
