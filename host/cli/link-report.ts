// What `:link` says: how quick the line is, beside what it could be, and every way in which it went wrong.

import type { LinkCounters, LinkStatistics } from '../session/session.js';

/** Counters that people look for first, in their words; the others follow under their names. */
const WORDS: Readonly<Partial<Record<keyof LinkCounters, string>>> = {
  good: 'frames received',
  sent: 'frames sent',
  badCrc: 'bad CRC',
  badLength: 'bad length',
  resent: 'sent again',
  repeated: 'repeated',
  resyncs: 'resynchronised',
  outputAgain: 'output asked again',
  outputLost: 'bytes of output lost',
};

const ms = (value: number | undefined) => (value === undefined ? '-' : `${value.toFixed(value < 10 ? 1 : 0)} ms`);
const kilo = (value: number) => `${(value / 1000).toFixed(1)} KB/s`;

/** Rows of the table, name and value.
 *  @param sparedBytes that were not sent because the board held them */
export function linkRows(
  counters: LinkCounters,
  statistics: LinkStatistics,
  sparedBytes: number,
): (readonly [string, string])[] {
  const { roundTripP50Ms, roundTripP95Ms, bytesPerSecond, possibleBytesPerSecond } = statistics;
  const rows: (readonly [string, string])[] = [
    ['round trip', `p50 ${ms(roundTripP50Ms)}, p95 ${ms(roundTripP95Ms)}`],
    ['rate', rateText(bytesPerSecond, possibleBytesPerSecond)],
    ['bytes spared', `${sparedBytes} (the board held them)`],
  ];
  const names = Object.keys(counters) as (keyof LinkCounters)[];
  const first = (Object.keys(WORDS) as (keyof LinkCounters)[]).filter((name) => names.includes(name));
  for (const name of first) rows.push([WORDS[name]!, String(counters[name])]);
  for (const name of names) if (!first.includes(name) && counters[name] > 0) rows.push([name, String(counters[name])]);
  return rows;
}

function rateText(reached: number | undefined, possible: number | undefined): string {
  if (reached === undefined) {
    return possible === undefined ? 'no transfer of 4 KB yet' : `no transfer of 4 KB yet; possible ${kilo(possible)}`;
  }
  if (possible === undefined) return `${kilo(reached)} (no line sets a limit)`;
  return `${kilo(reached)} of ${kilo(possible)} (${((reached / possible) * 100).toFixed(0)} %)`;
}
