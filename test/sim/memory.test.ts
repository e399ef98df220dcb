// The memory that inputs leave behind: none, but for what is defined or still pointed to.

import { expect, test } from 'vitest';
import { openSession } from '../../host/session/open.js';
import { onBoards, ram } from '../support/on-boards.js';

onBoards(['pico-sim', 'qemu-mps2-an385'], [ram(32)], ({ name: board }) => {
  test('changing literals, assignments and expressions keep no memory', async () => {
    const session = await openSession({ board });
    try {
      await session.evaluate(
        'const char *s = 0; int n = 0; struct V { virtual int f() { return 1; } }; V *v = nullptr;',
      );
      const round = async (i: number): Promise<void> => {
        await session.evaluate(`printf("round ${i} is %d\\n", n);`);
        await session.evaluate(`s = "text ${i}";`);
        await session.evaluate('delete v; v = new V;');
        expect((await session.evaluate('v->f()')).value).toBe('(int) 1');
        expect((await session.evaluate('s')).value).toBe(`(const char *) "text ${i}"`);
      };
      for (let i = 10; i < 13; i++) await round(i);
      const used = session.linker.usage().usedBytes;
      for (let i = 13; i < 30; i++) await round(i);
      expect(session.linker.usage().usedBytes).toBe(used);
    } finally {
      await session.close();
    }
  }, 180_000);
});
