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
export function environment(env: NodeJS.ProcessEnv = process.env): Environment {
  const home = homedir();
  return {
    debug: new Set((env.BAREWIRE_DEBUG ?? '').split(',').filter((s) => s !== '')),
    cacheDir: env.BAREWIRE_CACHE ?? join(env.XDG_CACHE_HOME ?? join(home, '.cache'), 'barewire'),
    stateDir: env.BAREWIRE_STATE ?? join(env.XDG_STATE_HOME ?? join(home, '.local', 'state'), 'barewire'),
    clang: env.BAREWIRE_CLANG,
    path: (env.PATH ?? '').split(process.platform === 'win32' ? ';' : ':').filter((s) => s !== ''),
    color: !env.NO_COLOR,
    ci: Boolean(env.CI),
    boards: env.BAREWIRE_BOARDS?.split(','),
  };
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
