// The link with the real stub, on every simulated board: memory, functions, faults and BREAK.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BoardRecord } from '../../boards/board.js';
import { startSimulator } from '../../boards/sim/index.js';
import { ARENA } from '../../boards/sim/wasm/layout.js';
import { packageRoot } from '../../host/diag/package-root.js';
import { DeviceLink } from '../../host/wire/link.js';
import { openSerialPort } from '../../host/wire/ports/serial.js';
import { parseTrace, replayTrace, type TraceChunk } from '../../host/wire/trace.js';
import type { Op } from '../../protocol/batch.js';
import { crc32 } from '../../protocol/crc32.js';
import { ARCHS, FAULT_WORDS, WASM_TRAPS } from '../../protocol/messages.js';
import { RECORD_KINDS, RECORD_MAGIC } from '../../protocol/wasm-function.js';
import { onBoards, SIMULATED } from '../support/on-boards.js';

const imageOf = (board: BoardRecord) => join(packageRoot(), `firmware-stub/build/${board.image}.elf`);
const ramp = (size: number) => Uint8Array.from({ length: size }, (_, i) => (i * 167 + (i >> 8)) & 0xff);

/** Code assembled by hand, and the word of the fault record that says where it was. */
const THUMB = {
  pc: FAULT_WORDS.cortexm.indexOf('pc'),
  words: FAULT_WORDS.cortexm.length as number,
  /** movs r0, #42; bx lr */
  answer: Uint8Array.of(0x2a, 0x20, 0x70, 0x47),
  /** b . */
  forever: Uint8Array.of(0xfe, 0xe7),
  /** udf #0 */
  undefined: Uint8Array.of(0x00, 0xde),
  /** Added to an address to call what is there; other cores than Arm's do without. */
  entry: 1,
  /** Where in the code the last two stand, from its address. */
  foreverAt: 0,
  undefinedAt: 0,
};
const RV32: typeof THUMB = {
  pc: FAULT_WORDS.rv32.indexOf('mepc'),
  words: FAULT_WORDS.rv32.length,
  /** addi a0, zero, 42; c.jr ra */
  answer: Uint8Array.of(0x13, 0x05, 0xa0, 0x02, 0x82, 0x80),
  /** c.j . */
  forever: Uint8Array.of(0x01, 0xa0),
  /** all zeros are no instruction */
  undefined: Uint8Array.of(0x00, 0x00),
  entry: 1,
  foreverAt: 0,
  undefinedAt: 0,
};

/** A function record (protocol/wasm-function.ts) without references, for the start of the arena. */
function wasmRecord(type: readonly number[], body: readonly number[]): Uint8Array<ArrayBuffer> {
  const types = [1, 0x60, ...type];
  const head = Uint32Array.of(RECORD_MAGIC, RECORD_KINDS.function, ARENA.addr, body.length, 0, types.length);
  return Uint8Array.of(...new Uint8Array(head.buffer), ...types, ...body);
}
const WASM: typeof THUMB = {
  pc: FAULT_WORDS.wasm32.indexOf('pc'),
  words: FAULT_WORDS.wasm32.length,
  /** i32.const 42 */
  answer: wasmRecord([0, 1, 0x7f], [0, 0x41, 42, 0x0b]),
  /** loop br 0 end unreachable */
  forever: wasmRecord([0, 0], [0, 0x03, 0x40, 0x0c, 0, 0x0b, 0, 0x0b]),
  /** unreachable */
  undefined: wasmRecord([0, 0], [0, 0, 0x0b]),
  entry: 0,
  foreverAt: 31,
  undefinedAt: 29,
};

const codeFor = ({ arch }: BoardRecord): typeof THUMB => (arch === 'rv32' ? RV32 : arch === 'wasm32' ? WASM : THUMB);

onBoards('all', [], (board) => {
  const CODE = codeFor(board);
  let link: DeviceLink;
  const trace: TraceChunk[] = [];

  beforeAll(async () => {
    const port = await startSimulator(board, imageOf(board));
    link = await DeviceLink.connect(port, { trace: { record: (chunk) => trace.push(chunk) } });
  });

  afterAll(async () => {
    await link?.close();
  });

  /** Sends code and calls it. */
  const run = (code: Uint8Array, rest: readonly Op[] = []) => {
    const addr = link.hello.arenaAddr;
    return link.execute([{ op: 'WRITE', addr, data: code }, { op: 'RUN', entry: addr + CODE.entry }, ...rest]);
  };

  it('says who it is', () => {
    const { hello } = link;
    expect(hello.arch).toBe(board.arch);
    expect(Object.keys(ARCHS)).toContain(hello.arch);
    expect(hello.buildId).toMatch(/^([0-9a-f]{2}){8,20}$/);
    const region = board.regions.find(
      ({ addr, sizeBytes }) => hello.arenaAddr >= addr && hello.arenaAddr < addr + sizeBytes,
    );
    expect(region?.access).toBe('rwx');
    expect(hello.arenaAddr + hello.arenaSize).toBeLessThanOrEqual(region!.addr + region!.sizeBytes);
  });

  it('writes 8 KiB and reads them back', async () => {
    const data = ramp(8192);
    const addr = link.hello.arenaAddr + 1;
    const reply = await link.execute([
      { op: 'WRITE', addr, data },
      { op: 'READ', addr, len: data.length },
      { op: 'CRC', addr, len: data.length },
      { op: 'CHECK', addr, len: data.length, crc: crc32(data) },
    ]);
    expect(reply.status).toBe('OK');
    expect(reply.results[1]).toEqual({ op: 'READ', data });
    expect(reply.results[2]).toEqual({ op: 'CRC', crc: crc32(data) });
  });

  it('runs a function in one frame out and one back', async () => {
    const before = { ...link.counters };
    const reply = await run(CODE.answer, [{ op: 'READ', addr: link.hello.arenaAddr, len: CODE.answer.length }]);
    expect(reply.results).toMatchObject([{ op: 'WRITE' }, { op: 'RUN', value: 42 }, { op: 'READ', data: CODE.answer }]);
    const [sent, resent, pings, good] = (['sent', 'resent', 'pings', 'good'] as const).map(
      (name) => link.counters[name] - before[name],
    );
    // A simulator that gets no processor is asked again, and whether it is still there.
    expect(sent! - resent! - pings!).toBe(1);
    if (resent === 0 && pings === 0) expect(good).toBe(1);
  });

  it('reports a fault with its record, and goes on', async () => {
    const reply = await run(CODE.undefined);
    expect(reply).toMatchObject({ status: 'FAULT', done: 1 });
    const record = reply.failure.record!;
    expect(record).toHaveLength(4 * CODE.words);
    const word = (index: number) => new DataView(record.buffer, record.byteOffset).getUint32(4 * index, true);
    expect(word(CODE.pc)).toBe(link.hello.arenaAddr + CODE.undefinedAt);
    // mcause, or UFSR.UNDEFINSTR where the core has such a register.
    if (board.arch === 'rv32') expect(word(FAULT_WORDS.rv32.indexOf('mcause'))).toBe(2);
    else if (board.arch === 'wasm32') expect(word(0)).toBe(WASM_TRAPS.unreachable);
    else {
      const status = word(FAULT_WORDS.cortexm.indexOf('cfsr'));
      expect(status & 0x0001_0000).toBe(board.arch === 'armv6-m' ? 0 : 0x0001_0000);
    }
    expect((await run(CODE.answer)).status).toBe('OK');
  });

  it('stops an endless loop with BREAK, and says where it was', async () => {
    const work = run(CODE.forever);
    setTimeout(() => link.break(), 20);
    const reply = await work;
    expect(reply).toMatchObject({ status: 'BROKEN', done: 1 });
    const pc = new DataView(reply.failure.record!.buffer).getUint32(4 * CODE.pc, true);
    expect(pc).toBe(link.hello.arenaAddr + CODE.foreverAt);
    expect((await run(CODE.answer)).status).toBe('OK');
  });

  it('stops an endless loop when its time is over', async () => {
    const addr = link.hello.arenaAddr;
    const ops: Op[] = [
      { op: 'WRITE', addr, data: CODE.forever },
      { op: 'RUN', entry: addr + CODE.entry },
    ];
    expect((await link.execute(ops, { runTimeoutMs: 30 })).status).toBe('BROKEN');
  });

  it('refuses to write outside the arena', async () => {
    const { arenaAddr, arenaSize } = link.hello;
    const reply = await link.execute([{ op: 'WRITE', addr: arenaAddr + arenaSize - 1, data: Uint8Array.of(1, 2) }]);
    expect(reply.status).toBe('REFUSED');
  });

  it('lost nothing on the way', () => {
    expect(link.counters).toMatchObject({ badCrc: 0, badLength: 0, resyncs: 0, outputLost: 0 });
  });

  it('was recorded so that the same session can be played back', async () => {
    const chunks = trace.slice();
    const seq = chunks.find((chunk) => chunk.to === 'board')!.bytes[3]!;
    const played = await DeviceLink.connect(replayTrace(chunks), { firstSeq: seq });
    expect(played.hello).toEqual(link.hello);
    await played.close();
    expect(parseTrace('{"ms":1,"to":"host","hex":"00ff"}')).toHaveLength(1);
  });
});

it('the end of a link ends its QEMU', async () => {
  const board = SIMULATED.find(({ simulator }) => simulator?.kind === 'qemu')!;
  const port = await startSimulator(board, imageOf(board));
  const link = await DeviceLink.connect(port);
  const pid = (port as unknown as { child: { pid: number } }).child.pid;
  expect(execFileSync('ps', ['-o', 'comm=', '-p', String(pid)], { encoding: 'utf8' })).toContain('qemu');
  await link.close();
  expect(existsSync(`/proc/${pid}`)).toBe(false);
});

it.runIf(existsSync('/usr/bin/setpriv'))('QEMU does not outlive a host that is killed', async () => {
  const board = SIMULATED.find(({ simulator }) => simulator?.kind === 'qemu')!;
  const built = join(packageRoot(), 'dist/boards/sim/index.js');
  const script = `import { startSimulator } from ${JSON.stringify(built)};
const port = await startSimulator(${JSON.stringify(board)}, ${JSON.stringify(imageOf(board))});
console.log(port.child.pid);
setInterval(() => {}, 1e6);`;
  const host = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = await once(host.stdout, 'data', { signal: AbortSignal.timeout(20_000) });
  const pid = Number(String(line));
  expect(existsSync(`/proc/${pid}`)).toBe(true);
  const watcher = spawn('tail', ['-s', '0.05', `--pid=${pid}`, '-f', '/dev/null'], { stdio: 'ignore' });
  host.kill('SIGKILL');
  await once(watcher, 'exit', { signal: AbortSignal.timeout(20_000) });
  expect(existsSync(`/proc/${pid}`)).toBe(false);
});

describe('a real serial port', () => {
  let qemu: ChildProcess;
  let path = '';

  beforeAll(async () => {
    const board = SIMULATED.find(({ simulator }) => simulator?.kind === 'qemu')!;
    const machine = board.simulator!.kind === 'qemu' ? board.simulator!.machine : '';
    const args = ['-M', machine, '-nographic', '-monitor', 'none', '-serial', 'pty', '-kernel', imageOf(board)];
    qemu = spawn('qemu-system-arm', args, { stdio: ['ignore', 'pipe', 'pipe'] });
    path = await new Promise<string>((resolve, reject) => {
      let text = '';
      const read = (chunk: Buffer) => {
        text += chunk;
        const found = /\/dev\/pts\/\d+/.exec(text);
        if (found !== null) resolve(found[0]);
      };
      qemu.stdout!.on('data', read);
      qemu.stderr!.on('data', read);
      qemu.once('exit', () => reject(new Error(text)));
    });
  });

  afterAll(() => {
    qemu.kill('SIGKILL');
  });

  it('carries a link, cannot be opened twice, and ends cleanly', async () => {
    const link = await DeviceLink.connect(await openSerialPort(path, 115_200));
    const reply = await link.execute([{ op: 'WRITE', addr: link.hello.arenaAddr, data: ramp(3000) }]);
    expect(reply.status).toBe('OK');
    await expect(openSerialPort(path, 115_200)).rejects.toMatchObject({
      code: 'WIRE_PORT_BUSY',
      message: expect.stringContaining(`${path} is in use by `),
    });
    await link.close();
    const again = await DeviceLink.connect(await openSerialPort(path, 115_200));
    await again.close();
  });
});
