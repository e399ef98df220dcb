// The Pico on USB: what a host finds when it asks the device, and sessions through rp2040js's USB host.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { RP2040 } from 'rp2040js';
import { beforeAll, describe, expect, test } from 'vitest';
import { readSegments } from '../../boards/sim/elf-segments.js';
import { SimClock } from '../../boards/sim/sim-clock.js';
import { firmwareFolder } from '../../firmware-stub/build.js';
import { openSession } from '../../host/session/open.js';
import { decodeFrame, encodeFrame } from '../../protocol/frame.js';

const FLASH_ADDR = 0x1000_0000;
const VECTORS_ADDR = 0x1000_0100;
const CYCLE_NANOS = 8;
/** Half a second of the chip's time. */
const PATIENCE = 10_000_000;
const EP0_IN_CONTROL = 0x80;
const STALL = 1 << 11;

/** A host that asks one thing at a time. */
class Host {
  private readonly clock = new SimClock();
  private readonly chip = new RP2040(this.clock);
  private readonly sent: { readonly endpoint: number; readonly bytes: number[] }[] = [];
  private readonly wanted = new Map<number, number>();

  constructor() {
    const { chip } = this;
    chip.logger = { debug() {}, info() {}, warn() {}, error() {} };
    const image = readFileSync(join(firmwareFolder(), 'build/pico-usb.elf'));
    for (const { loadAddr, bytes } of readSegments(image, 'pico-usb.elf')) chip.flash.set(bytes, loadAddr - FLASH_ADDR);
    chip.core.VTOR = VECTORS_ADDR;
    chip.core.SP = chip.flashView.getUint32(VECTORS_ADDR - FLASH_ADDR, true);
    chip.core.PC = chip.flashView.getUint32(VECTORS_ADDR - FLASH_ADDR + 4, true) & ~1;
    let enabled = false;
    chip.usbCtrl.onUSBEnabled = () => {
      enabled = true;
    };
    let reset = false;
    chip.usbCtrl.onResetReceived = () => {
      reset = true;
    };
    chip.usbCtrl.onEndpointWrite = (endpoint, bytes) => this.sent.push({ endpoint, bytes: [...bytes] });
    chip.usbCtrl.onEndpointRead = (endpoint, size) => this.wanted.set(endpoint, size);
    this.runUntil(() => enabled);
    chip.usbCtrl.resetDevice();
    this.runUntil(() => reset);
  }

  runUntil(done: () => boolean): void {
    for (let left = PATIENCE; !done(); left--) {
      if (left === 0) throw new Error('the device did not do it within half a second');
      this.clock.nanos += this.chip.core.executeInstruction() * CYCLE_NANOS;
      if (this.clock.nanos >= this.clock.nextNanos) this.clock.fire();
    }
  }

  /** A control request, and its answer: bytes, or `stall`. */
  ask(setup: readonly number[], length: number, data?: readonly number[]): number[] | 'stall' {
    this.sent.length = 0;
    this.wanted.delete(0);
    this.chip.usbDPRAMView.setUint32(EP0_IN_CONTROL, 0, true);
    const { usbCtrl } = this.chip;
    usbCtrl.sendSetupPacket(Uint8Array.of(...setup, length & 0xff, length >>> 8));
    if (data !== undefined) {
      this.runUntil(() => this.wanted.has(0));
      usbCtrl.endpointReadDone(0, Uint8Array.from(data));
    }
    const answer = () => this.sent.filter(({ endpoint }) => endpoint === 0);
    const stalled = () => (this.chip.usbDPRAMView.getUint32(EP0_IN_CONTROL, true) & STALL) !== 0;
    const isIn = (setup[0]! & 0x80) !== 0;
    const whole = () => {
      const bytes = answer().flatMap((packet) => packet.bytes);
      const last = answer().at(-1);
      return last !== undefined && (!isIn || last.bytes.length < 64 || bytes.length >= length);
    };
    this.runUntil(() => stalled() || whole());
    return stalled() ? 'stall' : answer().flatMap((packet) => packet.bytes);
  }

  /** What comes on endpoint 2 for bytes that are given to it, up to a zero. */
  talk(bytes: readonly number[]): number[] {
    this.sent.length = 0;
    this.runUntil(() => this.wanted.has(2));
    this.wanted.delete(2);
    this.chip.usbCtrl.endpointReadDone(2, Uint8Array.from(bytes));
    const received = () => this.sent.filter(({ endpoint }) => endpoint === 2).flatMap((packet) => packet.bytes);
    this.runUntil(() => received().at(-1) === 0);
    return received();
  }

  /** Packets on endpoint 2 so far. */
  packets(): number[][] {
    return this.sent.filter(({ endpoint }) => endpoint === 2).map(({ bytes }) => bytes);
  }

  get address(): number {
    return this.chip.usbCtrl.readUint32(0) & 0x7f;
  }
}

const GET_DESCRIPTOR = (type: number, index = 0) => [0x80, 6, index, type, 0, 0];

describe('the USB device', () => {
  let host: Host;
  beforeAll(() => {
    host = new Host();
  });

  test('describes itself in 18 bytes, or in as many of them as are asked for', () => {
    const whole = host.ask(GET_DESCRIPTOR(1), 18) as number[];
    expect(whole).toHaveLength(18);
    expect(whole.slice(0, 8)).toEqual([18, 1, 0x10, 0x01, 2, 0, 0, 64]); // USB 1.1, communications, packets of 64
    expect(whole.slice(8, 12)).toEqual([0x8a, 0x2e, 0x0a, 0x00]); // 2e8a:000a
    expect(host.ask(GET_DESCRIPTOR(1), 8)).toEqual(whole.slice(0, 8));
    expect(host.ask(GET_DESCRIPTOR(1), 64)).toEqual(whole);
  });

  test('has one configuration whose parts add up: CDC with its union, three endpoints', () => {
    const bytes = host.ask(GET_DESCRIPTOR(2), 255) as number[];
    expect(bytes[2]! | (bytes[3]! << 8)).toBe(bytes.length);
    const parts: number[][] = [];
    for (let at = 0; at < bytes.length; at += bytes[at]!) parts.push(bytes.slice(at, at + bytes[at]!));
    expect(parts.flat()).toEqual(bytes);
    const interfaces = parts.filter(([, type]) => type === 4);
    expect(interfaces.map((part) => [part[2], part[4], part[5], part[6]])).toEqual([
      [0, 1, 2, 2], // abstract control model
      [1, 2, 10, 0], // its data
    ]);
    expect(parts.find((part) => part[1] === 0x24 && part[2] === 6)).toEqual([5, 0x24, 6, 0, 1]);
    const endpoints = parts.filter(([, type]) => type === 5);
    expect(endpoints.map((part) => [part[2], part[3], part[4]])).toEqual([
      [0x81, 3, 8],
      [0x02, 2, 64],
      [0x82, 2, 64],
    ]);
    expect(host.ask(GET_DESCRIPTOR(2), 9)).toEqual(bytes.slice(0, 9));
  });

  test('stalls what it does not have, and answers the next request', () => {
    expect(host.ask(GET_DESCRIPTOR(3, 1), 255)).toBe('stall'); // a text
    expect(host.ask(GET_DESCRIPTOR(6), 10)).toBe('stall'); // another speed
    expect(host.ask(GET_DESCRIPTOR(1), 18)).toHaveLength(18);
  });

  test('takes its address once the request is answered', () => {
    expect(host.address).toBe(0);
    expect(host.ask([0x00, 5, 23, 0, 0, 0], 0)).toEqual([]);
    host.runUntil(() => host.address !== 0);
    expect(host.address).toBe(23);
  });

  test('says nothing before a program has opened the port, then who it is', () => {
    expect(host.ask([0x00, 9, 1, 0, 0, 0], 0)).toEqual([]);
    expect(host.packets()).toEqual([]);
    expect(host.ask([0x21, 0x22, 1, 0, 0, 0], 0)).toEqual([]); // DTR
    host.runUntil(() => host.packets().flat().at(-1) === 0);
  });

  test('takes any line coding, and tells the one it has', () => {
    expect(host.ask([0x21, 0x20, 0, 0, 0, 0], 7, [0, 0x10, 0x0e, 0, 0, 0, 8])).toEqual([]);
    expect(host.ask([0xa1, 0x21, 0, 0, 0, 0], 7)).toEqual([0x00, 0xc2, 0x01, 0, 0, 0, 8]);
  });

  test('answers frames in packets below 64 bytes, the last of them at the end of the frame', () => {
    const answer = host.talk([0, ...encodeFrame({ kind: 'PING', seq: 0, body: new Uint8Array() })]);
    expect(decodeFrame(Uint8Array.from(answer.slice(0, -1)))).toMatchObject({ ok: true, frame: { kind: 'STATE' } });
    for (const packet of host.packets()) expect(packet.length).toBeLessThan(64);
  });
});

describe('a session over USB', () => {
  test('computes, prints without loss, faults and is stopped', async () => {
    const session = await openSession({ board: 'pico-usb-sim' });
    let printed = '';
    session.onOutput((bytes) => {
      printed += Buffer.from(bytes).toString();
    });
    try {
      expect((await session.evaluate('int f(int a) { return a * 2; } f(21)')).value).toBe('(int) 42');
      await session.evaluate('for (int i = 0; i < 500; i++) printf("line %d\\n", i);');
      expect(printed).toBe(Array.from({ length: 500 }, (_, i) => `line ${i}\n`).join(''));
      await expect(session.evaluate('*(volatile int *)4 = 1;')).rejects.toMatchObject({ code: 'SESSION_FAULT' });
      await expect(session.evaluate('for (;;) { }', { runTimeoutMs: 200 })).rejects.toMatchObject({
        code: 'SESSION_STOPPED',
      });
      expect((await session.evaluate('int f(int a) { return a * 3; } f(21)')).value).toBe('(int) 63');
    } finally {
      await session.close();
    }
  });

  test('goes on after a reset: the device is found again, and variables are kept', async () => {
    const session = await openSession({ board: 'pico-usb-sim' });
    try {
      await session.evaluate('int kept = 17;');
      const masked = session.evaluate('asm volatile("cpsid i"); for (;;) { }');
      // By the watchdog; on a busy machine a second of the chip's time is more than the host waits for.
      await expect(masked).rejects.toMatchObject({ code: expect.stringMatching(/^SESSION_(RESTARTED|CUT_SHORT)$/) });
      expect((await session.evaluate('kept')).value).toBe('(int) 17');
    } finally {
      await session.close();
    }
  });
});
