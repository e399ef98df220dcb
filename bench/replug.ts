// From the moment the line to the board ends to a session that can go on: the simulator is ended, which loses its
// memory as a power cut would, and all inputs are repeated on the next one. And what the journal costs an input.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { JournalFile, type SyncPolicy } from '../host/session/journal-file.js';
import { openSession } from '../host/session/open.js';
import type { BytePort } from '../protocol/byte-port.js';
import { sample } from './latency.js';
import { figure, heading, median, ms, ratio } from './report.js';

const SIZES = [10, 100, 200, 1000];
const TIMES = 3;
const AIM_MS = 2000;
const ROUNDS = 60;
/** What a small input leaves. */
const RECORD_BYTES = 6000;
const RECORDS = 200;

function input(n: number): string {
  if (n % 3 === 0) return `v${n - 1} += f${n - 2}(2); v${n - 1}`;
  return n % 3 === 1 ? `int f${n}(int a) { return a * ${n}; }` : `int v${n} = f${n - 1}(${n});`;
}

/** Prints the time to the next prompt by the length of the session. */
async function benchReturn(board: string): Promise<void> {
  let port: BytePort | undefined;
  let openedAtMs = 0;
  const session = await openSession({
    board,
    wrapPort: (opened) => {
      openedAtMs = performance.now();
      port = opened;
      return opened;
    },
  });
  const notices: string[] = [];
  let told: () => void = () => undefined;
  session.onNotice((text) => {
    notices.push(text);
    if (/repeated/.test(text)) told();
  });
  try {
    let count = 0;
    for (const size of SIZES) {
      while (count < size) await session.evaluate(input(++count));
      const probe = (await session.evaluate(`v${count - (count % 3) - 1}`)).value;
      const totals: number[] = [];
      const repeats: number[] = [];
      for (let time = 0; time < TIMES; time++) {
        const back = new Promise<void>((resolve) => {
          told = resolve;
        });
        const startMs = performance.now();
        await port!.close();
        await back;
        totals.push(performance.now() - startMs);
        repeats.push(performance.now() - openedAtMs);
      }
      const after = (await session.evaluate(`v${count - (count % 3) - 1}`)).value;
      if (after !== probe) throw new Error(`${after} came back instead of ${probe}: ${notices.at(-1)}`);
      figure(
        `${board}, ${size} inputs`,
        ms(median(totals)),
        `of it ${ms(median(repeats))} after the line was there again`,
        size === 200 ? { text: `≤ ${AIM_MS} ms`, met: median(totals) <= AIM_MS } : undefined,
      );
    }
  } finally {
    await session.close();
  }
}

/** Prints the latency of inputs with and without a journal. */
export async function benchJournal(): Promise<void> {
  heading(`what the journal costs an input, pico-sim, median of ${ROUNDS}`);
  const dir = mkdtempSync(join(tmpdir(), 'barewire-bench-'));
  try {
    const measure = async (sync: SyncPolicy | undefined): Promise<number> => {
      const journal = sync === undefined ? {} : { journalDir: dir, journalSync: sync };
      const session = await openSession({ board: 'pico-sim', ...journal });
      try {
        for (let round = 0; round < 5; round++) await sample(session, `int w${round}(int a) { return a; }`);
        const samples: number[] = [];
        for (let round = 0; round < ROUNDS; round++) {
          samples.push((await sample(session, `int g${round}(int a) { return a + ${round}; }`)).totalMs);
        }
        return median(samples);
      } finally {
        await session.close();
      }
    };
    const records = [{ t: 'input', text: 'int f(int a) { return a; }', object: new Uint8Array(RECORD_BYTES) }];
    for (const sync of ['never', 'behind', 'before'] as const) {
      const file = JournalFile.create(join(dir, sync), sync);
      const times: number[] = [];
      for (let round = 0; round < RECORDS; round++) {
        const startMs = performance.now();
        file.append(records);
        times.push(performance.now() - startMs);
        await new Promise((resolve) => setImmediate(resolve));
      }
      file.close();
      figure(`a record of ${RECORD_BYTES} bytes, sync ${sync}`, ms(median(times)), `median of ${RECORDS}`);
    }
    const without = await measure(undefined);
    const kinds: [string, SyncPolicy][] = [
      ['written, never brought to the disk by us', 'never'],
      ['brought to the disk behind the answer (default)', 'behind'],
      ['brought to the disk before anything is sent', 'before'],
    ];
    for (const [name, sync] of kinds) {
      const time = await measure(sync);
      figure(name, ms(time), `${ms(without)} without a journal, ratio ${ratio(time / without)}`);
    }
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** Prints replug → prompt. */
export async function benchReplug(): Promise<void> {
  heading(`line gone → session there again, median of ${TIMES}`);
  for (const board of ['pico-sim', 'qemu-mps2-an385']) await benchReturn(board);
}
