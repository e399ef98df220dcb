// The host is killed, and another one goes on with the session from its journal.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { MPS2_AN385 } from '../../boards/mps2-an385.js';
import { packageRoot } from '../../host/diag/package-root.js';
import { encodeRecord, parseJournal } from '../../host/session/journal-file.js';
import { latestJournal } from '../../host/session/journals.js';
import type { StartRecord } from '../../host/session/log.js';
import { openSession } from '../../host/session/open.js';
import type { Session } from '../../host/session/session.js';
import { onBoards, ram } from '../support/on-boards.js';
import { type SocketBoard, startSocketBoard } from '../support/qemu-socket.js';

let dir: string;
let board: SocketBoard;
let host: ChildProcess | undefined;
let session: Session | undefined;
const notices: string[] = [];
const journals = (): string => join(dir, 'journals');

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'barewire-test-'));
  board = startSocketBoard(MPS2_AN385, dir);
  notices.length = 0;
});
afterEach(async () => {
  host?.kill('SIGKILL');
  await session?.close();
  session = undefined;
  board.kill();
  rmSync(dir, { recursive: true, force: true });
});

/** Types inputs into a host of its own until it prints `last`, then kills it.
 *  @returns what it printed */
async function typeAndKill(inputs: readonly string[], last: string, options: readonly string[] = []): Promise<string> {
  host = spawn(process.execPath, [join(packageRoot(), 'dist/host/cli/main.js'), '--port', board.port, ...options], {
    env: { ...process.env, BAREWIRE_STATE: dir },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let printed = '';
  const seen = new Promise<void>((resolve) => {
    host!.stdout!.setEncoding('utf8').on('data', (text: string) => {
      printed += text;
      if (printed.includes(last)) resolve();
    });
  });
  host.stdin!.write(inputs.map((text) => `${text}\n`).join(''));
  await seen;
  host.kill('SIGKILL');
  await once(host, 'close');
  return printed;
}

async function resume(): Promise<Session> {
  session = await openSession({
    resume: latestJournal(journals(), {}),
    onNotice: (text) => notices.push(text),
  });
  return session;
}

const INPUTS = [
  '#include <barewire.h>',
  'int f(int a) { return a * 2; }',
  'int g(int a) { return f(a) + 1; }',
  'unsigned now = micros(); int n = 3;',
  'int f(int a) { return a * 3; }',
  'const char *text = "kept"; n += g(1); now',
  'int h() { return 1; }',
  'n',
];

test('a host that is killed leaves a session that goes on with the variables as they are on the board', async () => {
  const printed = await typeAndKill(INPUTS, '(int) 7\n');
  const [now] = /\(unsigned int\) \d+/.exec(printed)!;
  const again = await resume();
  expect(notices).toEqual([
    "the session is taken up again; the board's memory is as it was: functions and variables are kept",
  ]);
  expect((await again.evaluate('now')).value).toBe(now);
  expect((await again.evaluate('_')).value).toBe(now);
  expect((await again.evaluate('n += g(10); n')).value).toBe('(int) 38');
  expect((await again.evaluate('text')).value).toBe('(const char *) "kept"');
  // What was typed before can be typed again, and taken back.
  await again.evaluate('int f(int a) { return 0; }');
  expect((await again.evaluate('g(10)')).value).toBe('(int) 1');
  await again.undo(2);
  expect((await again.evaluate('g(10)')).value).toBe('(int) 31');
  const undone = await again.undo(7);
  expect(undone.map(({ text }) => text)).toContain('int h() { return 1; }');
  expect((await again.evaluate('g(10)')).value).toBe('(int) 31');
});

test('a host that is killed while code runs costs that input, and no more', async () => {
  await typeAndKill([...INPUTS, 'int f(int) { return 0; } n = 1; puts("running"); for (;;);'], 'running');
  const again = await resume();
  expect(notices[0]).toBe('input 9 was under way when the session was cut off: it does not count');
  expect(notices[1]).toMatch(/the board's memory is as it was/);
  expect((await again.evaluate('g(10)')).value).toBe('(int) 31');
});

const THROWING_INPUTS = [
  'int check(int a) { if (a > 2) throw a; return a; }',
  'int caught(int a) { try { return check(a); } catch (int e) { return e * 100; } }',
  'int n = caught(5);',
  'n',
];

test('with exceptions, what was typed before catches what is thrown after', async () => {
  await typeAndKill(THROWING_INPUTS, '(int) 500\n', ['--exceptions']);
  const again = await resume();
  expect(notices[0]).toMatch(/the board's memory is as it was/);
  expect((await again.evaluate('caught(7) + n')).value).toBe('(int) 1200');
  await again.evaluate('int check(int a) { throw a + 1; }');
  expect((await again.evaluate('caught(0)')).value).toBe('(int) 100');
  expect((await again.evaluate('int got = 0; try { check(8); } catch (int e) { got = e; } got')).value).toBe('(int) 9');
});

const SAFE_INPUTS = [
  'int n = 5, m = 7; int f(int a) { return a * 2; } int g(int a) { return f(a) + m; }',
  ':safe on',
  'int kept = 1;',
  ':checkpoint start',
  'int later = 1; n = 9;',
  ':rollback start',
  'int h(int a) { return g(a) + kept; }',
  'n = 6; h(n)',
];

test('safe mode and going back to a checkpoint outlive the host', async () => {
  await typeAndKill(SAFE_INPUTS, '(int) 20\n');
  const again = await resume();
  expect(notices[0]).toMatch(/the board's memory is as it was/);
  expect((await again.safe.status()).on).toBe(true);
  expect((await again.evaluate('h(n)')).value).toBe('(int) 20');
  await expect(again.evaluate('later')).rejects.toThrow("undeclared identifier 'later'");
  await expect(again.evaluate('n = 0; kept = 0; __builtin_trap();')).rejects.toThrow('faulted');
  await again.evaluate('int f(int a) { return a * 3; }');
  expect((await again.evaluate('h(n)')).value).toBe('(int) 26');
});

test('a host that is killed while code runs under :safe on leaves functions as they were', async () => {
  await typeAndKill([...SAFE_INPUTS, 'int f(int) { return 0; } puts("running"); for (;;);'], 'running');
  const again = await resume();
  expect((await again.evaluate('h(6)')).value).toBe('(int) 20');
});

test('a board that lost its memory meanwhile gets the session again', async () => {
  await typeAndKill(INPUTS, '(int) 7\n');
  board.kill();
  rmSync(join(dir, 'uart'));
  board = startSocketBoard(MPS2_AN385, dir);
  const again = await resume();
  expect(notices).toEqual([
    expect.stringMatching(
      /^the session is taken up again; the board's memory is not what it left: 8 inputs repeated, ready after \d\.\d\d s; what they read from hardware or a clock may differ$/,
    ),
  ]);
  expect((await again.evaluate('n + g(10)')).value).toBe('(int) 38');
});

test('a session that was taken up is taken up once more, with what was added, and a torn end is no hindrance', async () => {
  await typeAndKill(INPUTS, '(int) 7\n');
  const first = await resume();
  await first.evaluate('n = 100;');
  await first.undo(1);
  await first.evaluate('n = 200; int later = 5;');
  await first.close();
  session = undefined;
  appendFileSync(latestJournal(journals(), {}), encodeRecord({ t: 'commit' }).subarray(0, 11));
  const second = await resume();
  expect((await second.evaluate('n + later')).value).toBe('(int) 205');
});

onBoards(['qemu-mps2-an385', 'pico-sim'], [ram(32)], ({ name }) => {
  test('what went back to a checkpoint, and what was safe, is so again', async () => {
    const first = await openSession({ board: name, journalDir: journals() });
    for (const text of ['int n = 1;', 'int f() { return n; }']) await first.evaluate(text);
    await first.safe.on();
    await first.safe.checkpoint('a');
    for (const text of ['n = 2;', 'int g() { return f() + 1; }', 'int f() { return 5; }']) await first.evaluate(text);
    await first.safe.rollback('a');
    for (const text of ['int h() { return f() * 10; }', 'n += 6;']) await first.evaluate(text);
    const [file] = readdirSync(journals());
    const copy = join(dir, 'copy.journal');
    copyFileSync(join(journals(), file!), copy);
    await first.close();
    session = await openSession({ resume: copy, onNotice: (text) => notices.push(text) });
    expect(notices).toEqual([expect.stringMatching(/: 7 inputs repeated, ready after/)]);
    expect((await session.evaluate('n + h()')).value).toBe('(int) 77');
    expect(session.names()).not.toContain('g');
    await expect(session.evaluate('n = 9; for (;;);', { runTimeoutMs: 50 })).rejects.toMatchObject({
      code: 'SESSION_STOPPED',
    });
    expect((await session.evaluate('n')).value).toBe('(int) 7');
  });
});

describe('a journal that cannot be gone on with', () => {
  test('is that of another build', async () => {
    await typeAndKill(INPUTS, '(int) 7\n');
    const path = latestJournal(journals(), {});
    const bytes = readFileSync(path);
    const [start, ...rest] = parseJournal(bytes).records;
    const other = { ...(start as StartRecord), buildId: 'abcd' };
    writeFileSync(path, Buffer.concat([bytes.subarray(0, 8), ...[other, ...rest].map(encodeRecord)]));
    await expect(resume()).rejects.toMatchObject({
      code: 'SESSION_JOURNAL_BOARD',
      message: expect.stringMatching(
        /^the journal is of a session on qemu-mps2-an385, build abcd; this is qemu-mps2-an385, build [0-9a-f]+: the code in it does not fit\./,
      ),
    });
  });

  test('holds other code than would be linked now', async () => {
    await typeAndKill(INPUTS, '(int) 7\n');
    const path = latestJournal(journals(), {});
    const bytes = readFileSync(path);
    const records = parseJournal(bytes).records as { t: string; input?: number; object?: Uint8Array }[];
    const [old, now] = [2, 5].map((input) => records.find((each) => each.t === 'input' && each.input === input)!);
    const changed = records.map((each) => (each === old ? { ...old, object: now!.object } : each));
    writeFileSync(path, Buffer.concat([bytes.subarray(0, 8), ...changed.map(encodeRecord)]));
    await expect(resume()).rejects.toMatchObject({
      code: 'SESSION_JOURNAL_DIVERGED',
      message: expect.stringMatching(
        /^input 2 of the journal comes out otherwise than it did: \d+ bytes at 0x[0-9a-f]+ are not those that were sent then\.\nWas barewire, or the toolchain/,
      ),
    });
  });

  test('is none, is absent, or is still being written', async () => {
    expect(() => latestJournal(journals(), {})).toThrow(/^there is no session to take up again: no journal of one in /);
    expect(() => latestJournal(journals(), { board: 'pico-sim', port: 'COM3' })).toThrow(
      /^there is no session of pico-sim on COM3 to take up again/,
    );
    await expect(openSession({ resume: join(dir, 'none') })).rejects.toMatchObject({ code: 'SESSION_NO_JOURNAL' });
    writeFileSync(join(dir, 'text'), 'hello');
    await expect(openSession({ resume: join(dir, 'text') })).rejects.toMatchObject({
      code: 'SESSION_JOURNAL_DAMAGED',
      message: expect.stringMatching(/text is no journal of barewire, or damaged from its beginning on/),
    });
    const holder = typeAndKill(['1', 'for (;;);'], 'never');
    void holder;
    host!.stdout!.on('data', () => undefined);
    await once(host!.stdout!, 'data');
    const [name] = readdirSync(journals());
    await expect(openSession({ resume: join(journals(), name!) })).rejects.toMatchObject({
      code: 'SESSION_JOURNAL_BUSY',
      message: expect.stringMatching(/this session still runs, in .* \(process \d+\); end it there first$/),
    });
    expect(() => latestJournal(journals(), {})).toThrow(/^there is no session/);
  });
});

test('the newest journals are kept', async () => {
  await typeAndKill(['1'], '(int) 1');
  const [first] = readdirSync(journals()).map((name) => join(journals(), name));
  for (let i = 0; i < 12; i++) copyFileSync(first!, join(journals(), `old-${i}.journal`));
  await typeAndKill(['2'], '(int) 2');
  expect(readdirSync(journals())).toHaveLength(9);
});
