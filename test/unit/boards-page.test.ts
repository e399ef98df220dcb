// The table of boards: on the screen, and as a page that must not fall behind the records.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { CAPABILITY_COLUMNS } from '../../boards/capabilities.js';
import { BOARDS } from '../../boards/index.js';
import { boardsPage, boardsTable } from '../../host/cli/boards.js';
import { packageRoot } from '../../host/diag/package-root.js';

test('docs/boards.md is what the records say: `npm run generate` writes it', () => {
  expect(readFileSync(join(packageRoot(), 'docs', 'boards.md'), 'utf8')).toBe(boardsPage());
});

test('the screen shows each board twice: what it is, and what it can do', () => {
  const lines = boardsTable();
  for (const board of BOARDS) {
    const [is, can] = lines.filter((line) => line.startsWith(`${board.name} `));
    expect(is).toContain(board.title);
    for (const { cell } of CAPABILITY_COLUMNS) expect(can).toContain(cell(board));
  }
});

test('every capability of the records has a column', () => {
  const [board] = BOARDS;
  for (const [key, value] of Object.entries(board!.capabilities)) {
    const other = typeof value === 'boolean' ? !value : 'something else';
    const changed = { ...board!, capabilities: { ...board!.capabilities, [key]: other } };
    expect(
      CAPABILITY_COLUMNS.filter(({ cell }) => cell(changed) !== cell(board!)),
      key,
    ).toHaveLength(1);
  }
});
