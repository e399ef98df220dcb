// How code on the board sets the rate of the stub's UART: register writes, by kind of UART. Everything else of it (pins,
// clocks, interrupts) stays as the stub's port has set it.

/** A UART whose rate can be set while it is in use. */
export interface Uart {
  readonly kind: keyof typeof UARTS;
  readonly addr: number;
  /** What its divisor divides. */
  readonly clockHz: number;
  /** The fastest rate that the stub keeps up with, and the clock gives to within 2 %. */
  readonly maxBaud: number;
}

interface UartKind {
  /** Nothing is left to send when (word at `offset` & mask) == value; absent where no register tells. */
  readonly idle?: { readonly offset: number; readonly mask: number; readonly value: number };
  /** Bytes that may be on their way by then, or all that its buffers take. */
  readonly drainBytes: number;
  /** Register writes, offset and value. */
  readonly writes: (clockHz: number, baud: number) => readonly (readonly [offset: number, value: number])[];
}

const UARTS = {
  /** ARM DDI 0183, 3.3: off while the divisor changes; LCR_H takes it over. */
  pl011: {
    idle: { offset: 0x18, mask: 1 << 3, value: 0 },
    drainBytes: 1,
    writes: (clockHz, baud) => {
      const divisor = Math.round((clockHz * 4) / baud);
      return [
        [0x30, 0],
        [0x24, divisor >>> 6],
        [0x28, divisor & 63],
        [0x2c, (3 << 5) | (1 << 4)],
        [0x30, (1 << 9) | (1 << 8) | 1],
      ];
    },
  },
  /** Cortex-M System Design Kit manual, 4.3: STATE tells of the buffer, not of what is being shifted out. */
  cmsdk: {
    idle: { offset: 0x04, mask: 1, value: 0 },
    drainBytes: 2,
    writes: (clockHz, baud) => [[0x10, Math.round(clockHz / baud)]],
  },
  /** RM0090, 30.6: SR.TC. */
  'stm32-usart': {
    idle: { offset: 0x00, mask: 1 << 6, value: 1 << 6 },
    drainBytes: 1,
    writes: (clockHz, baud) => [[0x08, Math.round(clockHz / baud)]],
  },
  /** FE310-G000 manual, 18: eight bytes of FIFO, and no register tells that it is empty. */
  sifive: {
    drainBytes: 9,
    writes: (clockHz, baud) => [[0x18, Math.round(clockHz / baud) - 1]],
  },
} as const satisfies Record<string, UartKind>;

/** The kinds there are. */
export const UART_KINDS = Object.keys(UARTS) as Uart['kind'][];

/** Writes of a row at most, as `firmware-stub/support/line-rate.c` has room for them. */
const MOST_WRITES = 5;

/** The table that `firmware-stub/support/line-rate.c` works by, as words.
 *  @param fromBaud rate now, which comes back unless the new one is confirmed
 *  @param patienceMs until then */
export function rateTable(uart: Uart, fromBaud: number, toBaud: number, patienceMs: number): Uint32Array {
  const kind: UartKind = UARTS[uart.kind];
  const { idle, drainBytes } = kind;
  const slowest = Math.min(fromBaud, toBaud);
  const rows = [toBaud, fromBaud].flatMap((baud) => {
    const writes = kind.writes(uart.clockHz, baud).map(([offset, value]) => [uart.addr + offset, value]);
    return [...writes, ...new Array<number[]>(MOST_WRITES - writes.length).fill([0, 0])];
  });
  const drainMicros = Math.ceil((drainBytes * 10 * 1_000_000) / slowest);
  const head = idle === undefined ? [0, 0, 0] : [uart.addr + idle.offset, idle.mask, idle.value];
  return Uint32Array.from([...head, drainMicros, patienceMs * 1000, ...rows.flat()]);
}
