import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ByteStore } from '../../host/session/byte-store.js';
import { SessionLog } from '../../host/session/log.js';
import { errorOf } from './link-support.js';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'barewire-store-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const bytesOf = (length: number, seed: number): Uint8Array =>
  Uint8Array.from({ length }, (_, index) => (index * 7 + seed) & 0xff);

describe('ByteStore', () => {
  test('gives back what was put, whole or in part, in any order', () => {
    const store = new ByteStore(join(dir, 'deep', 'er'));
    const all = [0, 1, 300, 4091, 4092, 4093, 100_000].map((length, seed) => bytesOf(length, seed));
    const handles = all.map((bytes) => store.put(bytes));
    for (const index of [6, 0, 3, 5, 1, 4, 2]) expect(store.get(handles[index]!)).toEqual(all[index]);
    expect(store.get(handles[6]!, 99_990, 10)).toEqual(all[6]!.subarray(99_990));
    expect(store.get(handles[2]!, 5, 3)).toEqual(all[2]!.subarray(5, 8));
    store.close();
  });

  test('keeps a copy: what is put may change afterwards', () => {
    const store = new ByteStore(dir);
    const bytes = bytesOf(10, 1);
    const handle = store.put(bytes);
    bytes.fill(0);
    expect(store.get(handle)).toEqual(bytesOf(10, 1));
    store.close();
  });

  test('leaves no file behind', () => {
    const store = new ByteStore(dir);
    store.put(bytesOf(10, 1));
    if (process.platform !== 'win32') expect(readdirSync(dir)).toEqual([]);
    store.close();
    expect(readdirSync(dir)).toEqual([]);
  });

  test('keeps in memory what it finds no file for', () => {
    writeFileSync(join(dir, 'file'), '');
    const store = new ByteStore(join(dir, 'file'));
    const handles = [store.put(bytesOf(5, 1)), store.put(bytesOf(6, 2))];
    expect(handles.map((handle) => store.get(handle))).toEqual([bytesOf(5, 1), bytesOf(6, 2)]);
    expect(store.get(handles[1]!, 2, 3)).toEqual(bytesOf(6, 2).subarray(2, 5));
  });

  test('says what cannot be read back', () => {
    const store = new ByteStore(dir);
    const handle = store.put(bytesOf(20, 1));
    store.close();
    const error = errorOf(() => store.get(handle, 4, 8));
    expect(error.code).toBe('SESSION_STORE_READ');
    expect(error.message).toMatch(
      /^8 bytes at 8 of the session's file in .*\.bytes cannot be read: it is closed; is the disk all right\?$/,
    );
  });
});

describe('the log of a session', () => {
  test('lies in the store, but for what is under way', () => {
    const store = new ByteStore(dir);
    const log = new SessionLog(store);
    expect([log.entries(), log.touchedBoard, log.lastSteps]).toEqual([[], false, []]);
    log.note('a copy of the variables', [{ op: 'WRITE', addr: 4, data: bytesOf(3, 1) }]);
    const written = store.sizeBytes;
    expect(written).toBeGreaterThan(0);
    log.begin({
      t: 'input',
      input: 7,
      text: '1',
      fileName: undefined,
      object: bytesOf(999, 1),
      revised: [],
      lost: [],
      oldestUndo: undefined,
    });
    log.sending(
      [
        { op: 'RUN', entry: 9 },
        { op: 'READ', addr: 4, len: 4 },
      ],
      [],
    );
    const open = {
      index: 1,
      name: 'input 7',
      t: 'input',
      steps: [{ ops: [{ op: 'RUN', entry: 9 }], status: undefined, done: 0 }],
      state: 'open',
    };
    expect(log.entries()).toEqual([
      {
        index: 0,
        name: 'a copy of the variables',
        t: 'other',
        steps: [{ ops: [{ op: 'WRITE', addr: 4, data: bytesOf(3, 1) }], status: 'OK', done: 1 }],
        state: 'done',
      },
      open,
    ]);
    log.ended('OK', 2);
    log.commit();
    const done = { ...open, steps: [{ ops: [{ op: 'RUN', entry: 9 }], status: 'OK', done: 1 }], state: 'done' };
    expect(log.entries()[1]).toEqual(done);
    expect([log.touchedBoard, log.lastSteps]).toEqual([true, done.steps]);
    // Objects are for the file of the journal.
    expect(store.sizeBytes - written).toBeLessThan(500);
  });

  test('forgets what failed before anything was sent', () => {
    const store = new ByteStore(dir);
    const log = new SessionLog(store);
    log.begin({ t: 'other', what: 'a call of main()' });
    log.failed('WIRE_TIMEOUT', []);
    expect([log.entries(), store.sizeBytes]).toEqual([[], 0]);
  });
});
