// Would compressed uploads pay? The blocks that real inputs send are packed by a small LZ77, whose decoder could fit the
// stub, and by deflate, which could not; beside them the size of that decoder on a Cortex-M0+.

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { deflateRawSync } from 'node:zlib';
import { packageRoot } from '../host/diag/package-root.js';
import { readObject } from '../host/elf/read-object.js';
import { openSession } from '../host/session/open.js';
import { findToolchain, requireToolchain } from '../host/toolchain/toolchain.js';
import { decodeOps } from '../protocol/batch.js';
import type { BytePort } from '../protocol/byte-port.js';
import { decodeFrame } from '../protocol/frame.js';
import { figure, heading, ratio } from './report.js';

const BOARD = 'qemu-lm3s6965evb';
/** Deflate frames of their own, as they would be sent: each as long as a frame takes. */
const FRAME_BYTES = 1500;

const INPUTS: readonly { readonly name: string; readonly text: string }[] = [
  {
    name: 'a function of four lines',
    text: 'int gcd(int a, int b) { while (b) { int t = a % b; a = b; b = t; } return a; }',
  },
  { name: 'first printf', text: 'printf("%d %s\\n", 42, "x");' },
  { name: 'first std::vector', text: '#include <vector>\nstd::vector<int> v{1, 2, 3}; v.push_back(4); v.size()' },
  { name: 'prime finder', text: readFileSync(join(packageRoot(), 'examples', 'prime-finder.cpp'), 'utf8') },
  { name: 'sorting algorithms', text: readFileSync(join(packageRoot(), 'examples', 'sorting-algorithms.cpp'), 'utf8') },
];

/** Collects what batches write. */
function collecting(port: BytePort, writes: Uint8Array[], arena: () => number): BytePort {
  let rest = Buffer.alloc(0);
  return {
    name: port.name,
    write: (bytes) => {
      rest = Buffer.concat([rest, bytes]);
      for (let end = rest.indexOf(0); end >= 0; end = rest.indexOf(0)) {
        const result = end === 0 ? undefined : decodeFrame(new Uint8Array(rest.subarray(0, end)));
        rest = rest.subarray(end + 1);
        if (!result?.ok || (result.frame.kind !== 'BATCH' && result.frame.kind !== 'BATCH_CONT')) continue;
        for (const op of decodeOps(result.frame.body, arena())) if (op.op === 'WRITE') writes.push(op.data);
      }
      port.write(bytes);
    },
    onData: (listener) => port.onData(listener),
    onClose: (listener) => port.onClose(listener),
    close: () => port.close(),
  };
}

/** Packs as lz-decoder.c unpacks, greedily, with matches anywhere in what was sent before in the same block. */
export function packLz(data: Uint8Array): number {
  const places = new Map<number, number[]>();
  const key = (at: number) => data[at]! | (data[at + 1]! << 8) | (data[at + 2]! << 16);
  let size = 0;
  let literals = 0;
  const flush = () => {
    size += literals + Math.ceil(literals / 128);
    literals = 0;
  };
  for (let at = 0; at < data.length; ) {
    let best = 0;
    for (const from of at + 3 <= data.length ? (places.get(key(at)) ?? []) : []) {
      let length = 3;
      while (length < 130 && at + length < data.length && data[from + length] === data[at + length]) length++;
      if (length > best) best = length;
    }
    const step = best > 3 ? best : 1;
    if (best > 3) {
      flush();
      size += 3;
    } else literals++;
    for (let i = 0; i < step && at + i + 3 <= data.length; i++) {
      const list = places.get(key(at + i)) ?? [];
      list.push(at + i);
      places.set(key(at + i), list);
    }
    at += step;
  }
  flush();
  return size;
}

function decoderBytes(): number {
  const { clang } = requireToolchain(findToolchain());
  const flags = ['--target=thumbv6m-none-eabi', '-mcpu=cortex-m0plus', '-Oz', '-ffreestanding', '-c', '-o', '-'];
  const source = join(packageRoot(), 'bench', 'lz-decoder.c');
  const object = readObject(new Uint8Array(execFileSync(clang.path, [...flags, source])), 'lz-decoder.o');
  return object.sections
    .filter(({ name }) => name.startsWith('.text'))
    .reduce((sum, { bytes }) => sum + bytes.length, 0);
}

/** Prints what compression would save. */
export async function benchCompress(): Promise<void> {
  heading(`Compressed uploads, ${BOARD}: bytes of blocks, packed by a small LZ77 and by deflate`);
  const writes: Uint8Array[] = [];
  let arenaAddr = 0;
  const session = await openSession({ board: BOARD, wrapPort: (port) => collecting(port, writes, () => arenaAddr) });
  try {
    arenaAddr = session.link.hello.arenaAddr;
    let [plain, lz, deflate] = [0, 0, 0];
    for (const { name, text } of INPUTS) {
      writes.length = 0;
      await session.evaluate(text);
      const data = new Uint8Array(Buffer.concat(writes));
      let packed = 0;
      let deflated = 0;
      for (let at = 0; at < data.length; at += FRAME_BYTES) {
        const part = data.subarray(at, at + FRAME_BYTES);
        packed += Math.min(part.length, packLz(part));
        deflated += Math.min(part.length, deflateRawSync(part, { level: 9 }).length);
      }
      plain += data.length;
      lz += packed;
      deflate += deflated;
      figure(
        name,
        `${data.length} bytes`,
        `LZ77 ${packed} (ratio ${ratio(packed / data.length)}), deflate ${deflated} (ratio ${ratio(deflated / data.length)})`,
      );
    }
    figure('all', `${plain} bytes`, `LZ77 ratio ${ratio(lz / plain)}, deflate ratio ${ratio(deflate / plain)}`);
    figure(
      'share of the line it could reach',
      `${((0.988 * plain * 100) / lz).toFixed(0)} %`,
      'LZ77, where 98.8 % are reached without',
    );
  } finally {
    await session.close();
  }
  figure('decoder on a Cortex-M0+, clang -Oz', `${decoderBytes()} bytes`, 'beside the op that would call it');
}
