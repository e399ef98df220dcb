// Every way the link can go wrong is counted under a name; `:link` shows them.

const NAMES = [
  /** frames received whole, with the right CRC */
  'good',
  /** frames dropped because of their CRC */
  'badCrc',
  /** frames dropped as too short, too long or not COBS */
  'badLength',
  /** frames of a kind that this version does not know */
  'badKind',
  /** good frames that nothing waited for */
  'unexpected',
  /** good frames whose body has another layout */
  'malformed',
  /** frames sent, repeats included */
  'sent',
  /** batches sent again */
  'resent',
  /** answers received again, or "done before" */
  'repeated',
  /** answers that were lost and had to be inferred or asked again */
  'lost',
  /** batches the board refused because one before them was missing */
  'naks',
  /** waits that ended without an answer */
  'timeouts',
  /** PINGs sent */
  'pings',
  /** BREAKs sent */
  'breaks',
  /** sequences started anew */
  'resyncs',
  /** restarts of the board noticed */
  'restarts',
  /** requests for output that got lost on the way */
  'outputAgain',
  /** bytes of output that never arrived */
  'outputLost',
] as const;

export type CounterName = (typeof NAMES)[number];
export type LinkCounters = Readonly<Record<CounterName, number>>;

/** All counters at zero. */
export function zeroCounters(): Record<CounterName, number> {
  return Object.fromEntries(NAMES.map((name) => [name, 0])) as Record<CounterName, number>;
}
