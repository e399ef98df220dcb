// The link over modelled lines, on a fake clock, against the natively compiled core of the stub: how much of the line an
// upload gets, what was sent again, and whether anything was done wrong. Prints the matrix and writes it to docs/link.md.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../host/diag/package-root.js';
import { DeviceLink } from '../host/wire/link.js';
import { modelLine, PERFECT_LINE } from '../host/wire/model-line.js';
import { seededRandom } from '../host/wire/random.js';
import { crc32 } from '../protocol/crc32.js';
import {
  buildNativeBoard,
  NATIVE_ARENA,
  NativeBoard,
  type NativeProgram,
  nativeChain,
  nativeEntry,
} from '../test/stub/native-board.js';
import { FakeClock } from '../test/support/fake-clock.js';
import { heading, median } from './report.js';

const UPLOAD_BYTES = 32_768;
const BAUDS = [115_200, 921_600];
const LATENCIES_MS = [0, 1, 4, 16];
const NOISE = [
  { ber: 0, loss: 0 },
  { ber: 0, loss: 0.01 },
  { ber: 1e-6, loss: 0 },
  { ber: 1e-5, loss: 0 },
  { ber: 1e-4, loss: 0 },
  { ber: 1e-3, loss: 0 },
  { ber: 1e-5, loss: 0.01 },
];
/** Uploads of a cell; on a clean line one is like the other. */
const UPLOADS = 12;

interface Cell {
  readonly baud: number;
  readonly latencyMs: number;
  readonly ber: number;
  readonly loss: number;
  /** Time the line needs for the bytes alone, over the time taken: the mean of all uploads. */
  readonly share: number;
  /** Batches sent again, for each upload. */
  readonly resent: number;
  readonly wrong: number;
}

/** Uploads into a board just started, each checked by CRC and followed by a run. */
async function measure(program: NativeProgram, line: Pick<Cell, 'baud' | 'latencyMs' | 'ber' | 'loss'>): Promise<Cell> {
  const { baud, latencyMs, ber, loss } = line;
  const clock = new FakeClock();
  const board = new NativeBoard(program, clock);
  const random = seededRandom(7);
  try {
    const port = modelLine(board.port, { ...PERFECT_LINE, baud, toHostMs: latencyMs, ber, loss, seed: 11 }, clock);
    const link = await clock.run(DeviceLink.connect(port, { clock, firstSeq: 1, helloTimeoutMs: 60_000 }));
    let chain = 0;
    let wrong = 0;
    const times: number[] = [];
    const resentBefore = link.counters.resent;
    for (let upload = 0; upload < UPLOADS; upload++) {
      const data = Uint8Array.from({ length: UPLOAD_BYTES }, () => Math.floor(random() * 256));
      const addr = NATIVE_ARENA.addr;
      const begin = clock.now();
      await clock.run(link.execute([{ op: 'WRITE', addr, data }]), 3_600_000);
      times.push(clock.now() - begin);
      const { n, entry } = nativeEntry('return', upload);
      chain = nativeChain(chain, n);
      const check = [
        { op: 'CHECK' as const, addr, len: UPLOAD_BYTES, crc: crc32(data) },
        { op: 'RUN' as const, entry },
      ];
      const { status, results } = await clock.run(link.execute(check), 3_600_000);
      const run = results[1];
      if (status !== 'OK' || run?.op !== 'RUN' || run.value !== chain) wrong++;
    }
    const idealMs = (UPLOAD_BYTES * 10_000) / baud;
    const mean = times.reduce((sum, ms) => sum + ms, 0) / times.length;
    return { ...line, share: idealMs / mean, resent: (link.counters.resent - resentBefore) / UPLOADS, wrong };
  } finally {
    board.end();
  }
}

/** The line's time that one small input takes beyond its bytes: one frame out, one back. */
async function smallInput(program: NativeProgram, baud: number, latencyMs: number): Promise<number> {
  const clock = new FakeClock();
  const board = new NativeBoard(program, clock);
  try {
    const port = modelLine(board.port, { ...PERFECT_LINE, baud, toHostMs: latencyMs }, clock);
    const link = await clock.run(DeviceLink.connect(port, { clock, firstSeq: 1 }));
    const times: number[] = [];
    for (let i = 0; i < 5; i++) {
      const begin = clock.now();
      await clock.run(link.execute([{ op: 'RUN', entry: nativeEntry('return', i).entry }]));
      times.push(clock.now() - begin);
    }
    return median(times);
  } finally {
    board.end();
  }
}

const percent = (share: number) => `${(share * 100).toFixed(1)} %`;
const rateName = (value: number) =>
  value === 0 ? '0' : value === 0.01 ? '1 %' : value.toExponential(0).replace('+', '');

function aimOf({ ber, loss }: Cell): number | undefined {
  if (ber === 0 && loss === 0) return 0.94;
  return ber === 0 && loss === 0.01 ? 0.8 : undefined;
}

function row(cell: Cell): string[] {
  const { baud, latencyMs, ber, loss, share, resent, wrong } = cell;
  const aim = aimOf(cell);
  const verdict = aim === undefined ? '' : `≥ ${(aim * 100).toFixed(0)} %: ${share >= aim ? 'met' : 'MISSED'}`;
  const noise = [rateName(ber), rateName(loss)];
  return [String(baud), `${latencyMs} ms`, ...noise, percent(share), resent.toFixed(1), String(wrong), verdict];
}

const HEAD = ['baud', 'latency', 'bit errors', 'frames lost', 'of the line', 'sent again', 'wrong', 'aim'];
const START = '<!-- matrix: start (npm run bench -- link) -->';
const END = '<!-- matrix: end -->';

/** Prints the matrix and writes it to docs/link.md. */
export async function benchLink(): Promise<void> {
  heading(`Uploads of ${UPLOAD_BYTES} bytes over a modelled line, native core, fake clock; mean of ${UPLOADS}`);
  const program = buildNativeBoard(false);
  const rows: string[][] = [];
  try {
    console.log(`  ${HEAD.map((name) => name.padEnd(12)).join('')}`);
    for (const { ber, loss } of NOISE) {
      for (const baud of BAUDS) {
        for (const latencyMs of LATENCIES_MS) {
          const cells = row(await measure(program, { baud, latencyMs, ber, loss }));
          rows.push(cells);
          console.log(`  ${cells.map((text) => text.padEnd(12)).join('')}`);
        }
      }
    }
    for (const baud of BAUDS) {
      const times: string[] = [];
      for (const ms of LATENCIES_MS) times.push(`${(await smallInput(program, baud, ms)).toFixed(1)} ms at ${ms} ms`);
      console.log(`  one small input at ${baud}: ${times.join(', ')}`);
    }
  } finally {
    program.remove();
  }
  const path = join(packageRoot(), 'docs', 'link.md');
  const text = readFileSync(path, 'utf8');
  const table = [HEAD, HEAD.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
  const [start, end] = [text.indexOf(START), text.indexOf(END)];
  if (start < 0 || end < start) throw new Error(`docs/link.md lacks the markers ${START} … ${END}`);
  writeFileSync(path, `${text.slice(0, start + START.length)}\n\n${table}\n\n${text.slice(end)}`);
}
