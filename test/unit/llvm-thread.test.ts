// The compiler's thread: what becomes of jobs when it dies, at whatever moment.

import { afterEach, beforeEach, expect, test } from 'vitest';
import { FEED_NAME } from '../../host/compile/yowasp/jobs.js';
import { LlvmThread } from '../../host/compile/yowasp/llvm-thread.js';

/** Instead of LLVM: says its arguments back, reads the text that it waits for, or ends the thread. */
const FAKE = `data:text/javascript,${encodeURIComponent(`
export function runLLVM(args, files, { stdout } = {}) {
  if (args === null) return {};
  if (args[0] === 'exit') process.exit(3);
  if (args[0] === 'throw') queueMicrotask(() => { throw new Error('a bug of the engine'); });
  const late = files['${FEED_NAME.slice(1)}'];
  stdout(Buffer.from(late === undefined ? args.join(' ') : Buffer.from(late.subarray(0, 4))));
  return files;
}`)}`;

const PATIENCE_MS = 20_000;
const said = ({ stdout }: { stdout: Uint8Array }): string => Buffer.from(stdout).toString();

let thread: LlvmThread;
beforeEach(() => {
  thread = new LlvmThread({ url: FAKE, files: {} });
});
afterEach(() => thread.close());

test('a thread that ends itself fails its job with the reason, and the next job gets another one', async () => {
  await expect(thread.endOf(thread.start({ args: ['exit'], texts: {} }), PATIENCE_MS)).rejects.toMatchObject({
    code: 'COMPILE_CRASHED',
    message: "the compiler's thread ended (exit code 3): type the input again, the next one starts another thread",
  });
  expect(said(await thread.endOf(thread.start({ args: ['a', 'b'], texts: {} }), PATIENCE_MS))).toBe('a b');
});

test('what the thread died of is told', async () => {
  const running = [['throw'], ['b']].map((args) => thread.start({ args, texts: {} }));
  const ends = await Promise.allSettled(running.map((each) => thread.endOf(each, PATIENCE_MS)));
  expect(ends[1]).toMatchObject({
    reason: { code: 'COMPILE_CRASHED', message: expect.stringContaining('thread ended (a bug of the engine)') },
  });
});

test('a job that waits for its text fails when the thread is ended from outside, and one after it does not', async () => {
  const waiting = thread.start({ args: ['x'], texts: {}, waits: true });
  await thread.thread!.terminate();
  await expect(waiting.ended).rejects.toMatchObject({ code: 'COMPILE_CRASHED' });
  const next = thread.start({ args: ['y'], texts: {}, waits: true });
  expect(thread.give(next, 'text')).toBe(true);
  expect(said(await thread.endOf(next, PATIENCE_MS))).toBe('text');
});

test('a thread that is ended for being slow takes nothing of the one that follows with it', async () => {
  const slow = thread.start({ args: ['x'], texts: {}, waits: true });
  await expect(thread.endOf(slow, 50)).rejects.toMatchObject({
    code: 'COMPILE_TIMEOUT',
    message: expect.stringMatching(/^clang did not finish within 0.05 s/),
  });
  expect(said(await thread.endOf(thread.start({ args: ['z'], texts: {} }), PATIENCE_MS))).toBe('z');
});
