// barewire inside of firmware that knows nothing of it but three functions and a call: examples/firmware, on QEMU.

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MPS2_AN385 } from '../../boards/mps2-an385.js';
import { MPS2_AN386 } from '../../boards/mps2-an386.js';
import { MPS2_AN505 } from '../../boards/mps2-an505.js';
import { startSimulator } from '../../boards/sim/index.js';
import { LIBRARY_LIMIT, readSizes } from '../../firmware-stub/tools/sizes.js';
import { readCompileCommands } from '../../host/cli/compile-commands.js';
import { packageRoot } from '../../host/diag/package-root.js';
import type { Line } from '../../host/session/connection.js';
import { type OpenOptions, openSession } from '../../host/session/open.js';
import type { Session } from '../../host/session/session.js';
import type { BytePort } from '../../protocol/byte-port.js';
import { type OvenChanges, ovenBuilds } from '../support/oven.js';

/** The oven on the AN505: secure addresses, and interrupts above 32. */
const ON_AN505: NonNullable<OvenChanges['edits']> = {
  'mps2-an385.ld': (text) => text.replace('0x00000000', '0x10000000').replace('0x20000000', '0x38000000'),
  'src/mps2.h': (text) =>
    text
      .replace('0x40004000u', '0x50200000u')
      .replace('0x40005000u', '0x50201000u')
      .replace('0x40000000u', '0x50000000u')
      .replace('0x40028000u', '0x50302000u')
      .replace('25000000u', '20000000u')
      .replace('0xE000E100u', '0xE000E104u')
      .replace('TIMER0_IRQ = 8, INTERRUPTS = 9', 'TIMER0_IRQ = -29, INTERRUPTS = 36'),
  'src/startup.c': (text) => text.replace(/\[16 \+ (?=UART|TIMER)/g, '[48 + '),
  'src/heater.c': (text) =>
    text.replace('NVIC_ENABLE = 1u << TIMER0_IRQ', '*(volatile uint32_t *)0xE000E100u = 1u << (TIMER0_IRQ + 32)'),
};

const oven = ovenBuilds();
const elf = oven.build('oven');
afterAll(() => oven.remove());

const onQemu = (image: string): Line => ({
  what: 'the oven',
  open: () => startSimulator(MPS2_AN385, image),
  startsBoard: true,
});
const attach = (more: Partial<OpenOptions> = {}): Promise<Session> => openSession({ elf, line: onQemu(elf), ...more });
const failure = (promise: Promise<unknown>): Promise<Error & { code: string }> =>
  promise.then(
    () => {
      throw new Error('it did not fail');
    },
    (error: Error & { code: string }) => error,
  );

describe('names without headers', () => {
  let session: Session;
  const shown = async (text: string): Promise<string | undefined> => (await session.evaluate(text)).value;
  beforeAll(async () => {
    session = await attach();
  });
  afterAll(() => session?.close());

  test('a global, a static, a static of a namespace and one of C are read with their types', async () => {
    expect(await shown('blinks')).toMatch(/^\(int\) \d+$/);
    expect(await shown('rounds')).toMatch(/^\(unsigned long\) \d+$/);
    expect(await shown('sched::tasks[2].name')).toBe('(const char *) "blink"');
    expect(await shown('model.room')).toBe('(long) 21000');
    expect(await shown('oven::State::Holding')).toBe('(oven::State) oven::State::Holding');
  });

  test('a struct comes whole, private members, nested classes and bit-fields included', async () => {
    expect(await shown('controller')).toMatch(
      /^\(oven::Controller\) \{settings_ = \{target = 180\.0, tolerance = 2\.0, hold_ms = 60000, limit = 260\.0\}, pid_ = \{gains = \{p = 30\.0, i = 2\.0, d = 5\.0\}, .*state_ = oven::State::\w+, /,
    );
    expect(await shown('event_log.entries_[1]')).toMatch(
      /^\(LogEntry &?\) |^\(LogEntry\) \{at_ms = \d+, event = Event::TargetSet, value = 180\}$/,
    );
    expect(await shown('service_uart.statistics_.lost')).toBe('(unsigned long) 0');
    expect(await shown('heater_sample{12, 3, true, 5}')).toMatch(
      /^\(heater_sample\) \{raw = 12, number = 3, saturated = true, channel = 5\}$/,
    );
  });

  test('variables are changed, and the firmware goes by the new value', async () => {
    await session.evaluate(
      'int opened() { int n = 0; for (auto &entry : event_log.entries_) n += entry.event == Event::DoorOpened; return n; }',
    );
    const before = await shown('opened()');
    await session.evaluate('heater_door_open = true;');
    while ((await shown('opened()')) === before);
    expect(await shown('heater_door_open = false')).toBe('(bool) false');
  });

  test('functions and member functions are called', async () => {
    expect(await shown('oven::name_of(oven::State::Cooling)')).toBe('(const char *) "cooling"');
    expect(await shown('controller.start(150.f); controller.settings_.target')).toBe('(float) 150.0');
    expect(await shown('clock_millis() > 0')).toBe('(bool) true');
  });

  test('a function of C is found though its header does not say that it is', async () => {
    await session.evaluate('uint32_t clock_micros(void);');
    expect(await shown('clock_micros() - clock_micros() != 1')).toBe('(bool) true');
  });

  test('code that was typed calls the firmware, and prints at the prompt though the firmware has a C library', async () => {
    let printed = '';
    session.onOutput((bytes) => {
      printed += Buffer.from(bytes).toString();
    });
    await session.evaluate('void tell() { for (int i = 0; i < 2; i++) printf("%s ", sched::tasks[i].name); }');
    await session.evaluate('tell();');
    expect(printed).toBe('control report ');
  });

  test('there is one heap: what libraries take from it is what the firmware gives', async () => {
    await session.evaluate('extern "C" char end[]; std::string text("longer than what fits into the object");');
    expect(await shown('text += text; text.data() >= end && (uint8_t *)text.data() < startup_c::top')).toBe(
      '(bool) true',
    );
  });

  test('a string that a variable of the firmware points to stays', async () => {
    await session.evaluate('sched::tasks[3].name = "my door";');
    for (let i = 0; i < 3; i++) await session.evaluate(`printf("another string, number ${i}\\n");`);
    expect(await shown('sched::tasks[3].name')).toBe('(const char *) "my door"');
  });

  test('statics of one name are told apart by their files', async () => {
    const error = await failure(session.evaluate('SIZE'));
    expect(error.message).toContain("use of undeclared identifier 'SIZE'");
    expect(await shown('heater_c::power')).toMatch(/^\(int\) \d+$/);
    expect(await shown('report_cpp::reports')).toMatch(/^\(int\) \d+$/);
  });

  test('what the linker left out of the firmware is told as such', async () => {
    const error = await failure(session.evaluate('heater_power()'));
    expect(error.message).toContain('heater_power is in the sources of the firmware and not in its ELF');
  });

  test('interrupts and tasks go on between two inputs', async () => {
    const before = Number((await shown('ticks'))!.replace(/\D+/, ''));
    const runs = Number((await shown('sched::tasks[0].runs'))!.replace(/\D+/, ''));
    await session.evaluate('unsigned ticks_seen() { return ticks; }');
    while (Number((await shown('sched::tasks[0].runs'))!.replace(/\D+/, '')) < runs + 3);
    expect(Number((await shown('ticks'))!.replace(/\D+/, ''))).toBeGreaterThan(before);
  });

  test('a fault in a function of the firmware is told with its name and line, and firmware and session live on', async () => {
    const error = await failure(session.evaluate('pid_step(*(Pid *)0xf0000000, 1, 1)'));
    expect(error.code).toBe('SESSION_FAULT');
    expect(error.message).toMatch(/faulted: read of \d bytes? at 0xf0000\w+, where no memory is/);
    expect(error.message).toMatch(/pid_step\(Pid&, float, float\) +pid\.cpp:\d+/);
    const rounds = await shown('rounds');
    expect(await shown('rounds')).not.toBe(rounds);
  });
});

describe('endless recursion', () => {
  test('meets the guard below the stack, and hits neither what was typed nor the firmware', async () => {
    const session = await attach();
    try {
      await session.evaluate('int kept = 7;');
      await session.evaluate(
        'int deep(int n) { volatile char a[20]; a[0] = n; return n == 0 ? 0 : (deep(n - 1) ^ a[0]) * 3 + 1; }',
      );
      const error = await failure(session.evaluate('deep(100000)'));
      expect(error.message).toMatch(/faulted: stack overflow in `deep\(int\)`/);
      expect(error.message).toContain('likely: endless recursion');
      expect((await session.evaluate('kept')).value).toBe('(int) 7');
      const rounds = (await session.evaluate('rounds')).value;
      expect((await session.evaluate('rounds')).value).not.toBe(rounds);
    } finally {
      await session.close();
    }
  });
});

describe('redefinition', () => {
  let session: Session;
  const notices: string[] = [];
  const shown = async (text: string): Promise<string | undefined> => (await session.evaluate(text)).value;
  beforeAll(async () => {
    session = await attach({ onNotice: (text) => notices.push(text) });
  });
  afterAll(() => session?.close());

  test('callers that were typed call the new function; that the firmware calls the old one is said', async () => {
    await session.evaluate('const char *word() { return oven::name_of(oven::State::Idle); }');
    expect(await shown('word()')).toBe('(const char *) "idle"');
    await session.evaluate('namespace oven { const char *name_of(State) { return "mine"; } }');
    expect(await shown('word()')).toBe('(const char *) "mine"');
    expect(notices.at(-1)).toBe(
      "oven::name_of(oven::State) is in the firmware too: what you typed, and type from now on, calls the new one; the firmware's own code goes on calling the old one",
    );
    await session.undo(2);
    expect(await shown('word()')).toBe('(const char *) "idle"');
  });

  test('a function of C is redefined under its own symbol', async () => {
    await session.evaluate('void warm(int p) { heater_set_power(p); }');
    await session.evaluate('int asked; void heater_set_power(int p) { asked = p; }');
    expect(await shown('warm(7); asked')).toBe('(int) 7');
    expect(notices.at(-1)).toContain('heater_set_power is in the firmware too');
  });

  test("a task of the firmware's scheduler is replaced while it runs", async () => {
    await session.evaluate('volatile int mine; void blink_task() { mine = mine + 1; }');
    expect(notices.at(-1)).toMatch(
      /^blink_task\(\) is in the firmware too: .*\nsched::tasks\[2\]\.run still points to the old one/,
    );
    const old = await shown('sched::tasks[2].run');
    await session.evaluate(
      'auto before = sched::tasks[2].run; sched::tasks[2].period_ms = 5; sched::tasks[2].run = blink_task;',
    );
    while ((await shown('mine > 3')) !== '(bool) true');
    await session.evaluate('sched::tasks[2].run = before;');
    expect(await shown('sched::tasks[2].run')).toBe(old);
  });
});

describe('with the headers of the project', () => {
  test('they have the first word, and what they leave out comes from debug information', async () => {
    const session = await attach({ compile: { extra: readCompileCommands(oven.compileCommands) } });
    try {
      const shown = async (text: string): Promise<string | undefined> => (await session.evaluate(text)).value;
      await session.evaluate('#include "controller.hpp"');
      expect(await shown('controller.settings().hold_ms')).toBe('(unsigned long) 60000');
      expect(await shown('controller.state_ == oven::State::Fault')).toBe('(bool) false');
      expect(await shown('oven::transitions')).toMatch(/^\(int\) \d+$/);
      // Types that were made up give way to a header that comes later.
      expect(await shown('sched::tasks[0].period_ms')).toBe('(unsigned long) 10');
      await session.evaluate('#include "scheduler.hpp"');
      expect(await shown('sched::find("door")->period_ms')).toBe('(unsigned long) 50');
      expect(await shown('sched::tasks[3].name')).toBe('(const char *) "door"');
    } finally {
      await session.close();
    }
  });
});

describe('code that does not return', () => {
  test('is stopped by Ctrl-C from the receive interrupt, with its place, and the firmware goes on', async () => {
    const session = await attach();
    try {
      const running = failure(session.evaluate('printf("on\\n"); volatile int n = 0; for (;;) n = n + 1;'));
      await new Promise<void>((resolve) => session.onOutput(() => resolve()));
      session.interrupt();
      const error = await running;
      expect(error.code).toBe('SESSION_STOPPED');
      expect(error.message).toContain('at input_1:1');
      expect((await session.evaluate('blinks >= 0')).value).toBe('(bool) true');
    } finally {
      await session.close();
    }
  });
});

describe('where it is called from, and on what', () => {
  const check = async (image: string, board = MPS2_AN385): Promise<void> => {
    const line: Line = { what: 'the oven', open: () => startSimulator(board, image), startsBoard: true };
    const session = await openSession({ elf: image, line });
    try {
      const shown = async (text: string): Promise<string | undefined> => (await session.evaluate(text)).value;
      await session.evaluate('float half(float a) { return a / 2; }');
      expect(await shown('half(controller.settings_.target)')).toBe('(float) 90.0');
      const fault = await failure(session.evaluate('pid_step(*(Pid *)0xf0000000, half(1), 1)'));
      expect(fault.message).toMatch(/faulted: read of \d bytes? at 0xf0000\w+/);
      expect(fault.message).toMatch(/pid_step\(Pid&, float, float\) +pid\.cpp:\d+/);
      const exit = await failure(session.evaluate('exit(3);'));
      expect(exit.message).toBe('the program called exit(3)');
      const rounds = await shown('rounds');
      expect(await shown('rounds')).not.toBe(rounds);
    } finally {
      await session.close();
    }
  };

  test('the receive interrupt alone: code runs there, and is left when it faults', async () => {
    const edits = { 'src/main.cpp': (text: string) => text.replace('    barewire_poll();\n', '') };
    await check(oven.build('interrupt', { edits }));
  });

  test('a loop on the process stack, as the threads of an RTOS are', async () => {
    const switched = `static unsigned long long stack[256];
  __asm__ volatile("msr psp, %0; msr control, %1; isb" ::"r"(stack + 256), "r"(2));
  for (;;) {`;
    const edits = { 'src/main.cpp': (text: string) => text.replace('for (;;) {', switched) };
    await check(oven.build('thread', { edits }));
  });

  test('Armv6-M has another instruction set, and one fault for all', async () => {
    await check(oven.build('m0', { machine: '-mcpu=cortex-m0 -mthumb' }));
  });

  test('Armv8-M has a stack limit, and lazy saving of registers that must not be left pending', async () => {
    const machine = '-mcpu=cortex-m33 -mthumb -mfloat-abi=hard -mfpu=fpv5-sp-d16';
    await check(oven.build('m33', { machine, edits: ON_AN505 }), MPS2_AN505);
  });

  test('a floating-point unit has registers of its own, in frames too', async () => {
    const machine = '-mcpu=cortex-m4 -mthumb -mfloat-abi=hard -mfpu=fpv4-sp-d16';
    await check(oven.build('m4', { machine }), MPS2_AN386);
  });
});

describe('the command', () => {
  const barewire = (
    args: readonly string[],
    input: string,
  ): { status: number | null; stdout: string; stderr: string } =>
    spawnSync(process.execPath, [join(packageRoot(), 'dist/host/cli/main.js'), ...args], {
      input,
      encoding: 'utf8',
      timeout: 45_000,
    });

  test('starts the firmware on a simulated board, and answers as the prompt does', () => {
    const args = ['attach', '--elf', elf, '--board', 'qemu-mps2-an385', '--compile-commands', oven.compileCommands];
    const { status, stdout } = barewire(args, '#include "controller.hpp"\ncontroller.settings().limit\n:board\n');
    expect(stdout).toMatch(/^\(float\) 260\.0\n/);
    expect(stdout).toContain('oven.elf, your firmware');
    expect(stdout).toMatch(/firmware +\S+oven\.elf, build [0-9a-f]{40}/);
    expect(status).toBe(0);
  });

  test('says what it lacks', () => {
    const { status, stderr } = barewire(['attach', '--elf', elf], '');
    expect(stderr).toContain('where is the board that runs it? --port PATH, or --board NAME');
    expect(status).toBe(2);
  });
});

describe('firmware that does not fit', () => {
  test('a board that comes back with another build is not written to', async () => {
    const other = oven.build('newer', { edits: { 'src/main.cpp': (text) => text.replace('start(180)', 'start(90)') } });
    const images = [elf, other];
    const ports: BytePort[] = [];
    const open = async (): Promise<BytePort> => {
      ports.push(await startSimulator(MPS2_AN385, images.shift() ?? other));
      return ports.at(-1)!;
    };
    const notices: string[] = [];
    const session = await openSession({
      elf,
      line: { what: 'the oven', open, startsBoard: false },
      reconnectMs: 10_000,
      onNotice: (text) => notices.push(text),
    });
    try {
      await session.evaluate('int kept = 4;');
      await ports[0]!.close();
      const error = await failure(session.evaluate('kept'));
      expect([error.message, ...notices].join('\n')).toMatch(/oven\.elf is not what the board runs: it is build/);
    } finally {
      await session.close();
    }
  });

  test('without attach the user is told of it', async () => {
    const error = await failure(openSession({ port: 'the oven', line: onQemu(elf) }));
    expect(error.code).toBe('SESSION_UNKNOWN_BUILD');
    expect(error.message).toContain('say which, with `barewire attach --elf FILE`');
  });

  test('a restart of the firmware is noticed, and the session is put back', async () => {
    const session = await attach();
    try {
      await session.evaluate('int triple(int a) { return a * 3; }');
      await session.reset();
      expect((await session.evaluate('triple(14)')).value).toBe('(int) 42');
    } finally {
      await session.close();
    }
  });

  test('another build is refused with both ids', async () => {
    // Longer, so that the id stands elsewhere.
    const longer = (text: string): string =>
      text.replace('start(180);', 'start(180); event_log.add(Event::Started, 2);');
    const other = oven.build('other', { edits: { 'src/main.cpp': longer } });
    const error = await failure(openSession({ elf, line: onQemu(other) }));
    expect(error.code).toBe('SESSION_WRONG_ELF');
    expect(error.message).toMatch(
      /^oven\.elf is not what the board runs: it is build [0-9a-f]{40}, the board runs build [0-9a-f]{40}\.\nFlash that firmware/,
    );
  });

  test('without a build id all code is compared', async () => {
    const edits = { 'CMakeLists.txt': (text: string) => text.replace('-Wl,--build-id', '') };
    const without = oven.build('without-id', { edits });
    const session = await openSession({ elf: without, line: onQemu(without) });
    expect((await session.evaluate('blinks >= 0')).value).toBe('(bool) true');
    await session.close();
    const changed = { ...edits, 'src/main.cpp': (text: string) => text.replace('start(180)', 'start(170)') };
    const other = oven.build('changed', { edits: changed });
    const error = await failure(openSession({ elf: without, line: onQemu(other) }));
    expect(error.code).toBe('SESSION_WRONG_ELF');
    expect(error.message).toMatch(
      /^without-id\.elf is not what the board runs: its \.text is not what the board has there/,
    );
  });

  test('a file that is no firmware with barewire in it is refused before anything is sent', async () => {
    const without = oven.build('without', { bare: true });
    const error = await failure(openSession({ elf: without, line: onQemu(elf) }));
    expect(error.code).toBe('CLI_ELF');
    expect(error.message).toContain('it has no barewire_poll: link firmware-stub/lib into it');
    expect((await failure(openSession({ elf: '/no/such.elf', line: onQemu(elf) }))).message).toContain(
      'there is no such file',
    );
    const bytes = (file: string): number => readSizes(readFileSync(file), file).flash;
    expect(bytes(elf) - bytes(without)).toBeLessThanOrEqual(LIBRARY_LIMIT);
  });

  test.each([
    [
      'barewire_read',
      'SESSION_FIRMWARE_SILENT',
      /waited \d\.\d s for hangs\.elf to answer HELLO.*\n.*Does barewire_read give -1/,
    ],
    [
      'barewire_write',
      'SESSION_FIRMWARE_SILENT',
      /waited \d\.\d s for hangs\.elf to answer HELLO.*\n.*does barewire_write return/,
    ],
    ['barewire_micros', 'SESSION_PORT_HANGS', /^hangs\.elf answers, but .*: waited 3\.0 s for barewire_micros/],
  ])('a port whose %s never returns is told', async (name, code, text) => {
    const hang = 'for (;;) __asm__ volatile("");';
    const edit = (text: string): string => text.replace(new RegExp(`(${name}\\(.*?\\) \\{)`), `$1 ${hang}`);
    const hangs = oven.build('hangs', { edits: { 'src/barewire_port.cpp': edit } });
    const error = await failure(openSession({ elf: hangs, line: onQemu(hangs) }));
    expect(error.code).toBe(code);
    expect(error.message).toMatch(text);
  });
});
