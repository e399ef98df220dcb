// `npm run build`, with words for the one thing that a new clone lacks now and then. It is no TypeScript, since it stands
// before that.

import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const path = (name) => fileURLToPath(new URL(name, import.meta.url));
const tsc = path('node_modules/typescript/bin/tsc');
const built = existsSync(tsc)
  ? spawnSync(process.execPath, [tsc, '-p', path('tsconfig.build.json')], { stdio: 'inherit' }).status
  : 1;
if (built !== 0 && !existsSync(path('node_modules/@typescript'))) {
  process.stderr.write(`barewire: the sources cannot be compiled, for TypeScript is not whole: it too has a part that npm calls optional.
Run \`npm ci\` without --omit. To be without clang from npm (106 MB), run \`npm uninstall --no-save @yowasp/clang\` then.
`);
}
// `npx barewire` in a clone runs the file itself.
if (built === 0) chmodSync(path('dist/host/cli/main.js'), 0o755);
process.exitCode = built ?? 1;
