// Interrupt handlers of the user's on every board: bw::on_irq, the handler typed again, undone, at fault, in a loop.

import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { openSession } from '../../host/session/open.js';
import type { Session } from '../../host/session/session.js';
import { timerSource } from '../support/board-timers.js';
import { NEEDS, onBoards } from '../support/on-boards.js';

/** A core of each class. */
const USUAL = ['pico-sim', 'qemu-mps2-an385', 'qemu-microbit', 'qemu-mps2-an505', 'qemu-virt-rv32', 'wasm'];

/** The handler asks for the next interrupt: if one were lost, there would be no more. */
const COUNTING = `
volatile unsigned armed, handled, wrong;
void next(unsigned us) { armed = armed + 1; arm(us); }
`;

const handler = (version: number): string => `
void on_timer() {
  disarm();
  const unsigned was = version;
  version = ${version};
  if (was > ${version}) wrong = wrong + 1;
  handled = handled + 1;
  next(300);
}`;

/** Waits on the board until so many (more) were handled. */
const WAIT = `
bool reaches(unsigned count) {
  for (const unsigned start = micros(); handled < count;) if (micros() - start > 5000000) return false;
  return handled == count;
}
bool more(unsigned count) {
  const unsigned from = handled, start = micros();
  while (handled - from < count) if (micros() - start > 5000000) return false;
  return true;
}
`;

onBoards(USUAL, [NEEDS.interrupts], (board) => {
  // A handler there is a function that running code calls: it ends like any other, and no restart is needed to get out of
  // it, unless nobody waits for an answer.
  const handlersAreCalls = board.arch === 'wasm32';
  let session: Session;
  const notices: string[] = [];
  let noticed = (): void => undefined;
  const value = async (text: string): Promise<string | undefined> => (await session.evaluate(text)).value;

  const onNotice = (text: string): void => {
    notices.push(text);
    noticed();
  };

  beforeAll(async () => {
    session = await openSession({ board: board.name, onNotice });
    await session.evaluate('#include <barewire.h>');
    await session.evaluate(timerSource(board));
    await session.evaluate(`${COUNTING}volatile unsigned version;`);
    await session.evaluate(WAIT);
  });
  beforeEach(async () => {
    notices.length = 0;
    await session.evaluate('armed = handled = wrong = version = 0;');
  });
  afterAll(() => session?.close());

  test('a function handles the interrupt, and one typed again from the next interrupt on, without one being lost', async () => {
    await session.evaluate(handler(1));
    await session.evaluate('bw::on_irq(LINE, on_timer); next(300);');
    expect(await value('more(3)')).toBe('(bool) true');
    for (let version = 2; version <= 12; version++) {
      await session.evaluate(handler(version));
      expect(await value(`more(2) && version == ${version}`)).toBe('(bool) true');
    }
    expect(await value('bw::on_irq(LINE, nullptr); disarm(); armed - handled <= 1 && wrong == 0')).toBe('(bool) true');
  });

  test('a fault in a handler between inputs is told when it happens', async () => {
    await session.evaluate('int kept_still = 7;');
    // Long after the input that installs it has ended.
    await session.evaluate('void late() {\n  disarm(); if (++handled < 8) return arm(60000);\n  __builtin_trap();\n}');
    const told = new Promise<void>((resolve) => {
      noticed = resolve;
    });
    await session.evaluate('bw::on_irq(LINE, late); arm(500000);');
    await told;
    expect(notices[0]).toMatch(
      /^the board restarted; the board's memory is as it was: functions and variables are kept/,
    );
    expect(notices[0]).toMatch(
      /\na handler faulted: .*\n(?:likely: .*\n)?at input_\d+:3:3 in late\(\)\n {4}3 \| {3}__builtin_trap\(\);/,
    );
    expect(notices[0]).toMatch(/\nin the handler of /);
    expect(await value('kept_still')).toBe('(int) 7');
  });

  test('a lambda handles it until something else does', async () => {
    expect(await value('bw::on_irq(LINE, [] { disarm(); handled = handled + 100; }); raise(); reaches(100)')).toBe(
      '(bool) true',
    );
    await session.evaluate('const char *a = "what is kept only while something points there";');
    expect(await value('raise(); reaches(200)')).toBe('(bool) true');
  });

  test('an input that is taken back leaves the handler that was there before', async () => {
    await session.evaluate('void first() { disarm(); handled = handled + 1; }');
    await session.evaluate('bw::on_irq(LINE, first);');
    await session.evaluate('void second() { disarm(); handled = handled + 10; }');
    await session.evaluate('bw::on_irq(LINE, second);');
    expect(await value('raise(); reaches(10)')).toBe('(bool) true');
    await session.undo(3);
    expect(await value('raise(); reaches(11)')).toBe('(bool) true');
    await session.evaluate('void first() { disarm(); handled = handled + 100; }');
    await session.undo(1);
    expect(await value('raise(); reaches(12)')).toBe('(bool) true');
    // A handler that goes with what is taken back, though the input that installed it names no interrupt.
    await session.evaluate('void install(void (*f)()) { bw::on_irq(LINE, f); }');
    await session.evaluate('void third() { disarm(); handled = handled + 1000; }');
    await session.evaluate('install(third);');
    await session.undo(2);
    expect(await value('raise(); delay_ms(3); handled == 12')).toBe('(bool) true');
    await session.evaluate('disarm(); bw::on_irq(LINE, nullptr);');
  });

  test('an input that fails leaves the handler that was there before', async () => {
    await session.evaluate('void kept() { disarm(); handled = handled + 1; }');
    await session.evaluate('bw::on_irq(LINE, kept);');
    const failing = 'bw::on_irq(LINE, [] { disarm(); handled = handled + 50; }); __builtin_trap();';
    await expect(session.evaluate(failing)).rejects.toMatchObject({ code: 'SESSION_FAULT' });
    expect(await value('raise(); reaches(1)')).toBe('(bool) true');
  });

  test('going back to a checkpoint gives the handler of that moment', async () => {
    await session.evaluate('void kept() { disarm(); handled = handled + 1; }');
    await session.evaluate('bw::on_irq(LINE, kept);');
    await session.safe.checkpoint('here');
    await session.evaluate('void other() { disarm(); handled = handled + 7; }');
    await session.evaluate('bw::on_irq(LINE, other);');
    expect(await value('raise(); reaches(7)')).toBe('(bool) true');
    await session.safe.rollback('here');
    expect(await value('disarm(); handled = 0; raise(); reaches(1)')).toBe('(bool) true');
  });

  test('Ctrl-C ends a handler that does not return, and variables are kept', async () => {
    await session.evaluate('int kept_number = 5; extern "C" void bw_output(const char *, unsigned long);');
    await session.evaluate('void endless() { disarm(); bw_output("within", 6); for (;;); }');
    const within = new Promise<void>((resolve) => {
      session.onOutput((bytes) => Buffer.from(bytes).includes('within') && resolve());
    });
    const running = session.evaluate('bw::on_irq(LINE, endless); raise(); for (;;);').catch((cause) => cause);
    // The code ends for no other reason: without its output this would wait for ever.
    await within;
    session.interrupt();
    const error = await running;
    expect(error.code).toBe('SESSION_STOPPED');
    if (handlersAreCalls) expect(error.message).toMatch(/^input \d+ was stopped\nat input_\d+:1:\d+ in endless\(\)\n/);
    else expect(error.message).toContain('variables are kept; peripherals are as after a reset');
    expect(await value('kept_number')).toBe('(int) 5');
  });

  test('a fault in a handler is told with its line, and variables are kept', async () => {
    await session.evaluate('int kept_too = 6;');
    await session.evaluate('void bad() {\n  disarm();\n  __builtin_trap();\n}');
    const error = await session.evaluate('bw::on_irq(LINE, bad); raise(); for (;;);').catch((cause) => cause);
    expect(error.code).toBe('SESSION_FAULT');
    expect(error.message).toMatch(/\nat input_\d+:3:3 in bad\(?\)?\n {4}3 \| {3}__builtin_trap\(\);/);
    expect(error.message).toMatch(/\nin the handler of /);
    expect(error.message.includes('\nvariables are kept; peripherals are as after a reset')).toBe(!handlersAreCalls);
    expect(await value('kept_too')).toBe('(int) 6');
    // The handlers are there again when they are installed again.
    await session.evaluate('void bad() { disarm(); handled = handled + 1; }');
    expect(await value('bw::on_irq(LINE, bad); raise(); reaches(1)')).toBe('(bool) true');
  });

  test('a number that does not exist is an error of the compiler, or of the run', async () => {
    const last = board.interrupts!.lines[1];
    const constant = await session.evaluate(`bw::on_irq(${last + 1}, nullptr);`).catch((cause) => cause);
    expect(constant.code).toBe('COMPILE_FAILED');
    expect(constant.details.diagnostics[0].message).toMatch(
      new RegExp(`^there is no such interrupt: ${board.name} has \\d to ${last}`),
    );
    await session.evaluate(`volatile int number = ${last + 1};`);
    const atRun = await session.evaluate('bw::on_irq(number, nullptr);').catch((cause) => cause);
    expect(atRun.code).toBe('SESSION_NO_INTERRUPT');
    expect(atRun.message).toMatch(
      new RegExp(
        `^input \\d+ faulted: there is no interrupt ${last + 1}: ${board.name} has \\d to ${last}[^\n]*\nat input_\\d+:1`,
      ),
    );
    if (board.interrupts!.stub.length === 0) return;
    const stubs = await session.evaluate(`bw::on_irq(${board.interrupts!.stub[0]}, nullptr);`).catch((cause) => cause);
    expect(stubs.details.diagnostics[0].message).toBe(
      "not this interrupt: it is the stub's own, which hears the host by it",
    );
  });
});
