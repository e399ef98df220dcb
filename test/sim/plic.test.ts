// Interrupts of the user's that come through the PLIC: claimed, handled, completed, on both RISC-V boards. What asks for
// them is a peripheral that the stub does not use: the clock's alarm on `virt` (QEMU's hw/rtc/goldfish_rtc.c), the
// second UART, ready to transmit, on the FE310 (FE310-G000 manual, 18).

import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openSession } from '../../host/session/open.js';
import type { Session } from '../../host/session/session.js';

const SOURCES: Readonly<Record<string, { readonly line: number; readonly source: string }>> = {
  'qemu-virt-rv32': {
    line: 11,
    source: `
constexpr bw::Register<> alarm_low{0x101008}, alarm_high{0x10100C}, alarm_on{0x101010}, cleared{0x10101C};
void request() { alarm_on.write(1); alarm_high.write(0); alarm_low.write(1); }
void acknowledge() { cleared.write(1); }
`,
  },
  'qemu-sifive-e': {
    line: 4,
    source: `
constexpr bw::Register<> transmit{0x10023008}, asks{0x10023010};
void request() { transmit.write(1u << 16 | 1); asks.write(1); }
void acknowledge() { asks.write(0); }
`,
  },
};

describe.each(Object.entries(SOURCES))('a source of the PLIC on %s', (board, { line, source }) => {
  let session: Session;
  const value = async (text: string): Promise<string | undefined> => (await session.evaluate(text)).value;
  const failure = (text: string): Promise<{ code: string; message: string }> =>
    session.evaluate(text).then(
      () => expect.fail('it did not fail'),
      (error) => error,
    );

  beforeAll(async () => {
    session = await openSession({ board });
    await session.evaluate('#include <barewire.h>');
    await session.evaluate(`${source}volatile unsigned handled;`);
    await session.evaluate('void on_source() { acknowledge(); handled = handled + 1; }');
    await session.evaluate(
      'bool reaches(unsigned n) { for (unsigned from = micros(); handled != n;) if (micros() - from > 2000000) return false; return true; }',
    );
  });
  beforeEach(async () => {
    await session.evaluate(`handled = 0; bw::on_irq(${line}, on_source);`);
  });
  afterAll(() => session?.close());

  test('is handled once for each time that it asks', async () => {
    const asking = 'bool all = true; for (unsigned n = 1; n <= 200; n++) { request(); all = all && reaches(n); }';
    await session.evaluate(asking);
    expect(await value('all && handled == 200')).toBe('(bool) true');
  });

  test('is handled by the function typed again from then on', async () => {
    await session.evaluate('void on_source() { acknowledge(); handled = handled + 1000; }');
    expect(await value('request(); reaches(1000)')).toBe('(bool) true');
    await session.undo(2);
    expect(await value('request(); reaches(1001)')).toBe('(bool) true');
  });

  test('that is kept out waits until it is let in', async () => {
    await session.evaluate(`bw::on_irq(${line}, nullptr); request(); delay_ms(2);`);
    expect(await value('handled')).toMatch(/ 0$/);
    expect(await value(`bw::on_irq(${line}, on_source); reaches(1)`)).toBe('(bool) true');
  });

  test('with a handler that faults is told, and handled again after the restart', async () => {
    const error = await failure(`bw::on_irq(${line}, [] { acknowledge(); __builtin_trap(); }); request(); for (;;);`);
    expect(error.code).toBe('SESSION_FAULT');
    expect(error.message).toContain(`\nin the handler of interrupt ${line}`);
    expect(await value(`bw::on_irq(${line}, on_source); request(); reaches(1)`)).toBe('(bool) true');
  });

  test('with a handler that does not return is ended by Ctrl-C', async () => {
    await session.evaluate('extern "C" void bw_output(const char *, unsigned long);');
    const within = new Promise<void>((resolve) => {
      session.onOutput((bytes) => Buffer.from(bytes).includes('within') && resolve());
    });
    const endless = `bw::on_irq(${line}, [] { acknowledge(); bw_output("within", 6); for (;;); }); request(); for (;;);`;
    const running = failure(endless);
    await within;
    session.interrupt();
    expect((await running).code).toBe('SESSION_STOPPED');
    expect(await value(`bw::on_irq(${line}, on_source); request(); reaches(1)`)).toBe('(bool) true');
  });
});
