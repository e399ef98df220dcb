// Only what changed goes over the line, seen from the prompt: what is typed again, taken back and typed again, or
// comes with a library that is there; and what a board still holds from the session before.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { MPS2_AN385 } from '../../boards/mps2-an385.js';
import { openSession } from '../../host/session/open.js';
import type { Session } from '../../host/session/session.js';
import { type CutPort, cutPort } from '../support/cut-port.js';
import { type SocketBoard, startSocketBoard } from '../support/qemu-socket.js';

let dir: string;
let board: SocketBoard;
let session: Session;
let port: CutPort;

async function begin(): Promise<void> {
  session = await openSession({
    board: MPS2_AN385.name,
    port: board.port,
    wrapPort: (bare) => {
      port = cutPort(bare);
      return port;
    },
  });
}

/** Bytes on the line to the board for an input. */
async function sentFor(text: string): Promise<number> {
  const before = port.sentBytes;
  await session.evaluate(text);
  return port.sentBytes - before;
}

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'barewire-test-'));
  board = startSocketBoard(MPS2_AN385, dir);
  await begin();
});
afterEach(async () => {
  await session.close();
  board.kill();
  rmSync(dir, { recursive: true, force: true });
});

const NUMBERS = Array.from({ length: 2000 }, (_, i) => (i * 2654435761) >>> 0).join(',');
const TABLE = `unsigned entry(int i) { static const unsigned table[2000] = {${NUMBERS}}; return table[i]; }`;
const TABLE_IS_RIGHT =
  '[] { for (int i = 0; i < 2000; i++) if (entry(i) != i * 2654435761u) return false; return true; }()';
const LOOP = `int mix(int a) {
  unsigned sum = 1;
  for (int i = 0; i < a; i++) { sum = sum * 31u + i; if (sum % 7u == 3u) sum ^= 0x5bd1e995u + i * 77u; sum ^= sum >> 11; }
  return (int)(sum & 0xffffu);
}`;

test('a function that is typed again as it is costs a checksum', async () => {
  const first = await sentFor(LOOP);
  const { value } = await session.evaluate('mix(20)');
  const again = await sentFor(LOOP);
  expect(first).toBeGreaterThan(60);
  expect(again).toBeLessThan(22); // a frame with one CHECK
  expect((await session.evaluate('mix(20)')).value).toBe(value);
  // Taken back, the old one is there as it was.
  await session.undo(2);
  expect((await session.evaluate('mix(20)')).value).toBe(value);
});

test('functions that call each other are the same again only together', async () => {
  const pair = (k: number) =>
    `int odd(int n); __attribute__((noinline)) int even(int n) { return n == 0 ? 1 : odd(n - 1); }
     __attribute__((noinline)) int odd(int n) { return n == 0 ? ${k} : even(n - 1); }`;
  const first = await sentFor(pair(0));
  expect(await sentFor(pair(0))).toBeLessThan(first / 2);
  expect((await session.evaluate('even(5)')).value).toBe('(int) 0');
  await session.evaluate(pair(3));
  expect((await session.evaluate('even(5)')).value).toBe('(int) 3');
  expect((await session.evaluate('even(4)')).value).toBe('(int) 1');
});

test('code that the program has written over is mended when it is typed again', async () => {
  await session.evaluate(LOOP);
  const { value } = await session.evaluate('mix(9)');
  const addr = session.linker.addressOf('_Z3mixi')! & ~1;
  await session.link.execute([{ op: 'WRITE', addr, data: Uint8Array.of(0, 0xde) }]);
  await session.evaluate(LOOP);
  expect((await session.evaluate('mix(9)')).value).toBe(value);
});

test('a table that was taken back is not sent again', async () => {
  const first = await sentFor(TABLE);
  expect(first).toBeGreaterThan(8000);
  await session.undo();
  expect(await sentFor(TABLE)).toBeLessThan(40);
  expect((await session.evaluate(TABLE_IS_RIGHT)).value).toBe('(bool) true');
});

test('library functions that are there are not sent for the next input', async () => {
  const first = await sentFor('printf("%d\\n", 1);');
  expect(first).toBeGreaterThan(3000);
  expect(await sentFor('printf("%x\\n", 2);')).toBeLessThan(200);
});

test('another session on the same board asks what it holds, and sends what it does not', async () => {
  const first = (await sentFor('printf("%d\\n", 1);')) + (await sentFor(TABLE));
  expect(first).toBeGreaterThan(11_000);
  await session.close();
  await begin();
  const again = (await sentFor('printf("%d\\n", 1);')) + (await sentFor(TABLE));
  expect(again).toBeLessThan(first / 4);
  expect((await session.evaluate(TABLE_IS_RIGHT)).value).toBe('(bool) true');
});

test('a board whose memory was damaged is given what differs', async () => {
  await session.evaluate('printf("%d\\n", 1);');
  const first = await sentFor(TABLE);
  const addr = session.linker.addressOf('_Z5entryi')! & ~1;
  await session.link.execute([{ op: 'WRITE', addr: addr + 4000, data: Uint8Array.of(1, 2, 3, 4) }]);
  const before = port.sentBytes;
  await session.reset();
  expect(port.sentBytes - before).toBeLessThan(first / 2);
  expect((await session.evaluate(TABLE_IS_RIGHT)).value).toBe('(bool) true');
});
