// Writes what is made from the records of boards: `docs/boards.md`, `boards/board.schema.json`. Part of `npm run generate`.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SCHEMA_FILE, schemaText } from '../../boards/board-schema.js';
import { packageRoot } from '../diag/package-root.js';
import { boardsPage } from './boards.js';

writeFileSync(join(packageRoot(), 'docs', 'boards.md'), boardsPage());
writeFileSync(join(packageRoot(), SCHEMA_FILE), schemaText());
