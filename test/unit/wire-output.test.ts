// What code prints, when frames of it are lost: it arrives whole, in order, and before the value.

import { describe, expect, it } from 'vitest';
import { DeviceLink } from '../../host/wire/link.js';
import type { BytePort } from '../../protocol/byte-port.js';
import { decodeFrame, type Frame } from '../../protocol/frame.js';
import { VECTOR_BOARD } from '../../protocol/generate-vectors.js';
import type { FakeFunction } from '../support/fake-board.js';
import { FakeClock } from '../support/fake-clock.js';
import { fakeSetup } from '../support/fake-line.js';

/** A board that prints `texts` and ends, behind a line that loses the frames to the host that `lose` picks. */
async function printing(texts: readonly string[], lose: (frame: Frame, index: number) => boolean, takesMs = 0) {
  const clock = new FakeClock();
  const print: FakeFunction = (board) => {
    for (const text of texts) board.print(text);
    return { ends: 'return', value: 7, micros: 1, takesMs };
  };
  const { port, board } = fakeSetup(clock, VECTOR_BOARD, new Map([[16, print]]));
  let outputs = 0;
  const losing: BytePort = {
    ...port,
    onData: (listener) =>
      port.onData((bytes) => {
        const result = decodeFrame(bytes);
        if (result.ok && lose(result.frame, result.frame.kind === 'OUTPUT' ? outputs++ : -1)) return;
        listener(bytes);
      }),
  };
  const link = await clock.run(DeviceLink.connect(losing, { clock, firstSeq: 9 }));
  const heard: string[] = [];
  link.onOutput((bytes) => heard.push(new TextDecoder().decode(bytes)));
  const run = async () => {
    const reply = await clock.run(link.execute([{ op: 'RUN', entry: 16 }]));
    heard.push(`= ${(reply.results[0] as { value: number }).value}`);
    return heard.join('');
  };
  return { clock, link, board, run, heard };
}

const none = () => false;

describe('output', () => {
  it.each([
    ['the first frame', 0],
    ['a frame in the middle', 1],
    ['the last frame, which only the reply tells of', 2],
  ])('arrives whole and before the value when the line loses %s', async (_, lost) => {
    const { run, link } = await printing(['one\n', 'two\n', 'three\n'], (__, index) => index === lost);
    expect(await run()).toBe('one\ntwo\nthree\n= 7');
    expect(link.counters).toMatchObject({ outputLost: 0, outputAgain: 1 });
  });

  it('is asked for once more when what was sent again is lost too', async () => {
    const { run, link } = await printing(['one\n', 'two\n'], (_, index) => index === 1 || index === 2);
    expect(await run()).toBe('one\ntwo\n= 7');
    expect(link.counters).toMatchObject({ outputLost: 0, outputAgain: 2 });
  });

  it('arrives while the code runs when the board says that it has printed more', async () => {
    const { run, heard, clock } = await printing(['ready\n'], (_, index) => index === 0, 60_000);
    const running = run();
    await clock.pass(2000);
    expect(heard).toEqual(['ready\n']);
    expect(await running).toBe('ready\n= 7');
  });

  it('is given up, and counted, when the board does not have it any more', async () => {
    const { run, link } = await printing(['gone', 'here'], (frame) => frame.kind === 'OUTPUT' && frame.body[0] === 0);
    expect(await run()).toBe('= 7');
    expect(link.counters).toMatchObject({ outputLost: 8 });
    expect(await run()).toBe('= 7gonehere= 7');
  });

  it('is acknowledged every 128 bytes, and not for each frame', async () => {
    const { run, link } = await printing(Array<string>(40).fill('0123456789'), none);
    expect(await run()).toBe(`${'0123456789'.repeat(40)}= 7`);
    expect(link.counters.sent).toBe(1 + 1 + 3);
  });

  it('of an earlier session is not ours, and does not hold up the board', async () => {
    const { run, board, link, clock } = await printing(['x'], none);
    await run();
    const port = fakeSetup(clock, { ...VECTOR_BOARD, output: board.hello.output });
    port.board.print('from before');
    const second = await clock.run(DeviceLink.connect(port.port, { clock }));
    let text = '';
    second.onOutput((bytes) => {
      text += new TextDecoder().decode(bytes);
    });
    port.board.print('after');
    await clock.pass(5);
    expect(text).toBe('after');
    expect(second.counters).toMatchObject({ outputLost: 0, outputAgain: 0 });
    expect(link.counters.outputLost).toBe(0);
  });
});
