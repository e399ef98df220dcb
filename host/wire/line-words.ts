// What `--line` takes: a modelled line in words, `115200,16ms,ber=1e-5,loss=1%`.

import { BarewireError } from '../diag/error.js';
import { type LineModel, PERFECT_LINE } from './model-line.js';

type Key = keyof LineModel;

const CHANCES: ReadonlySet<string> = new Set<Key>(['ber', 'loss', 'repeat', 'reorder', 'drop', 'insert']);

export const LINE_HELP =
  'BAUD, then any of LATENCYms (towards the host; a second one towards the board), jitter=Nms, buffer=BYTES, max=BAUD (above it all is noise), ber=, loss=, repeat=, reorder=, drop=, insert= (chances: 1e-5 or 1%), seed=N';

/** Reads `115200,16ms,ber=1e-5`.
 *  @throws WIRE_LINE_WORDS with the word that is wrong */
export function parseLine(text: string): LineModel {
  const model: { -readonly [K in Key]: LineModel[K] } = { ...PERFECT_LINE };
  const latencies: Key[] = ['toHostMs', 'toBoardMs'];
  for (const word of text.split(',').map((each) => each.trim())) {
    const [name, value] = word.includes('=') ? (word.split('=', 2) as [string, string]) : ['', word];
    const ms = /^(\d+(?:\.\d+)?)ms$/.exec(value)?.[1];
    const plain = /^\d+(?:\.\d+)?(?:e-?\d+)?$/i.test(value) ? Number(value) : undefined;
    const percent = /^(\d+(?:\.\d+)?)%$/.exec(value)?.[1];
    const chance = percent === undefined ? plain : Number(percent) / 100;
    if (name === '' && ms !== undefined && latencies.length > 0) model[latencies.shift()!] = Number(ms);
    else if (name === '' && plain !== undefined && Number.isInteger(plain) && plain >= 300) model.baud = plain;
    else if (name === 'jitter' && ms !== undefined) model.jitterMs = Number(ms);
    else if (name === 'buffer' && plain !== undefined) model.bufferBytes = plain;
    else if (name === 'max' && plain !== undefined && plain > 0) model.maxBaud = plain;
    else if (name === 'seed' && plain !== undefined) model.seed = plain;
    else if (CHANCES.has(name) && chance !== undefined && chance < 1) model[name as Key] = chance;
    else
      throw new BarewireError('WIRE_LINE_WORDS', `--line ${text}: what is "${word}"? It takes ${LINE_HELP}.`, { word });
  }
  return model;
}
