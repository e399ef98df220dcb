// `npm run bench [-- NAME…]`: prints each figure beside what it is compared with, measured in the same run.

import { benchCompress } from './compress.js';
import { benchExamples } from './examples.js';
import { benchFault } from './fault.js';
import { benchHostMemory } from './host-memory.js';
import { benchInstall } from './install.js';
import { benchInterpreters } from './interpreters.js';
import { benchLatency } from './latency.js';
import { benchLibrary } from './library.js';
import { benchLink } from './link.js';
import { benchRedefine } from './redefine.js';
import { benchJournal, benchReplug } from './replug.js';
import { benchSafe } from './safe.js';
import { benchSize } from './size.js';
import { benchThousand } from './thousand.js';
import { benchWasm } from './wasm.js';
import { benchWire } from './wire.js';

const BENCHES: Readonly<Record<string, () => Promise<void>>> = {
  latency: benchLatency,
  fault: benchFault,
  thousand: benchThousand,
  memory: benchHostMemory,
  size: benchSize,
  redefine: benchRedefine,
  library: benchLibrary,
  safe: benchSafe,
  replug: benchReplug,
  journal: benchJournal,
  wire: benchWire,
  link: benchLink,
  compress: benchCompress,
  examples: benchExamples,
  wasm: benchWasm,
  interpreters: benchInterpreters,
  install: benchInstall,
};
/** What asks others than this machine runs only when it is named. */
const NAMED_ONLY: ReadonlySet<string> = new Set(['install']);

const wanted = process.argv.slice(2);
for (const name of wanted) {
  if (BENCHES[name] === undefined) {
    console.error(`no bench ${name}; there are ${Object.keys(BENCHES).join(', ')}`);
    process.exit(2);
  }
}
for (const [name, bench] of Object.entries(BENCHES)) {
  if (wanted.length === 0 ? !NAMED_ONLY.has(name) : wanted.includes(name)) await bench();
}
