// The board restarts, its simulator is killed, its line is cut: the session goes on.

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openSession } from '../../host/session/open.js';
import type { Session } from '../../host/session/session.js';
import type { BytePort } from '../../protocol/byte-port.js';
import { childProcesses } from '../support/child-processes.js';
import { NEEDS, onBoards, ram } from '../support/on-boards.js';

let session: Session;
let notices: string[];
let printed: string;
/** Called with what is sent, and with what arrives. */
let onSent: (bytes: Uint8Array) => void;
let onReceived: (bytes: Uint8Array) => void;

function watched(port: BytePort): BytePort {
  return {
    name: port.name,
    write: (bytes) => {
      port.write(bytes);
      onSent(bytes);
    },
    onData: (listener) =>
      port.onData((bytes) => {
        listener(bytes);
        onReceived(bytes);
      }),
    onClose: (listener) => port.onClose(listener),
    close: () => port.close(),
    reset: () => port.reset!(),
  };
}

function killSimulator(): void {
  const pids = childProcesses('qemu-system-arm');
  expect(pids).toHaveLength(1);
  process.kill(pids[0]!, 'SIGKILL');
}

async function failure(text: string, runTimeoutMs?: number): Promise<{ code: string; message: string }> {
  try {
    await session.evaluate(text, runTimeoutMs === undefined ? {} : { runTimeoutMs });
  } catch (error) {
    return error as { code: string; message: string };
  }
  throw new Error(`this should have failed: ${text}`);
}

const value = async (text: string): Promise<string | undefined> => (await session.evaluate(text)).value;

async function open(board: string): Promise<void> {
  notices = [];
  printed = '';
  onSent = onReceived = () => undefined;
  session = await openSession({ board, wrapPort: watched });
  session.onNotice((text) => notices.push(text));
  session.onOutput((bytes) => {
    printed += Buffer.from(bytes).toString();
  });
  for (const text of [
    'int f(int a) { return a * 2; }',
    'int g(int a) { return f(a) + 1; }',
    'int n = 7; int zero[20];',
    'n += 4; zero[3] = 5;',
    'const char *text = "first"; text = "second";',
    'printf("hello %d\\n", n);',
    'int f(int a) { return a * 3; }',
  ]) {
    await session.evaluate(text);
  }
  printed = '';
}

async function expectAllThere(): Promise<void> {
  expect(await value('g(20)')).toBe('(int) 61');
  expect(await value('n + zero[3]')).toBe('(int) 16');
  expect(await value('text')).toBe('(const char *) "second"');
}

/** Resets the core: AIRCR.SYSRESETREQ. */
const RESET_CODE = '*(volatile unsigned *)0xE000ED0C = 0x05FA0004; for (;;);';

const MASKED = '{ asm("cpsid i"); puts("running"); for (;;); }';

describe('on a board with a watchdog', () => {
  beforeEach(() => open('qemu-mps2-an385'));
  afterEach(() => session.close());

  test('code that keeps interrupts off is stopped, and nothing else happens', async () => {
    const error = await failure(MASKED);
    expect(error.code).toBe('SESSION_STOPPED');
    expect(error.message).toMatch(
      /^input 8 was stopped by the watchdog: it kept interrupts off for more than half a second\n/,
    );
    expect(notices).toEqual([]);
    await expectAllThere();
  });
});

describe('on a board with a UART that code can switch off', () => {
  beforeEach(() => open('qemu-mps2-an385'));
  afterEach(() => session.close());

  test('code that does so is told, and the board reset', async () => {
    const error = await failure('*(volatile unsigned *)0x40004008 = 0;');
    expect(error.code).toBe('SESSION_CUT_SHORT');
    expect(error.message).toMatch(/^input 8 does not count: .*the board said nothing/);
    expect(notices).toHaveLength(1);
    expect(notices[0]).toMatch(/^the board no longer answered, not to BREAK or PING either: it was reset; /);
    await expectAllThere();
  });
});

onBoards(['qemu-lm3s6965evb', 'pico-sim'], [NEEDS.cortexM], ({ name: board }) => {
  beforeEach(() => open(board));
  afterEach(() => session.close());

  test('a second Ctrl-C resets a board whose code keeps interrupts off', async () => {
    onReceived = () => {
      if (!printed.includes('running')) return;
      onReceived = () => undefined;
      session.interrupt();
      session.interrupt();
    };
    const error = await failure(MASKED);
    // The board answers for the input after the reset, unless the host has given the input up before.
    // A watchdog that stops it may be quicker than the second Ctrl-C.
    if (error.code === 'SESSION_STOPPED') expect(error.message).toMatch(/^input 8 was stopped by the watchdog: /);
    else {
      expect(error.code).toMatch(/^SESSION_(?:RESTARTED|CUT_SHORT)$/);
      expect(error.message).toMatch(/^input 8 does not count: /);
    }
    await expectAllThere();
  });
});

describe('on a board without one', () => {
  beforeEach(() => open('qemu-netduinoplus2'));
  afterEach(() => session.close());

  test('code that breaks the line is told from a line that is broken, and the board reset', async () => {
    onReceived = () => {
      if (!printed.includes('running')) return;
      onReceived = () => undefined;
      session.interrupt();
    };
    expect((await failure(MASKED)).code).toBe('SESSION_CUT_SHORT');
    expect(notices).toEqual([
      "the board no longer answered, not to BREAK or PING either: it was reset; the board's memory is as it was: functions and variables are kept; peripherals are as after a reset",
    ]);
    await expectAllThere();
  });
});

describe.each([
  ['pico-sim', 1_200_000],
  ['qemu-lm3s6965evb', 2_500_000],
])('on %s, whose watchdog resets it', (board, longerMicros) => {
  beforeEach(() => open(board));
  afterEach(() => session.close());

  test('code that keeps interrupts off is ended, and variables are kept', async () => {
    const error = await failure(MASKED);
    expect(error.code).toBe('SESSION_RESTARTED');
    expect(error.message).toMatch(/by its watchdog, which code that keeps interrupts off meets,/);
    await expectAllThere();
  });

  test('code that keeps interrupts on may run longer than the watchdog waits', async () => {
    await session.evaluate('#include <barewire.h>');
    expect(await value(`auto since = micros(); while (micros() - since < ${longerMicros}); 7`)).toBe('(int) 7');
    expect(notices).toEqual([]);
  });
});

onBoards(['qemu-mps2-an385', 'qemu-lm3s6965evb'], [NEEDS.cortexM, NEEDS.qemu, ram(32)], ({ name: board }) => {
  beforeEach(() => open(board));
  afterEach(() => session.close());

  test('an input that resets the board fails; all that was before it is there', async () => {
    const error = await failure(`n = 100; ${RESET_CODE}`);
    expect(error.code).toBe('SESSION_RESTARTED');
    expect(error.message).toMatch(/^input 8 does not count: the board was reset while it ran, .*\nvariables are kept;/);
    expect(notices).toEqual([]);
    expect(await value('g(20)')).toBe('(int) 61');
    expect(printed).toBe('');
  });

  test(':reset restarts the board and keeps or restores everything', async () => {
    await session.reset();
    expect(notices).toHaveLength(1);
    expect(notices[0]).toMatch(/^the board restarted; the board's memory (?:is as it was|was lost: 7 inputs repeated)/);
    await expectAllThere();
    expect(printed).toBe('');
  });

  test('a simulator that is killed at the prompt is started again, with the session on it', async () => {
    const back = new Promise((resolve) => session.onNotice((text) => /repeated/.test(text) && resolve(text)));
    killSimulator();
    await back;
    expect(notices).toEqual([
      expect.stringMatching(new RegExp(`^${board} ended \\(.*signal SIGKILL.*\\): it is started again$`)),
      expect.stringMatching(
        new RegExp(
          `^${board} is back; the board's memory was lost: 7 inputs repeated, ready after \\d\\.\\d\\d s; what they read from hardware or a clock may differ$`,
        ),
      ),
    ]);
    await expectAllThere();
    expect(printed).toBe('');
  });

  test('a simulator that is killed in the middle of a transfer costs the input, and no more', async () => {
    let sent = 0;
    onSent = (bytes) => {
      sent += bytes.length;
      if (sent < 3000) return;
      onSent = () => undefined;
      killSimulator();
    };
    const big = `const unsigned char table[9000] = {${Array.from({ length: 9000 }, (_, i) => i & 255).join(',')}}; int at(int i) { return table[i]; }`;
    const error = await failure(big);
    expect(error.code).toBe('SESSION_CUT_SHORT');
    expect(error.message).toMatch(/^input 8 does not count: .*the line ended during a batch of .*\nType it again/);
    await expectAllThere();
    await session.evaluate(big);
    expect(await value('at(600)')).toBe('(int) 88');
  });

  test('a simulator that is killed while code runs costs the input, and no more', async () => {
    onReceived = () => {
      if (!printed.includes('running')) return;
      onReceived = () => undefined;
      killSimulator();
    };
    const error = await failure('int f(int a) { return 1; } n = 1; puts("running"); for (;;);');
    expect(error.code).toBe('SESSION_CUT_SHORT');
    await expectAllThere();
    await session.undo(1);
  });

  test('what was undone, what failed and what was stopped is so again', async () => {
    await session.evaluate('int f(int a) { return 0; }');
    await session.undo(1);
    expect((await failure('n += 1; zero[4] = 1; for (;;);', 100)).code).toBe('SESSION_STOPPED');
    expect((await failure('zero[5] = 3; __builtin_trap();')).code).toBe('SESSION_FAULT');
    await session.evaluate('n -= 1;');
    const back = new Promise((resolve) => session.onNotice((text) => /repeated/.test(text) && resolve(text)));
    killSimulator();
    await back;
    await expectAllThere();
    expect(await value('zero[4] + zero[5]')).toBe('(int) 4');
  });
});
