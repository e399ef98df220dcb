// Bytes on the line for the smallest inputs, answers included, beside what others need.

import { openSession } from '../host/session/open.js';
import { countingPort } from './counting-port.js';
import { figure, heading, ratio } from './report.js';

const AIM_BYTES = 90;
/** A function whose code is 56 bytes on a Cortex-M3; the bench checks that. */
const FUNCTION_56 =
  'unsigned mix(unsigned a, unsigned b, unsigned c) {\n' +
  '  a -= b; a -= c; a ^= c >> 13; b -= c; b -= a; b ^= a << 8; c -= a; c -= b; c ^= b >> 13;\n' +
  '  a -= b; a -= c; a ^= c >> 12; b -= c; b -= a; b ^= a << 16; c -= a; c -= b; return (a ^ b ^ c ^ (c >> 5)) + a; }';

/** Prints the bytes that two inputs need. */
export async function benchWire(): Promise<void> {
  heading('Bytes on the line, both directions, qemu-mps2-an385');
  const count = { bytes: 0 };
  const session = await openSession({ board: 'qemu-mps2-an385', wrapPort: (port) => countingPort(port, count) });
  try {
    count.bytes = 0;
    await session.evaluate('1+1');
    figure('1+1', `${count.bytes} bytes`, '');
    count.bytes = 0;
    await session.evaluate(FUNCTION_56);
    const addr = session.linker.addressOf('_Z3mixjjj');
    const size = addr === undefined ? 0 : (session.linker.sectionAt(addr & ~1)?.section.sizeBytes ?? 0);
    figure(
      `a function of ${size} bytes`,
      `${count.bytes} bytes`,
      `ez-clang 153 (ratio ${ratio(count.bytes / 153)}), Zephyr LLEXT 2112 (ratio ${ratio(count.bytes / 2112)})`,
      {
        text: `≤ ${AIM_BYTES} for 56 bytes`,
        met: size === 56 && count.bytes <= AIM_BYTES,
      },
    );
  } finally {
    await session.close();
  }
}
