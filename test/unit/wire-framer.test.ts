// The framer: no chunking may change what comes out, nothing merges, and nothing grows without limit.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createFramer } from '../../host/wire/framer.js';
import { toHex } from '../../protocol/hello.js';

async function frame(chunks: readonly Uint8Array[], limit = 16) {
  const frames: string[] = [];
  let tooLong = 0;
  const framer = createFramer(limit, {
    onFrame: (encoded) => frames.push(toHex(encoded)),
    onTooLong: () => {
      tooLong++;
    },
  });
  for (const chunk of chunks) framer.push(chunk);
  await new Promise((resolve) => setImmediate(resolve));
  framer.close();
  return { frames, tooLong };
}

describe('the framer', () => {
  it('keeps two frames of one chunk apart', async () => {
    expect((await frame([Uint8Array.of(1, 2, 0, 3, 0)])).frames).toEqual(['0102', '03']);
  });

  it('ignores empty frames', async () => {
    expect(await frame([Uint8Array.of(0, 0, 1, 0, 0)])).toEqual({ frames: ['01'], tooLong: 0 });
  });

  it('holds back a frame without its end', async () => {
    expect((await frame([Uint8Array.of(1, 2)])).frames).toEqual([]);
  });

  it('gives the same frames however the bytes are cut', async () => {
    const frames = fc.array(fc.uint8Array({ min: 1, maxLength: 30 }), { maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(frames, fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }), async (parts, cuts) => {
        const stream = Uint8Array.from(parts.flatMap((part) => [...part, 0]));
        const chunks: Uint8Array[] = [];
        for (let at = 0, i = 0; at < stream.length; i++) {
          const next = at + cuts[i % cuts.length]!;
          chunks.push(stream.subarray(at, next));
          at = next;
        }
        const wanted = parts.filter((part) => part.length > 0 && part.length <= 16).map(toHex);
        const tooLong = parts.filter((part) => part.length > 16).length;
        expect(await frame(chunks)).toEqual({ frames: wanted, tooLong });
      }),
    );
  });

  it('keeps a frame of exactly the limit and drops one byte more', async () => {
    const ones = (count: number) => Uint8Array.from([...Array<number>(count).fill(1), 0]);
    expect(await frame([ones(16), ones(17), Uint8Array.of(5, 0)])).toEqual({
      frames: ['01'.repeat(16), '05'],
      tooLong: 1,
    });
  });

  it('counts a flood without an end once, keeps none of it, and finds the next frame', async () => {
    const flood = Array.from({ length: 1000 }, () => new Uint8Array(10_000).fill(0x55));
    const before = process.memoryUsage().arrayBuffers;
    const result = await frame([...flood, Uint8Array.of(0, 7, 0)]);
    expect(result).toEqual({ frames: ['07'], tooLong: 1 });
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(5_000_000);
  });
});
