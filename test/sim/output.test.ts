// What code prints reaches the host while the code still runs, not with its reply.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { openSession } from '../../host/session/open.js';
import type { Session } from '../../host/session/session.js';
import { onBoards } from '../support/on-boards.js';

onBoards('all', [], ({ name }) => {
  let session: Session;
  let printed = '';
  let listener: () => void = () => undefined;

  /** Settles when all that was printed so far satisfies `test`. */
  function output(test: (printed: string) => boolean): Promise<void> {
    return new Promise((resolve) => {
      listener = () => {
        if (test(printed)) resolve();
      };
    });
  }

  beforeAll(async () => {
    session = await openSession({ board: name });
    session.onOutput((bytes) => {
      printed += Buffer.from(bytes).toString();
      listener();
    });
    await session.evaluate('#include <barewire.h>\n#include <cstdio>');
  });
  afterAll(() => session.close());

  test('a line is at the host before the code that printed it goes on to the next', async () => {
    printed = '';
    const events: string[] = [];
    const first = output((text) => text.includes('\n')).then(() => events.push(`printed ${printed}`));
    const end = session
      .evaluate('puts("first"); delay_ms(500); puts("second");')
      .then(() => events.push(`ended after ${printed}`));
    await Promise.all([first, end]);
    expect(events).toEqual(['printed first\n', 'ended after first\nsecond\n']);
  });

  test('a line of code that never ends is at the host, which can then stop it', async () => {
    printed = '';
    const stopped = session.evaluate('puts("waiting"); for (volatile int i = 0;; i = i + 1);').catch((error) => error);
    // The code ends for no other reason: without its output this would wait for ever.
    await output((text) => text === 'waiting\n');
    session.interrupt();
    expect((await stopped).code).toBe('SESSION_STOPPED');
    expect((await session.evaluate('1 + 1')).value).toBe('(int) 2');
  });

  test('text without a line end is at the host as soon as it is flushed', async () => {
    printed = '';
    const first = output((text) => text === 'progress: ').then(() => 'flushed');
    const end = session.evaluate('printf("progress: "); fflush(stdout); delay_ms(500); puts("done");');
    expect(await Promise.race([first, end])).toBe('flushed');
    await end;
    expect(printed).toBe('progress: done\n');
  });
});
