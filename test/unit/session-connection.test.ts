// Opening a line to a board that is there and says nothing.

import { expect, test } from 'vitest';
import { Connection } from '../../host/session/connection.js';
import { addResetLine } from '../../host/wire/ports/reset-line.js';
import type { BytePort } from '../../protocol/byte-port.js';
import { VECTOR_BOARD } from '../../protocol/generate-vectors.js';
import { FakeClock } from '../support/fake-clock.js';
import { fakeSetup } from '../support/fake-line.js';

/** A board that hangs until a pulse on its reset wire ends. */
function hanging(clock: FakeClock, wired: boolean): { open(): Promise<BytePort>; lines: string[] } {
  const lines: string[] = [];
  let dead = true;
  const open = async (): Promise<BytePort> => {
    const { board, port } = fakeSetup(clock, VECTOR_BOARD);
    board.dead = dead;
    const setSignals = async ({ rts }: { readonly rts?: boolean }): Promise<void> => {
      lines.push(`${rts ? 'on' : 'off'} at ${Math.round(clock.now())} ms`);
      if (rts || !dead || !lines.some((line) => line.startsWith('on'))) return;
      dead = false;
      board.dead = false;
      board.restart();
    };
    const whole = Object.assign(Object.create(port) as BytePort, { setSignals });
    return wired ? addResetLine(whole, 'rts', clock) : whole;
  };
  return { open, lines };
}

const options = (clock: FakeClock) => () => ({ clock, helloTimeoutMs: 1000 });

test('a board that says nothing is reset by its line, and then answers', async () => {
  const clock = new FakeClock();
  const { open, lines } = hanging(clock, true);
  const line = { what: 'the board', startsBoard: false, open };
  const connection = await clock.run(Connection.open(line, options(clock)));
  expect(connection.link.hello.buildId).toBe(VECTOR_BOARD.buildId);
  expect(lines).toEqual(['off at 0 ms', 'off at 1000 ms', 'on at 1000 ms', 'off at 1100 ms']);
  await connection.close();
});

test('one without such a line is left alone', async () => {
  const clock = new FakeClock();
  const { open, lines } = hanging(clock, false);
  const opening = Connection.open({ what: 'the board', startsBoard: false, open }, options(clock));
  await expect(clock.run(opening)).rejects.toMatchObject({ code: 'WIRE_NO_ANSWER' });
  expect(lines).toEqual([]);
});
