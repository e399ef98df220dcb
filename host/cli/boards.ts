// `barewire boards`: the table of boards.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type BoardRecord, ramBytes } from '../../boards/board.js';
import { CAPABILITY_COLUMNS } from '../../boards/capabilities.js';
import { BOARDS, OTHER_LINES, REAL_BOARDS } from '../../boards/index.js';
import { packageRoot } from '../diag/package-root.js';
import { commandsOf } from '../flash/describe.js';

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

const SIMULATED = [...BOARDS, ...OTHER_LINES];

const ramText = (board: BoardRecord): string => `${ramBytes(board) / 1024} KiB`;

/** The boards that ship with barewire, one a line, and what each can do. */
export function boardsTable(): string[] {
  return [
    ...table([
      ['BOARD', 'CORE', 'RAM', 'SIMULATOR', 'WHAT IT IS'],
      ...SIMULATED.map((board) => [board.name, board.core, ramText(board), board.simulator?.kind ?? '–', board.title]),
    ]),
    '',
    ...table([
      ['REAL BOARD', 'CORE', 'RAM', 'IMAGE', 'WHAT IT IS'],
      ...REAL_BOARDS.map((board) => [board.name, board.core, ramText(board), board.image, board.title]),
    ]),
    '',
    ...table([
      ['BOARD', ...CAPABILITY_COLUMNS.map(({ title }) => title.toUpperCase())],
      ...BOARDS.map((board) => [board.name, ...CAPABILITY_COLUMNS.map(({ cell }) => cell(board))]),
    ]),
  ];
}

/** The same as a page of the documentation, `docs/boards.md`. */
export function boardsPage(): string {
  const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const rows = (head: readonly string[], body: readonly (readonly string[])[]): string[] => [
    row(head),
    row(head.map(() => '---')),
    ...body.map(row),
  ];
  const titles = CAPABILITY_COLUMNS.map(({ title }) => title);
  return [
    '# Boards',
    '',
    'Written by `npm run generate` from the records in `boards/`.',
    '',
    '## Simulated boards',
    '',
    'barewire starts them by itself.',
    '',
    ...rows(
      ['board', 'core', 'RAM', 'simulator', 'what it is'],
      SIMULATED.map((board) => [
        `\`${board.name}\``,
        board.core,
        ramText(board),
        simulatorText(board.simulator),
        board.title,
      ]),
    ),
    '',
    '## What they can do',
    '',
    'A test that needs what a board cannot do is skipped there because of this table, and of nothing else.',
    '',
    ...rows(
      ['board', ...titles],
      BOARDS.map((board) => [`\`${board.name}\``, ...CAPABILITY_COLUMNS.map(({ cell }) => cell(board))]),
    ),
    '',
    ...CAPABILITY_COLUMNS.map(({ title, meaning }) => `- **${title}**: ${meaning}`),
    '',
    '## What the stub takes',
    '',
    'In bytes, as `npm run firmware -- --check` measures it; at most 4,096 of flash, and 1,024 of RAM beside the frame buffers. The',
    '*arena* is what is left for your code, variables and heap. A *driver* is what a line that is no UART needs beside the stub; it',
    'is counted apart, its RAM with the rest. A *library* is the stub in a firmware of your own, which gives it its arena: at most',
    '3,072 bytes of flash.',
    '',
    ...rows(['image', 'flash', 'driver', 'RAM', 'its stack', 'frame buffers', 'arena'], sizeRows()),
    '',
    '## Real boards',
    '',
    'Flash one with `barewire flash BOARD`, then `barewire --port PORT`. *Simulated as* names the board that runs the very same',
    'image here. **None of them has been run on silicon yet.**',
    '',
    ...rows(
      ['board', 'core', 'RAM', 'simulated as', 'run on silicon', 'what it is'],
      REAL_BOARDS.map((board) => [
        `\`${board.name}\``,
        board.core,
        ramText(board),
        SIMULATED.filter(({ image }) => image === board.image)
          .map(({ name }) => `\`${name}\``)
          .join(', ') || '–',
        'never',
        board.title,
      ]),
    ),
    '',
    'What `barewire flash` does, best way first (`--with NAME` takes another one, `--dry-run` only says what it would do):',
    '',
    ...rows(
      ['board', 'how'],
      REAL_BOARDS.flatMap((board) => commandsOf(board).map((how) => [`\`${board.name}\``, how])),
    ),
    '',
  ].join('\n');
}

/** From the sizes that are kept with the images. */
function sizeRows(): string[][] {
  const file = join(packageRoot(), 'firmware-stub', 'sizes.json');
  const sizes = JSON.parse(readFileSync(file, 'utf8')) as Readonly<Record<string, Readonly<Record<string, number>>>>;
  return Object.entries(sizes).map(([image, size]) => [
    `\`${image}\``,
    ...['flash', 'driver', 'ram', 'stack', 'frames', 'arena'].map((part) =>
      part === 'arena' && image.startsWith('library') ? '–' : (size[part]?.toLocaleString('en-US') ?? '–'),
    ),
  ]);
}

function simulatorText(simulator: BoardRecord['simulator']): string {
  if (simulator === undefined) return '–';
  return simulator.kind === 'qemu'
    ? `${simulator.program ?? 'qemu-system-arm'} -M ${simulator.machine}`
    : simulator.kind;
}
