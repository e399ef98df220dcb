// The journal's file: records that are whole or not there.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ByteStore } from '../../host/session/byte-store.js';
import { JournalFile, parseJournal } from '../../host/session/journal-file.js';
import { type JournalRecord, readRecords, SessionLog } from '../../host/session/log.js';
import type { Op } from '../../protocol/batch.js';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'barewire-test-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const START: JournalRecord = {
  t: 'start',
  board: 'pico-sim',
  buildId: 'ab',
  arena: { addr: 0x2000_0000, len: 4096 },
  port: undefined,
  serialNumber: undefined,
  compile: undefined,
  clang: undefined,
  startedMs: 1,
};
const write = (addr: number, ...bytes: number[]): Op => ({ op: 'WRITE', addr, data: Uint8Array.from(bytes) });

function input(number: number): Extract<JournalRecord, { t: 'input' }> {
  const object = Uint8Array.of(number, 2, 3);
  return {
    t: 'input',
    input: number,
    text: `n = ${number};`,
    fileName: undefined,
    object,
    revised: [],
    lost: [],
    oldestUndo: 1,
  };
}

/** A session of one good input, one that faulted, an undo, and one under way. */
function session(path: string): readonly unknown[] {
  const file = JournalFile.create(path, 'never');
  const log = new SessionLog(new ByteStore(), file);
  log.start(START as Extract<JournalRecord, { t: 'start' }>);
  log.begin(input(1));
  log.sending(
    [{ op: 'READ', addr: 1, len: 4 }, write(8, 1), { op: 'RUN', entry: 9 }, { op: 'READ', addr: 8, len: 1 }],
    [write(8, 0)],
  );
  log.ended('OK', 4);
  log.commit({ saved: [], destroyed: [], pointers: [8], heapBytes: 16 });
  log.begin(input(2));
  log.failed('LINK_UNDEFINED', []);
  log.begin(input(3));
  log.sending([{ op: 'READ', addr: 1, len: 4 }, write(8, 2), { op: 'RUN', entry: 9 }], [write(8, 1)]);
  log.ended('FAULT', 2);
  log.sending([write(8, 1)], []);
  log.ended('OK', 1);
  log.failed('FAULT', []);
  log.begin({ t: 'undo', fromInput: 1, count: 1 });
  log.commit(undefined, [write(8, 9)]);
  log.begin(input(4));
  log.sending([write(8, 3)], [write(8, 1), write(8, 9)]);
  file.close();
  return parseJournal(readFileSync(path)).records;
}

describe('a journal', () => {
  test('tells what was done, what failed, and what was under way', () => {
    const recorded = readRecords(session(join(dir, 'a')))!;
    expect(recorded.start).toEqual(START);
    expect(recorded.entries.map(({ begin, state }) => [begin.t === 'input' ? begin.input : begin.t, state])).toEqual([
      [1, 'done'],
      [3, 'failed'],
      ['undo', 'done'],
      [4, 'open'],
    ]);
    const [first, second] = recorded.entries;
    // What only looks is not kept, and what finished counts without it.
    expect(first!.steps).toEqual([{ ops: [write(8, 1), { op: 'RUN', entry: 9 }], status: 'OK', done: 2 }]);
    expect(second!.steps.map(({ status, done }) => [status, done])).toEqual([
      ['FAULT', 1],
      ['OK', 1],
    ]);
    expect(recorded.outcomes.get(first!)).toEqual({ saved: [], destroyed: [], pointers: [8], heapBytes: 16 });
    expect(recorded.owed).toEqual([write(8, 1), write(8, 9)]);
    expect(recorded.closed).toBe(false);
  });

  test('is in the file before anything is sent', () => {
    const path = join(dir, 'a');
    const log = new SessionLog(new ByteStore(), JournalFile.create(path, 'before'));
    log.start(START as Extract<JournalRecord, { t: 'start' }>);
    log.begin(input(1));
    log.sending([write(8, 1)], []);
    expect(parseJournal(readFileSync(path)).records).toMatchObject([{ t: 'start' }, { t: 'input' }, { t: 'send' }]);
  });

  test('that is cut at any byte is good up to there', () => {
    const path = join(dir, 'a');
    const records = session(path);
    const bytes = readFileSync(path);
    const ends = new Set<number>();
    for (let cut = 0; cut <= bytes.length; cut++) {
      const parsed = parseJournal(bytes.subarray(0, cut));
      expect(parsed.goodBytes).toBeLessThanOrEqual(cut);
      expect(parsed.records).toEqual(records.slice(0, parsed.records.length));
      ends.add(parsed.goodBytes);
      const recorded = readRecords(parsed.records);
      expect(recorded === undefined).toBe(parsed.records.length === 0);
    }
    // Each record's end is one, and the magic's, and nothing at all.
    expect(ends.size).toBe(records.length + 2);
  });

  test('with a flipped bit is good up to the record it is in', () => {
    const path = join(dir, 'a');
    const records = session(path);
    const bytes = readFileSync(path);
    for (let at = 0; at < bytes.length; at++) {
      const damaged = Uint8Array.from(bytes);
      damaged[at]! ^= 1 << (at & 7);
      const parsed = parseJournal(damaged);
      expect(parsed.goodBytes).toBeLessThanOrEqual(at);
      expect(parsed.records).toEqual(records.slice(0, parsed.records.length));
    }
  });

  test('is gone on with behind its last whole record', () => {
    const path = join(dir, 'a');
    const records = session(path);
    const bytes = readFileSync(path);
    writeFileSync(path, bytes.subarray(0, bytes.length - 3));
    const { file, records: kept } = JournalFile.continue(path, 'never');
    expect(kept).toEqual(records.slice(0, -1));
    file.append([{ t: 'closed' }]);
    file.close();
    expect(parseJournal(readFileSync(path)).records).toEqual([...records.slice(0, -1), { t: 'closed' }]);
  });

  test('on a disk that is gone ends, and the session does not', () => {
    const file = JournalFile.create(join(dir, 'a'), 'never');
    file.close();
    file.append([{ t: 'closed' }]);
    expect(parseJournal(readFileSync(join(dir, 'a'))).records).toEqual([]);
    const full = JournalFile.over('/dev/full', 'never');
    full.append([{ t: 'closed' }]);
    expect(full.failure?.message).toMatch(/ENOSPC/);
    full.append([{ t: 'closed' }]);
  });
});
