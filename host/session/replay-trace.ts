// `barewire replay`: a recorded trace as text.

import { readFileSync } from 'node:fs';
import { BarewireError } from '../diag/error.js';
import { parseTrace } from '../wire/trace.js';
import { describeTrace } from '../wire/trace-report.js';

/** The lines that say what a trace holds, layer by layer.
 *  @throws CLI_TRACE_FILE when it cannot be read, WIRE_TRACE_FORMAT when it is none */
export function traceLines(path: string): string[] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw new BarewireError('CLI_TRACE_FILE', `${path}: cannot be read: ${(cause as Error).message}`, { path });
  }
  return describeTrace(parseTrace(text));
}
