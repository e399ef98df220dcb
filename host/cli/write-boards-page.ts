// Writes `docs/boards.md`; part of `npm run generate`.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../diag/package-root.js';
import { boardsPage } from './boards.js';

writeFileSync(join(packageRoot(), 'docs', 'boards.md'), boardsPage());
