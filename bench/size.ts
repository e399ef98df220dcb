// What 200 functions, typed one after another, hold of the board, over what lld's --gc-sections keeps of the very
// same objects.

import { findBoard } from '../boards/index.js';
import { Compiler } from '../host/compile/compiler.js';
import { openSession } from '../host/session/open.js';
import { linkWithLld } from './lld.js';
import { figure, heading, ratio } from './report.js';

const FUNCTIONS = 200;
const AIM = 1.05;

/** Functions as people type them: arithmetic, tables, text, loops, calls of earlier ones, templates. */
function sourceOf(n: number): string {
  const earlier = n < 8 ? 'n' : `fn${n - 8}(n)`;
  const kinds = [
    `int fn${n}(int n) { return n / ${n + 2} + ${earlier} % 7; }`,
    `int fn${n}(int n) { static const short table[] = {${n}, 3, 5, 7, ${n + 1}}; return table[n % 5] + ${earlier}; }`,
    `int fn${n}(int n) { const char *words[] = {"none", "one", "many", "number ${n % 10}"}; return words[n & 3][0] + ${earlier}; }`,
    `int fn${n}(int n) { int sum = 0; for (int i = 0; i < n; i++) sum += i * ${n} + ${earlier}; return sum; }`,
    `float scale${n} = ${n}.5f; int fn${n}(int n) { return (int)(n * scale${n}) + ${earlier}; }`,
    `int fn${n}(int n) { return clamp_to<int>(${earlier}, ${n}, ${n + 100}); }`,
    `char text${n}[12]; int fn${n}(int n) { strcpy(text${n}, "text ${n}"); return (int)strlen(text${n}) + ${earlier}; }`,
    `int fn${n}(int n) { switch (n) { case 1: return 10; case 2: return ${n}; case 3: return 7; case 4: return ${earlier}; case 5: return 2; default: return n; } }`,
  ];
  return kinds[n % kinds.length]!;
}

/** Prints the ratio for two cores. */
export async function benchSize(): Promise<void> {
  heading(`On-board bytes of what ${FUNCTIONS} functions need, over lld --gc-sections with the same objects`);
  for (const name of ['pico-sim', 'qemu-mps2-an385']) {
    const objects: Uint8Array[] = [];
    const compileUnit = Compiler.prototype.compileUnit;
    Compiler.prototype.compileUnit = async function (...given) {
      const result = await compileUnit.apply(this, given);
      objects.push(result.object.slice());
      return result;
    };
    const session = await openSession({ board: name });
    try {
      await session.evaluate(
        'template <class T> T clamp_to(T v, T low, T high) { return v < low ? low : v > high ? high : v; }',
      );
      for (let n = 0; n < FUNCTIONS; n++) await session.evaluate(sourceOf(n));
      const ours = session.linker.usage().usedBytes;
      const keep = Array.from({ length: FUNCTIONS }, (_, n) => `_Z${`fn${n}`.length}fn${n}i`);
      const { arenaAddr } = session.link.hello;
      const lld = linkWithLld(findBoard(name)!, objects, keep, arenaAddr, []).bytes;
      figure(name, `${ours} bytes`, `${lld} bytes by lld, ratio ${ratio(ours / lld)}`, {
        text: `≤ ${AIM}`,
        met: ours / lld <= AIM,
      });
    } finally {
      Compiler.prototype.compileUnit = compileUnit;
      await session.close();
    }
  }
}
