// Debug scopes, one per folder: `BAREWIRE_DEBUG=link,wire` prints what these folders say to standard error.
// A scope that is off is `undefined`, so that `trace?.(…)` costs nothing, not even its arguments.

import { environment } from './environment.js';

export type Scope = 'repl' | 'unit' | 'compile' | 'elf' | 'link' | 'wire' | 'session' | 'show' | 'cli';

/** The printer of a scope, or `undefined` when the scope is off. */
export function debugScope(scope: Scope): ((text: string) => void) | undefined {
  const wanted = environment().debug;
  if (!wanted.has(scope) && !wanted.has('all')) return undefined;
  return (text) => {
    process.stderr.write(`[${scope} ${performance.now().toFixed(1)}] ${text}\n`);
  };
}
