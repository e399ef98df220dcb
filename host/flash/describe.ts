// How a board is flashed, in words: for the table of boards.

import type { BoardRecord } from '../../boards/board.js';
import { commandText, fillIn } from './plan.js';

/** One line of Markdown for each of its ways. */
export function commandsOf({ image, flash }: BoardRecord): string[] {
  return flash.map((way) => {
    if (way.way === 'drive') {
      return `copies \`${image}.${way.format}\` to its drive, the one with \`${way.marker}\` (${way.hint})`;
    }
    const place = (name: string): string =>
      name === 'port' ? 'PORT' : name === 'elf' ? `firmware-stub/build/${image}.elf` : `${image}.${name}`;
    return way.runs.map((args) => `\`${commandText(way.program, fillIn(args, place))}\``).join(', ');
  });
}
