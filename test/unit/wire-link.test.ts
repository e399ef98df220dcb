// The link against the model of a board, on a fake clock: the ways it can go well, and each way it can go wrong.

import { describe, expect, it } from 'vitest';
import { type ConnectOptions, DeviceLink } from '../../host/wire/link.js';
import type { Op } from '../../protocol/batch.js';
import type { BytePort } from '../../protocol/byte-port.js';
import { crc32 } from '../../protocol/crc32.js';
import { decodeFrame, encodeFrame, type Frame } from '../../protocol/frame.js';
import { VECTOR_BOARD } from '../../protocol/generate-vectors.js';
import { encodeHello, type Hello } from '../../protocol/hello.js';
import { STATUSES } from '../../protocol/messages.js';
import type { FakeFunction } from '../support/fake-board.js';
import { FakeClock } from '../support/fake-clock.js';
import { fakeSetup, GOOD_LINE, type LineFaults } from '../support/fake-line.js';

const ARENA = VECTOR_BOARD.arenaAddr;
const SILENT_LINE: LineFaults = { ...GOOD_LINE, lose: 1 };
const returns =
  (value: number, takesMs = 0): FakeFunction =>
  () => ({ ends: 'return', value, micros: 5, takesMs });

interface World {
  readonly hello?: Partial<Hello>;
  readonly functions?: Record<number, FakeFunction>;
  readonly faults?: LineFaults;
  readonly options?: ConnectOptions;
}

function world({ hello, functions = {}, faults, options }: World = {}) {
  const clock = new FakeClock();
  const rows = new Map(Object.entries(functions).map(([entry, run]) => [Number(entry), run]));
  const setup = fakeSetup(clock, { ...VECTOR_BOARD, ...hello }, rows, faults);
  return { clock, ...setup, connecting: () => clock.run(DeviceLink.connect(setup.port, { clock, ...options })) };
}

async function connected(options: World = {}) {
  const made = world(options);
  return { ...made, link: await made.connecting() };
}

const ramp = (size: number) => Uint8Array.from({ length: size }, (_, i) => (i * 31 + 7) & 0xff);

describe('the handshake', () => {
  it('gives what the board says of itself', async () => {
    const { link } = await connected();
    expect(link.hello).toEqual(VECTOR_BOARD);
  });

  it('goes on after a HELLO that was lost', async () => {
    const { clock, setFaults, connecting } = world({ faults: SILENT_LINE });
    clock.after(150, () => setFaults(GOOD_LINE));
    const link = await connecting();
    expect(link.counters.sent).toBe(3);
  });

  it('asks again as soon as a board that was starting says so', async () => {
    const { clock, board, connecting } = world();
    board.dead = true;
    clock.after(20, () => {
      board.dead = false;
      board.restart();
    });
    await connecting();
    expect(clock.now()).toBeLessThan(30);
  });

  it('gives up on a board that does not answer, and says what to try', async () => {
    const { clock, board, connecting } = world();
    board.dead = true;
    const error = await connecting().catch((e) => e);
    expect(error).toMatchObject({ code: 'WIRE_NO_ANSWER', kind: 'device', details: { waitedMs: 3000 } });
    expect(error.message).toMatch(
      /^fake board: no answer to HELLO in 3\.0 s \(sent \d+ times\): nothing came back\.\nIs the stub on the board \(barewire flash\)/,
    );
    expect(clock.pending).toBe(0);
  });

  it('says that something came back, when it was damaged', async () => {
    const { port, connecting } = world();
    const { onData } = port;
    port.onData = (listener) => onData((bytes) => listener(bytes.map((byte, at) => (at === 10 ? byte ^ 1 : byte))));
    await expect(connecting()).rejects.toThrow(/only \d+ damaged frames came back/);
  });

  it('refuses a stub with another message table, naming both hashes and the remedy', async () => {
    const { connecting } = world({ hello: { tableHash: 0x12345678 } });
    const error = await connecting().catch((e) => e);
    expect(error).toMatchObject({ code: 'WIRE_TABLE_MISMATCH', details: { boardHash: 0x12345678 } });
    expect(error.message).toMatch(
      /its message table is 0x12345678, ours is 0x[0-9a-f]{8}\.\nPut the stub.*barewire flash.*npm run firmware/,
    );
  });

  it.each([
    ['frames too short', { maxFrame: 64 }, 'frames of at most 64 bytes, where 160 to 4096 can be'],
    ['frames too long', { maxFrame: 5000 }, 'frames of at most 5000 bytes'],
    ['no window', { window: 0 }, 'a window of 0 frames'],
    ['no arena', { arenaSize: 0 }, 'an arena of 0 bytes'],
    ['an arena beyond the address space', { arenaSize: 0xffff_0000 }, 'an arena of 4294901760 bytes at 0x20001000'],
  ])('refuses limits that make no sense: %s', async (_, hello, message) => {
    const clock = new FakeClock();
    const { port } = fakeSetup(clock, VECTOR_BOARD);
    let onData: (bytes: Uint8Array) => void = () => {};
    const seq = 5;
    const body = encodeHello({ ...VECTOR_BOARD, ...hello });
    const liar = {
      ...port,
      onData: (listener: typeof onData) => {
        onData = listener;
      },
      write: () => onData(encodeFrame({ kind: 'HELLO_REPLY', seq, body })),
    };
    const error = await clock.run(DeviceLink.connect(liar, { clock, firstSeq: seq })).catch((e) => e);
    expect(error).toMatchObject({ code: 'WIRE_BAD_HELLO' });
    expect(error.message).toContain(message);
  });

  it('stops code that an earlier session left running', async () => {
    const { clock, port, board, link: first } = await connected({ functions: { 16: () => ({ ends: 'never' }) } });
    const orphan = first.execute([{ op: 'RUN', entry: 16 }]);
    await clock.pass(10);
    expect(board.runs).toEqual([16]);
    const second = await clock.run(DeviceLink.connect(port, { clock }));
    expect(second.counters.breaks).toBe(1);
    const reply = await clock.run(second.execute([{ op: 'READ', addr: ARENA, len: 1 }]));
    expect(reply.status).toBe('OK');
    orphan.catch(() => {});
  });

  it('says so when that code cannot be stopped', async () => {
    const { clock, port, link: first } = await connected({ functions: { 16: () => ({ ends: 'never' }) } });
    first.execute([{ op: 'RUN', entry: 16 }]).catch(() => {});
    await clock.pass(10);
    const write = port.write.bind(port);
    port.write = (bytes) => write(bytes.length > 8 ? bytes.subarray(9) : bytes); // swallows every BREAK
    const deaf = { ...port, write: (bytes: Uint8Array) => (bytes[2] === 4 ? undefined : write(bytes)) };
    const error = await clock.run(DeviceLink.connect(deaf, { clock })).catch((e) => e);
    expect(error).toMatchObject({ code: 'WIRE_STILL_RUNNING' });
    expect(error.message).toMatch(/code that this session did not start and \d+ BREAKs in 3\.0 s did not stop it/);
  });
});

describe('execute', () => {
  it('sends a small list as one frame and gets one back', async () => {
    const { clock, link } = await connected({ functions: { [ARENA + 1]: returns(42) } });
    const { sent, good } = link.counters;
    const data = Uint8Array.of(1, 2, 3, 4);
    const reply = await clock.run(
      link.execute([
        { op: 'WRITE', addr: ARENA, data },
        { op: 'CHECK', addr: ARENA, len: 4, crc: crc32(data) },
        { op: 'RUN', entry: ARENA + 1 },
        { op: 'READ', addr: ARENA, len: 4 },
      ]),
    );
    expect(reply).toEqual({
      status: 'OK',
      done: 4,
      results: [{ op: 'WRITE' }, { op: 'CHECK' }, { op: 'RUN', value: 42, micros: 5 }, { op: 'READ', data }],
      failure: {},
    });
    expect(link.counters.sent - sent).toBe(1);
    expect(link.counters.good - good).toBe(1);
  });

  it('does nothing for an empty list', async () => {
    const { clock, link } = await connected();
    const { sent } = link.counters;
    expect(await clock.run(link.execute([]))).toEqual({ status: 'OK', done: 0, results: [], failure: {} });
    expect(link.counters.sent).toBe(sent);
  });

  it('cuts what does not fit a frame and joins the answers', async () => {
    const { clock, link, board } = await connected();
    const data = ramp(3000);
    const reply = await clock.run(
      link.execute([
        { op: 'WRITE', addr: ARENA + 3, data },
        { op: 'CRC', addr: ARENA + 3, len: 3000 },
        { op: 'READ', addr: ARENA + 3, len: 3000 },
      ]),
    );
    expect(reply.results).toEqual([{ op: 'WRITE' }, { op: 'CRC', crc: crc32(data) }, { op: 'READ', data }]);
    expect(board.memory.subarray(3, 3003)).toEqual(data);
  });

  it('keeps the window full', async () => {
    const { clock, link, setFaults } = await connected({ hello: { window: 4 } });
    setFaults({ ...GOOD_LINE, delayMs: 0 });
    const { sent } = link.counters;
    const work = link.execute([{ op: 'WRITE', addr: ARENA, data: ramp(2000) }]);
    expect(link.counters.sent - sent).toBe(4);
    expect((await clock.run(work)).status).toBe('OK');
  });

  it('answers calls in the order they were made', async () => {
    const { clock, link } = await connected();
    const write = link.execute([{ op: 'WRITE', addr: ARENA, data: Uint8Array.of(9) }]);
    const read = link.execute([{ op: 'READ', addr: ARENA, len: 1 }]);
    expect((await clock.run(read)).results).toEqual([{ op: 'READ', data: Uint8Array.of(9) }]);
    expect((await write).status).toBe('OK');
  });

  it('ends a long list where the board says it failed', async () => {
    const { clock, link, board } = await connected();
    const big: Op = { op: 'WRITE', addr: ARENA, data: ramp(600) };
    const reply = await clock.run(
      link.execute([
        big,
        { op: 'CHECK', addr: ARENA, len: 600, crc: 1 },
        { op: 'WRITE', addr: ARENA + 700, data: ramp(600) },
      ]),
    );
    expect(reply).toEqual({
      status: 'MISMATCH',
      done: 1,
      results: [{ op: 'WRITE' }],
      failure: { crc: crc32(ramp(600)) },
    });
    expect(board.memory[1299]).toBe(0);
    expect((await clock.run(link.execute([{ op: 'READ', addr: ARENA, len: 1 }]))).status).toBe('OK');
  });

  it('sends nothing and sets no timer when nobody asks for anything', async () => {
    const { clock, link } = await connected();
    const { sent } = link.counters;
    await clock.pass(3_600_000);
    expect(clock.pending).toBe(0);
    expect(link.counters.sent).toBe(sent);
  });
});

describe('code that runs', () => {
  const longer = { functions: { 16: returns(1, 60_000), 32: (() => ({ ends: 'never' })) as FakeFunction } };

  it('may run as long as it likes while the board answers', async () => {
    const { clock, link } = await connected(longer);
    const reply = await clock.run(link.execute([{ op: 'RUN', entry: 16 }]));
    expect(reply.results).toEqual([{ op: 'RUN', value: 1, micros: 5 }]);
    expect(link.counters.pings).toBeGreaterThan(10);
    expect(link.counters.resent).toBe(0);
  });

  it('is stopped by break()', async () => {
    const { clock, link } = await connected(longer);
    const work = link.execute([{ op: 'RUN', entry: 32 }]);
    await clock.pass(50);
    link.break();
    expect(await clock.run(work)).toMatchObject({ status: 'BROKEN', done: 0 });
  });

  it('is stopped although the first BREAKs are lost', async () => {
    const { clock, link, setFaults } = await connected(longer);
    const work = link.execute([{ op: 'RUN', entry: 32 }]);
    await clock.pass(5000);
    setFaults(SILENT_LINE);
    link.break();
    await clock.pass(10);
    setFaults(GOOD_LINE);
    expect(await clock.run(work)).toMatchObject({ status: 'BROKEN' });
    expect(link.counters.breaks).toBe(2);
  });

  it('is stopped when its time is over', async () => {
    const { clock, link } = await connected(longer);
    const before = clock.now();
    const reply = await clock.run(link.execute([{ op: 'RUN', entry: 32 }], { runTimeoutMs: 2500 }));
    expect(reply.status).toBe('BROKEN');
    expect(clock.now() - before).toBeGreaterThanOrEqual(2500);
    expect(clock.now() - before).toBeLessThan(2600);
  });

  it('is not stopped by a time limit it keeps, nor is what comes after', async () => {
    const { clock, link } = await connected({ functions: { 16: returns(1, 100) } });
    const ops: Op[] = [
      { op: 'RUN', entry: 16 },
      { op: 'READ', addr: ARENA, len: 2000 },
      { op: 'RUN', entry: 16 },
    ];
    const reply = await clock.run(link.execute(ops, { runTimeoutMs: 150 }));
    expect(reply.status).toBe('OK');
    expect(clock.pending).toBe(0);
  });

  it('break() without a run does nothing', async () => {
    const { clock, link } = await connected();
    link.break();
    const work = link.execute([{ op: 'READ', addr: ARENA, len: 1 }]);
    link.break();
    expect((await clock.run(work)).status).toBe('OK');
    expect(link.counters.breaks).toBe(0);
  });

  it('that cannot be stopped is given up, in words', async () => {
    const { clock, link, board } = await connected(longer);
    const receive = board.receive.bind(board);
    board.receive = (bytes) => (bytes[1] === 4 || bytes[2] === 4 ? undefined : receive(bytes));
    const work = link.execute([{ op: 'RUN', entry: 32 }]);
    await clock.pass(50);
    link.break();
    const error = await clock.run(work).catch((e) => e);
    expect(error).toMatchObject({ code: 'WIRE_BREAK_IGNORED' });
    expect(error.message).toMatch(/10 BREAKs in \d+\.\d s did not stop the running code, though the board answers/);
  });

  it('shows its output while it runs, in order, and asks again for what was lost', async () => {
    const print: FakeFunction = (board) => {
      board.print('one ');
      board.print('two');
      return { ends: 'return', value: 0, micros: 1, takesMs: 10 };
    };
    const { clock, link, board } = await connected({ functions: { 16: print } });
    let text = '';
    link.onOutput((bytes) => {
      text += new TextDecoder().decode(bytes);
    });
    await clock.run(link.execute([{ op: 'RUN', entry: 16 }]));
    expect(text).toBe('one two');
    board.dead = true;
    board.print('lost');
    board.dead = false;
    await clock.run(link.execute([{ op: 'RUN', entry: 16 }]));
    expect(text).toBe('one twolostone two');
    expect(link.counters).toMatchObject({ outputLost: 0, outputAgain: 1 });
  });

  it('is never run twice when its answer is lost', async () => {
    const { clock, link, board, setFaults } = await connected({ functions: { 16: returns(7) } });
    setFaults(SILENT_LINE);
    const work = link.execute([{ op: 'RUN', entry: 16 }]);
    await clock.pass(1);
    setFaults(GOOD_LINE);
    expect((await clock.run(work)).status).toBe('OK');
    expect(board.runs).toEqual([16]);
    const send = board.receive.bind(board);
    board.receive = (bytes) => {
      setFaults(SILENT_LINE); // the next answer is lost
      send(bytes);
      setFaults(GOOD_LINE);
      board.receive = send;
    };
    const again = await clock.run(link.execute([{ op: 'RUN', entry: 16 }]));
    expect(again.results).toEqual([{ op: 'RUN', value: 7, micros: 5 }]);
    expect(board.runs).toEqual([16, 16]);
    expect(link.counters.resent).toBeGreaterThan(0);
  });
});

describe('an answer that is lost among others', () => {
  /** A link on which the first answer that `lose` picks never arrives. */
  async function losing(
    lose: (reply: Frame) => boolean,
    functions: Record<number, FakeFunction> = {},
    options: ConnectOptions = {},
  ) {
    const made = world({ hello: { window: 4 }, functions, options });
    const { onData } = made.port;
    let lost = false;
    made.port.onData = (listener) =>
      onData((bytes) => {
        const result = decodeFrame(bytes);
        if (!lost && result.ok && result.frame.kind === 'BATCH_REPLY' && lose(result.frame)) lost = true;
        else listener(bytes);
      });
    return { ...made, link: await made.connecting(), wasLost: () => lost };
  }

  it('is inferred for WRITEs', async () => {
    const { clock, link, wasLost, board } = await losing(() => true);
    const data = ramp(900);
    expect((await clock.run(link.execute([{ op: 'WRITE', addr: ARENA, data }]))).status).toBe('OK');
    expect(wasLost()).toBe(true);
    expect(board.memory.subarray(0, 900)).toEqual(data);
    expect(link.counters).toMatchObject({ lost: 1, resent: 0 });
  });

  it('is asked again for READs', async () => {
    const { clock, link, wasLost } = await losing((reply) => reply.body.length > 200);
    const data = ramp(900);
    await clock.run(link.execute([{ op: 'WRITE', addr: ARENA, data }]));
    const reply = await clock.run(link.execute([{ op: 'READ', addr: ARENA, len: 900 }]));
    expect(wasLost()).toBe(true);
    expect(reply.results).toEqual([{ op: 'READ', data }]);
  });

  it('makes room for the next call when it may not be asked for again', async () => {
    const { clock, link, wasLost } = await losing((reply) => reply.body.length > 200, {}, { sends: 1 });
    const read: Op[] = [{ op: 'READ', addr: ARENA, len: 900 }];
    const first = link.execute(read).catch((error) => error.code);
    const second = link.execute(read);
    expect(await clock.run(first)).toBe('WIRE_UNRELIABLE');
    expect(wasLost()).toBe(true);
    expect((await clock.run(second)).status).toBe('OK');
  });

  it('is found out by doing it again when it failed and aborted what followed', async () => {
    const { clock, link, wasLost } = await losing((reply) => reply.body[2] === STATUSES.MISMATCH.code);
    const ops: Op[] = [
      { op: 'WRITE', addr: ARENA, data: ramp(240) },
      { op: 'CHECK', addr: ARENA, len: 240, crc: 1 },
      { op: 'WRITE', addr: ARENA + 300, data: ramp(700) },
    ];
    const reply = await clock.run(link.execute(ops));
    expect(wasLost()).toBe(true);
    expect(reply).toEqual({
      status: 'MISMATCH',
      done: 1,
      results: [{ op: 'WRITE' }],
      failure: { crc: crc32(ramp(240)) },
    });
  });

  it('is had again for a RUN, since nothing is sent after it', async () => {
    const { clock, link, board, wasLost } = await losing((reply) => reply.body.includes(77), { 16: returns(77) });
    const reply = await clock.run(
      link.execute([
        { op: 'RUN', entry: 16 },
        { op: 'READ', addr: ARENA, len: 900 },
      ]),
    );
    expect(wasLost()).toBe(true);
    expect(reply.results[0]).toEqual({ op: 'RUN', value: 77, micros: 5 });
    expect(board.runs).toEqual([16]);
  });
});

describe('a link that fails', () => {
  it('gives up in bounded time on a board that has gone silent', async () => {
    const { clock, link, board } = await connected();
    board.dead = true;
    const before = clock.now();
    const error = await clock.run(link.execute([{ op: 'READ', addr: ARENA, len: 4 }])).catch((e) => e);
    expect(error).toMatchObject({ code: 'WIRE_TIMEOUT', details: { tries: 6, waitedFor: 'a batch of READ' } });
    expect(error.message).toMatch(
      /waited \d+\.\d s for a batch of READ, asked 6 times, and the board said nothing\.\nIs it/,
    );
    expect(clock.now() - before).toBeLessThan(15_000);
    expect(clock.pending).toBe(0);
  });

  it('works again when the board does', async () => {
    const { clock, link, board } = await connected();
    board.dead = true;
    await clock.run(link.execute([{ op: 'READ', addr: ARENA, len: 4 }])).catch(() => {});
    board.dead = false;
    expect((await clock.run(link.execute([{ op: 'READ', addr: ARENA, len: 4 }]))).status).toBe('OK');
    expect(link.counters.resyncs).toBe(1);
  });

  it('gives up on a frame that never gets through although the board answers', async () => {
    const { clock, link, board } = await connected();
    const receive = board.receive.bind(board);
    board.receive = (bytes) => receive(bytes.map((byte, i) => (i === 12 ? byte ^ 1 : byte)));
    const error = await clock.run(link.execute([{ op: 'WRITE', addr: ARENA, data: ramp(50) }])).catch((e) => e);
    expect(error).toMatchObject({ code: 'WIRE_UNRELIABLE', details: { sends: 50, lost: 'batch' } });
    expect(error.message).toMatch(
      /batch \d+ \(59 bytes\) was sent 50 times and never got through, though the board answers \(it counts \d+ frames with a wrong CRC/,
    );
  });

  it('says that the batch is done when only its answer never comes', async () => {
    const made = world({ functions: { 16: returns(5) } });
    const { onData } = made.port;
    made.port.onData = (listener) =>
      onData((bytes) => {
        const result = decodeFrame(bytes);
        if (!result.ok || result.frame.kind !== 'BATCH_REPLY') listener(bytes);
      });
    const { clock, board } = made;
    const link = await made.connecting();
    const error = await clock.run(link.execute([{ op: 'RUN', entry: 16 }])).catch((e) => e);
    expect(error).toMatchObject({ code: 'WIRE_UNRELIABLE', details: { sends: 50, lost: 'answer' } });
    expect(error.message).toMatch(
      /the board has done batch \d+ \(\d+ bytes\), but its answer was asked for 50 times and never came whole \(it counts .*\)\.\nIts effects stand, its results are lost\.\nBytes are lost/,
    );
    expect(board.runs).toEqual([16]);
  });

  it('cuts what is too long for the line: nothing is done twice, nothing is left out', async () => {
    const { clock, link, board } = await connected({ functions: { 16: returns(5) } });
    const receive = board.receive.bind(board);
    board.receive = (bytes) => receive(bytes.map((byte, i) => (i === 100 ? byte ^ 1 : byte)));
    const ops: Op[] = [
      { op: 'WRITE', addr: ARENA, data: ramp(700) },
      { op: 'RUN', entry: 16 },
      { op: 'READ', addr: ARENA, len: 300 },
    ];
    const reply = await clock.run(link.execute(ops));
    expect(reply.results).toEqual([
      { op: 'WRITE' },
      { op: 'RUN', value: 5, micros: 5 },
      { op: 'READ', data: ramp(700).subarray(0, 300) },
    ]);
    expect(board.memory.subarray(0, 700)).toEqual(ramp(700));
    expect(board.runs).toEqual([16]);
  });

  it('asks in parts for what is too long an answer for the line', async () => {
    const clock = new FakeClock();
    const { port, board } = fakeSetup(clock, VECTOR_BOARD);
    const losing: BytePort = {
      ...port,
      onData: (listener) => port.onData((bytes) => listener(bytes.length > 120 ? Uint8Array.of(9, 0) : bytes)),
    };
    const link = await clock.run(DeviceLink.connect(losing, { clock }));
    board.memory.set(ramp(700));
    const reply = await clock.run(link.execute([{ op: 'READ', addr: ARENA, len: 700 }]));
    expect(reply.results).toEqual([{ op: 'READ', data: ramp(700) }]);
  });

  it('goes on when it withdraws a frame and the answer to the one behind it is lost', async () => {
    const clock = new FakeClock();
    const { port, board } = fakeSetup(clock, VECTOR_BOARD);
    const receive = board.receive.bind(board);
    board.receive = (bytes) => receive(bytes.map((byte, i) => (i === 100 ? byte ^ 1 : byte)));
    let lost = 0;
    const losing: BytePort = {
      ...port,
      onData: (listener) =>
        port.onData((bytes) => {
          const result = decodeFrame(bytes);
          if (result.ok && result.frame.body[2] === STATUSES.ABORTED.code) lost++;
          else listener(bytes);
        }),
    };
    const link = await clock.run(DeviceLink.connect(losing, { clock }));
    const ops: Op[] = [
      { op: 'WRITE', addr: ARENA, data: ramp(120) },
      { op: 'READ', addr: ARENA + 500, len: 350 },
    ];
    const reply = await clock.run(link.execute(ops));
    expect(lost).toBeGreaterThan(0);
    expect(reply.results).toEqual([{ op: 'WRITE' }, { op: 'READ', data: new Uint8Array(350) }]);
    expect(board.memory.subarray(0, 120)).toEqual(ramp(120));
  });

  it('notices a restart: the work fails, the listener hears, the next work greets anew', async () => {
    const { clock, link, board } = await connected({ functions: { 16: () => ({ ends: 'never' }) } });
    const restarts: Hello[] = [];
    link.onRestart((hello) => restarts.push(hello));
    const work = link.execute([{ op: 'RUN', entry: 16 }]);
    clock.after(3000, () => board.restart());
    const error = await clock.run(work).catch((e) => e);
    expect(error).toMatchObject({ code: 'WIRE_RESTARTED' });
    expect(error.message).toMatch(/the board restarted during a run of your code\.\nA watchdog/);
    expect(restarts).toEqual([VECTOR_BOARD]);
    expect((await clock.run(link.execute([{ op: 'READ', addr: ARENA, len: 4 }]))).status).toBe('OK');
  });

  it.each([0x51, 255])(
    'notices a restart it did not hear of (sequence at %d), and nothing is done',
    async (firstSeq) => {
      const { clock, link, board, setFaults } = await connected({ options: { firstSeq } });
      setFaults(SILENT_LINE);
      board.restart();
      await clock.pass(1);
      setFaults(GOOD_LINE);
      const error = await clock.run(link.execute([{ op: 'WRITE', addr: ARENA, data: ramp(4) }])).catch((e) => e);
      expect(error).toMatchObject({ code: 'WIRE_RESTARTED' });
      expect(board.memory.subarray(0, 4)).toEqual(new Uint8Array(4));
      expect((await clock.run(link.execute([{ op: 'READ', addr: ARENA, len: 4 }]))).status).toBe('OK');
    },
  );

  it('takes a restart for one, whether the board told of it, was asked, or both', async () => {
    const { clock, link, board } = await connected();
    const bootIds: number[] = [];
    link.onRestart((hello) => bootIds.push(hello.bootId));
    Object.assign(board.hello, { bootId: 1 });
    board.restart();
    await clock.pass(1);
    expect((await clock.run(link.execute([]))).status).toBe('OK');
    Object.assign(board.hello, { bootId: 2 });
    board.dead = true;
    board.restart();
    board.dead = false;
    const asked = () => clock.run(link.execute([{ op: 'READ', addr: ARENA, len: 4 }]));
    await expect(asked()).rejects.toMatchObject({ code: 'WIRE_RESTARTED' });
    expect((await asked()).status).toBe('OK');
    expect(bootIds).toEqual([1, 2]);
    expect(link.hello.bootId).toBe(2);
  });

  it('restarts the board on request, and says so when that is not heard', async () => {
    const { clock, link, board } = await connected({ functions: { 16: () => ({ ends: 'never' }) } });
    const restarts: Hello[] = [];
    link.onRestart((hello) => restarts.push(hello));
    const work = link.execute([{ op: 'RUN', entry: 16 }]).catch((error) => error);
    await clock.pass(10);
    expect(await clock.run(link.reset())).toEqual(VECTOR_BOARD);
    expect(await work).toMatchObject({ code: 'WIRE_RESTARTED' });
    expect(restarts).toEqual([VECTOR_BOARD]);
    board.dead = true;
    const begun = clock.now();
    const error = await clock.run(link.reset()).catch((each) => each);
    expect(error).toMatchObject({ code: 'WIRE_RESET_IGNORED' });
    expect(error.message).toMatch(
      /^fake board: RESET was sent twice in 1\.0 s, and the board did not say that it has restarted\.\n.*press the reset/,
    );
    expect(clock.now() - begun).toBe(1000);
    await link.close();
    await expect(link.reset()).rejects.toMatchObject({ code: 'WIRE_CLOSED' });
  });

  it('rejects what is pending when the port ends, with the cause', async () => {
    const { clock, link, port, board } = await connected();
    board.dead = true;
    const causes: (Error | undefined)[] = [];
    link.onClose((cause) => causes.push(cause));
    const work = link.execute([{ op: 'READ', addr: ARENA, len: 4 }]);
    const cause = new Error('cable pulled');
    clock.after(5, () => port.breakOff(cause));
    const error = await clock.run(work).catch((e) => e);
    expect(error).toMatchObject({ code: 'WIRE_CLOSED', cause });
    expect(error.message).toMatch(/the line ended during a batch of READ: cable pulled\.\nWhat the board holds/);
    expect(causes).toEqual([cause]);
    await expect(link.execute([])).rejects.toMatchObject({ code: 'WIRE_CLOSED' });
    expect(clock.pending).toBe(0);
  });

  it('says what it makes of an answer that makes no sense', async () => {
    const { clock, port, connecting } = world();
    const link = await connecting();
    port.write = () => {};
    const work = link.execute([{ op: 'READ', addr: ARENA, len: 4 }]);
    const seqs = Array.from({ length: 256 }, (_, seq) => seq);
    const junk = Buffer.concat(
      seqs.map((seq) => encodeFrame({ kind: 'BATCH_REPLY', seq, body: Uint8Array.of(0, 0, 99, 0) })),
    );
    clock.after(1, () => injectInto(link, junk));
    const error = await clock.run(work).catch((e) => e);
    expect(error).toMatchObject({ code: 'WIRE_MALFORMED_REPLY' });
    expect(error.message).toContain('came whole but makes no sense: no status has code 99');
  });
});

/** Bytes as if the port had received them. */
function injectInto(link: DeviceLink, bytes: Uint8Array): void {
  (link as unknown as { onBytes(bytes: Uint8Array): void }).onBytes(bytes);
}
