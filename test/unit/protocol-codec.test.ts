// The codec against published values, its own inverse, and damaged input.

import { crc32 as zlibCrc32 } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeOps, decodeReply, encodeOps, encodeReply, type Op, outputBefore } from '../../protocol/batch.js';
import { cobsDecode, cobsEncode, cobsMaxEncoded } from '../../protocol/cobs.js';
import { crc32 } from '../../protocol/crc32.js';
import { decodeFields, encodeFields } from '../../protocol/fields.js';
import { decodeFrame, encodeFrame } from '../../protocol/frame.js';
import { VECTOR_BOARD } from '../../protocol/generate-vectors.js';
import { decodeHello, encodeHello, fromHex, helloTableHash, toHex } from '../../protocol/hello.js';
import { FRAMES, type FrameKind } from '../../protocol/messages.js';
import { getVarint, putVarint, varintSize } from '../../protocol/varint.js';

const text = (s: string) => new TextEncoder().encode(s);

describe('crc32', () => {
  it('gives the published check value', () => {
    expect(crc32(text('123456789'))).toBe(0xcbf43926);
  });

  it('sums a range in pieces', () => {
    expect(crc32(text('6789'), crc32(text('12345')))).toBe(0xcbf43926);
  });

  it.skipIf(zlibCrc32 === undefined)('agrees with zlib', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => crc32(bytes) === zlibCrc32(bytes)));
  });
});

describe('cobs', () => {
  const ones = (count: number) => new Uint8Array(count).fill(1);
  const known: [string, Uint8Array, string][] = [
    ['nothing', new Uint8Array(), '01'],
    ['one zero', Uint8Array.of(0), '0101'],
    ['zeros', Uint8Array.of(0, 0), '010101'],
    ['a zero inside', Uint8Array.of(0x11, 0x22, 0, 0x33), '0311220233'],
    ['a zero at the end', Uint8Array.of(0x11, 0), '021101'],
    ['253 bytes without a zero', ones(253), `fe${'01'.repeat(253)}`],
    ['254 bytes without a zero', ones(254), `ff${'01'.repeat(254)}`],
    ['255 bytes without a zero', ones(255), `ff${'01'.repeat(254)}0201`],
  ];
  it.each(known)('encodes %s', (_, plain, encoded) => {
    expect(toHex(cobsEncode(plain))).toBe(encoded);
    expect(cobsDecode(fromHex(encoded))).toEqual(plain);
  });

  it('gives back any bytes, holds no zero and stays within its bound', () => {
    const run = fc.oneof(fc.uint8Array({ maxLength: 40 }), fc.integer({ min: 250, max: 260 }).map(ones));
    fc.assert(
      fc.property(fc.array(run, { maxLength: 6 }), (runs) => {
        const plain = Uint8Array.from(runs.flatMap((part) => [...part]));
        const encoded = cobsEncode(plain);
        expect(encoded.includes(0)).toBe(false);
        expect(encoded.length).toBeLessThanOrEqual(cobsMaxEncoded(plain.length));
        expect(cobsDecode(encoded)).toEqual(plain);
      }),
    );
  });

  it.each(['', '00', '05', '0311', '031100', 'ff01'])('refuses %j', (hex) => {
    expect(cobsDecode(fromHex(hex))).toBeUndefined();
  });
});

describe('varint', () => {
  it.each([
    [0, '00'],
    [127, '7f'],
    [128, '8001'],
    [300, 'ac02'],
    [0xffff_ffff, 'ffffffff0f'],
  ])('%d is %s', (value, hex) => {
    const out: number[] = [];
    putVarint(out, value);
    expect(toHex(Uint8Array.from(out))).toBe(hex);
    expect(varintSize(value)).toBe(out.length);
    expect(getVarint(fromHex(hex), 0)).toEqual({ value, next: out.length });
  });

  it.each(['', '80', 'ffffffff1f', 'ffffffffff0f', '808080808000'])('refuses %j', (hex) => {
    expect(getVarint(fromHex(hex), 0)).toBeUndefined();
  });
});

describe('frames', () => {
  const kinds = fc.constantFrom(...(Object.keys(FRAMES) as FrameKind[]));
  const frames = fc.record({
    kind: kinds,
    seq: fc.integer({ min: 0, max: 255 }),
    body: fc.uint8Array({ maxLength: 600 }),
  });

  it('come back as they went', () => {
    fc.assert(
      fc.property(frames, (frame) => {
        const encoded = encodeFrame(frame);
        expect(encoded.indexOf(0)).toBe(encoded.length - 1);
        expect(decodeFrame(encoded)).toEqual({ ok: true, frame });
        expect(decodeFrame(encoded.subarray(0, -1))).toEqual({ ok: true, frame });
      }),
    );
  });

  it('with one changed bit are never taken for good', () => {
    fc.assert(
      fc.property(frames, fc.nat(), fc.integer({ min: 0, max: 7 }), (frame, where, bit) => {
        const encoded = encodeFrame(frame).subarray(0, -1);
        encoded[where % encoded.length]! ^= 1 << bit;
        const result = decodeFrame(encoded);
        expect(result.ok).toBe(false);
      }),
    );
  });

  it('say what is wrong with them', () => {
    const good = encodeFrame({ kind: 'PING', seq: 3, body: new Uint8Array() });
    expect(decodeFrame(good.subarray(0, 4))).toEqual({ ok: false, reason: 'cobs' });
    expect(decodeFrame(cobsEncode(Uint8Array.of(1, 2, 3, 4, 5)))).toEqual({ ok: false, reason: 'length' });
    expect(decodeFrame(encodeFrame({ kind: 'PING', seq: 3, body: new Uint8Array(251) }), 256)).toEqual({
      ok: false,
      reason: 'length',
    });
    const unknown = Uint8Array.of(0x7e, 0);
    const withCrc = new Uint8Array(6);
    withCrc.set(unknown);
    new DataView(withCrc.buffer).setUint32(2, crc32(unknown), true);
    expect(decodeFrame(cobsEncode(withCrc))).toEqual({ ok: false, reason: 'kind' });
  });
});

describe('batches', () => {
  const arena = 0x2000_1000;
  const addr = fc.integer({ min: 0, max: 0xffff_ffff });
  const len = fc.integer({ min: 0, max: 500 });
  const data = fc.uint8Array({ maxLength: 60 });
  const op: fc.Arbitrary<Op> = fc.oneof(
    fc.record({ op: fc.constant('WRITE' as const), addr, data }),
    fc.record({ op: fc.constant('FILL' as const), addr, len, value: fc.integer({ min: 0, max: 255 }) }),
    fc.record({ op: fc.constant('READ' as const), addr, len }),
    fc.record({ op: fc.constant('CRC' as const), addr, len }),
    fc.record({ op: fc.constant('CHECK' as const), addr, len, crc: addr }),
    fc.record({ op: fc.constant('RUN' as const), entry: addr }),
  );

  it('come back as they went, wherever the addresses lie', () => {
    fc.assert(
      fc.property(fc.array(op, { maxLength: 8 }), (ops) => {
        expect(decodeOps(encodeOps(ops, arena), arena)).toEqual(ops);
      }),
    );
  });

  it('cut short anywhere either hold fewer operations or are refused', () => {
    fc.assert(
      fc.property(fc.array(op, { minLength: 1, maxLength: 4 }), fc.nat(), (ops, cut) => {
        const body = encodeOps(ops, arena);
        const short = body.subarray(0, cut % body.length);
        try {
          expect(decodeOps(short, arena).length).toBeLessThan(ops.length);
        } catch (error) {
          expect(error).toMatchObject({ code: 'PROTOCOL_MALFORMED' });
        }
      }),
    );
  });

  it('reach an address near the arena in few bytes', () => {
    expect(encodeOps([{ op: 'RUN', entry: arena + 0x21 }], arena)).toEqual(Uint8Array.of(6, 0x21));
  });

  const ops: Op[] = [
    { op: 'READ', addr: arena, len: 2 },
    { op: 'RUN', entry: arena },
  ];

  it('decode a fault after a result', () => {
    const record = Uint8Array.of(1, 2, 3, 4);
    const reply = {
      status: 'FAULT' as const,
      done: 1,
      results: [{ op: 'READ' as const, data: Uint8Array.of(5, 6) }],
      failure: { record },
    };
    expect(decodeReply(encodeReply(reply), ops)).toEqual(reply);
    expect(outputBefore(encodeReply(reply, 0x12345))).toBe(0x2345);
  });

  it.each([
    ['an unknown status', '00 00 63 00', 'no status has code 99'],
    ['more results than operations', '00 00 01 03', '3 operations are said to be done, 2 were sent'],
    ['success without the results', '00 00 00 01 02 05 06', 'after 1 of 2 operations'],
    ['a READ of another length', '00 00 02 01 01 05', 'READ of 2 bytes gave 1'],
    ['bytes left over', '00 00 02 00 00', '1 bytes too many'],
    ['a result cut short', '00 00 02 01 02 05', 'needs 2 bytes, 1 are left'],
  ])('refuse a reply with %s', (_, hex, message) => {
    expect(() => decodeReply(fromHex(hex), ops)).toThrow(message);
  });
});

describe('fields', () => {
  it('decode STATE', () => {
    const state = { output: 5, running: 1, lastSeq: 9, badCrc: 300, badLength: 0, dropped: 1 };
    const body = encodeFields(FRAMES.STATE.fields, state);
    expect(toHex(body)).toBe('05000109ac020001');
    expect(decodeFields(FRAMES.STATE.fields, body)).toEqual(state);
  });

  it('`rest` takes all there is', () => {
    const output = decodeFields(FRAMES.OUTPUT.fields, Uint8Array.of(4, 104, 105));
    expect(output).toEqual({ offset: 4, data: text('hi') });
  });

  it('HELLO_REPLY comes back as it went', () => {
    const body = encodeHello(VECTOR_BOARD);
    expect(decodeHello(body)).toEqual(VECTOR_BOARD);
    expect(helloTableHash(body)).toBe(VECTOR_BOARD.tableHash);
    expect(helloTableHash(body.subarray(0, 3))).toBeUndefined();
  });

  it('HELLO_REPLY of an unknown architecture is refused', () => {
    const body = encodeHello(VECTOR_BOARD);
    body[19] = 99;
    expect(() => decodeHello(body)).toThrow('no architecture has code 99');
  });

  it('refuse what is not hex', () => {
    expect(() => fromHex('0x1')).toThrow('not hex');
  });
});
