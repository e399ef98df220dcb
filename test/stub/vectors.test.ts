// The golden sessions, read by the stub's core as the C compiler of this machine makes it.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { firmwareFolder } from '../../firmware-stub/build.js';
import { fromHex, toHex } from '../../protocol/hello.js';
import { buildNativeStub, type NativeStub, splitFrames } from './native-stub.js';

interface VectorFile {
  readonly sessions: readonly {
    readonly name: string;
    readonly steps: readonly { readonly name: string; readonly send: string; readonly expect: readonly string[] }[];
  }[];
}

const file: VectorFile = JSON.parse(
  readFileSync(join(firmwareFolder(), '../protocol/vectors/sessions.json'), 'utf8'),
) as VectorFile;

let stub: NativeStub;
beforeAll(() => {
  stub = buildNativeStub();
});
afterAll(() => stub?.remove());

describe.each(file.sessions)('golden session on the C core: $name', ({ steps }) => {
  it.each(steps.map((step, index) => ({ name: step.name, index })))('$name', ({ index }) => {
    const upTo = steps.slice(0, index + 1);
    const sent = splitFrames(stub.talk(Buffer.concat(upTo.map(({ send }) => fromHex(send))))).map(toHex);
    const before = upTo.slice(0, -1).reduce((count, step) => count + step.expect.length, 1); // 1: unasked HELLO_REPLY
    expect(sent.slice(before)).toEqual(steps[index]!.expect);
  });
});
