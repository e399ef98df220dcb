// A recorded input is linked again when a session is taken up: the linker, given the same objects in the same order,
// decides as it did. What it decides is held against what was sent then, so that nothing goes on from a wrong guess.

import { BarewireError } from '../diag/error.js';
import { readObject } from '../elf/read-object.js';
import type { StagedLink } from '../link/types.js';
import type { InputRecord } from './input-record.js';
import type { LogStep, RevisedRecord } from './log.js';
import { joinBlocks } from './plan-batch.js';
import type { NeededRevision } from './revise.js';

/** An earlier input compiled again, from its record.
 *  @throws SESSION_JOURNAL_DIVERGED when that input is not there */
export function revisionAgain(records: readonly InputRecord[], { input, object, open }: RevisedRecord): NeededRevision {
  const record = records.find((each) => each.input === input);
  if (record === undefined)
    throw diverged(`input ${input}`, 'it was compiled again later, but is not among those before');
  const name = record.fileName ?? `input ${input}`;
  return {
    revision: { object: readObject(object, name), input },
    record: record.withOpen(new Set(open)),
    bytes: object,
  };
}

/** Holds a link against what was sent when the input was typed.
 *  @throws SESSION_JOURNAL_DIVERGED */
export function checkSame(name: string, { blocks, patches }: StagedLink, steps: readonly LogStep[]): void {
  const sent = new Map<number, Uint8Array[]>();
  for (const op of steps.flatMap(({ ops }) => ops)) {
    if (op.op === 'WRITE') sent.set(op.addr, [...(sent.get(op.addr) ?? []), op.data]);
  }
  const now = [...joinBlocks(blocks), ...patches.map(({ addr, bytes }) => ({ addr, data: bytes }))];
  const other = now.find(({ addr, data }) => !sent.get(addr)?.some((each) => Buffer.compare(each, data) === 0));
  if (other === undefined) return;
  const where = `0x${other.addr.toString(16)}`;
  throw diverged(name, `${other.data.length} bytes at ${where} are not those that were sent then`);
}

function diverged(name: string, why: string): BarewireError {
  return new BarewireError(
    'SESSION_JOURNAL_DIVERGED',
    `${name} of the journal comes out otherwise than it did: ${why}.
Was barewire, or the toolchain whose libraries it uses, changed since? The inputs' texts are in the journal still.`,
    { input: name, why },
  );
}
