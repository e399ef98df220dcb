// `barewire boards`: the table of boards.

import { BOARDS } from '../../boards/index.js';

/** Lines of a table with its columns aligned; the last column is not padded. */
export function table(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  return rows.map((row) =>
    row
      .map((cell, column) => (column < row.length - 1 ? cell.padEnd(widths[column] ?? 0) : cell))
      .join('  ')
      .trimEnd(),
  );
}

/** The boards that ship with barewire, one a line. */
export function boardsTable(): string[] {
  return table([
    ['BOARD', 'CORE', 'RAM', 'SIMULATOR', 'WHAT IT IS'],
    ...BOARDS.map((board) => [
      board.name,
      board.core,
      `${board.regions.filter((region) => region.access !== 'rx').reduce((sum, region) => sum + region.sizeBytes, 0) / 1024} KiB`,
      board.simulator?.kind ?? '–',
      board.title,
    ]),
  ]);
}
