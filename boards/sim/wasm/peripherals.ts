// The simulated chip around the executor: lamps, a button, a timer, a UART and a converter, as words of memory that this
// thread looks at about once a millisecond, as slow hardware would. docs/wasm.md has the same table for users.
//
// Registers are plain memory, so that what is written stays until the hardware takes it: a byte for the UART replaces
// the bit that says it is free, and the hardware sets that bit again when the byte is out.

import { ATTENTION_ADDR, PERIPHERALS } from './layout.js';

/** Bytes from the start of the block. */
export const REGISTERS = {
  /** Address of the table of handlers, by line; 0: no interrupts. */
  irqVectors: 0x00,
  /** A bit for each line that is let in. */
  irqEnable: 0x04,
  /** A bit for each line that asks; taken back when its handler is called. */
  irqPending: 0x08,
  /** Where the record of a fault in a handler goes that nobody waits for; 0: nowhere. */
  irqRecord: 0x0c,
  /** Lamps: bits 0 to 7. */
  leds: 0x10,
  /** Bit 0: it is pressed. */
  button: 0x14,
  /** Microseconds, modulo 2^32. */
  timerNow: 0x20,
  /** Microseconds from one interrupt to the next; 0: none. */
  timerPeriod: 0x24,
  /** Bit 31: free. A byte that is written here is sent. */
  uartOut: 0x30,
  /** Bit 8: a byte is there, in bits 0 to 7. Write 0 to get the next. */
  uartIn: 0x34,
  /** Which signal: 0 sine, 1 triangle, 2 square. */
  adcChannel: 0x40,
  /** 12 bits, about a second a period. */
  adcValue: 0x44,
} as const;

/** Lines of the interrupt controller. */
export const LINES = { timer: 1, button: 2, uart: 3 } as const;

const UART_FREE = 0x8000_0000 | 0;
const UART_FULL = 0x100;
const LAMPS = 8;
const SHOWN_CHARACTERS = 60;
const TICK_MS = 1;
const IDLE_MS = 20;
const PERIOD_MS = 1000;
const ADC_MIDDLE = 2048;

/** Wakes the executor up. */
export type Wake = () => void;

export class Peripherals {
  readonly #words: Int32Array;
  readonly #wake: Wake;
  readonly #bornMs = performance.now();
  #nextMs = 0;
  #period = 0;
  #sent = '';
  #toSend: number[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(memory: SharedArrayBuffer, wake: Wake) {
    this.#words = new Int32Array(memory);
    this.#wake = wake;
    this.#set('uartOut', UART_FREE);
    this.#schedule();
  }

  /** What there is to see. */
  lines(): string[] {
    const leds = this.#get('leds');
    const lamps = Array.from({ length: LAMPS }, (_, bit) => ((leds >> (LAMPS - 1 - bit)) & 1 ? '●' : '○')).join('');
    const period = this.#get('timerPeriod');
    const address = `0x${PERIPHERALS.addr.toString(16)}`;
    return [
      `lamps   ${lamps}    button ${this.#get('button') & 1 ? 'pressed' : 'released'}    registers at ${address}`,
      `timer   ${period === 0 ? 'off' : `every ${period} us`}    adc ${this.#get('adcValue')} of 4095`,
      `uart    ${JSON.stringify(this.#sent.slice(-SHOWN_CHARACTERS))}`,
    ];
  }

  /** What a person does to the board: `press`, `release`, `send TEXT`.
   *  @returns false for anything else */
  act(words: string): boolean {
    const [verb, ...rest] = words.split(' ');
    if (verb === 'press' || verb === 'release') {
      this.#set('button', verb === 'press' ? 1 : 0);
      this.#raise(LINES.button);
    } else if (verb === 'send' && rest.length > 0) {
      this.#toSend.push(...Buffer.from(rest.join(' ')));
      this.tick();
    } else return false;
    return true;
  }

  /** Lets the hardware do what is due. */
  tick(): void {
    const nowMs = performance.now() - this.#bornMs;
    this.#set('timerNow', (nowMs * 1000) | 0);
    this.#set('adcValue', sampleOf(this.#get('adcChannel'), nowMs));
    const period = this.#get('timerPeriod') >>> 0;
    if (period !== this.#period) {
      this.#period = period;
      this.#nextMs = nowMs + period / 1000;
    } else if (period !== 0 && nowMs >= this.#nextMs) {
      // What was missed meanwhile is missed: a line asks once.
      this.#nextMs += Math.max(1, Math.floor((nowMs - this.#nextMs) / (period / 1000)) + 1) * (period / 1000);
      this.#raise(LINES.timer);
    }
    const out = this.#get('uartOut');
    if ((out & UART_FREE) === 0) {
      this.#sent = (this.#sent + String.fromCharCode(out & 0xff)).slice(-4 * SHOWN_CHARACTERS);
      this.#set('uartOut', UART_FREE);
    }
    if (this.#toSend.length > 0 && this.#get('uartIn') === 0) {
      this.#set('uartIn', UART_FULL | this.#toSend.shift()!);
      this.#raise(LINES.uart);
    }
    this.#ask();
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #schedule(): void {
    const isBusy = this.#period !== 0 || this.#toSend.length > 0 || this.#get('irqVectors') !== 0;
    this.#timer = setTimeout(
      () => {
        this.tick();
        this.#schedule();
      },
      isBusy ? TICK_MS : IDLE_MS,
    );
    this.#timer.unref();
  }

  #raise(line: number): void {
    Atomics.or(this.#words, place('irqPending'), 1 << line);
    this.#ask();
  }

  /** Has the executor look, if a line asks that is let in: code may have asked for it, too. */
  #ask(): void {
    if (this.#get('irqVectors') === 0 || (this.#get('irqEnable') & this.#get('irqPending')) === 0) return;
    Atomics.store(this.#words, ATTENTION_ADDR / 4, 1);
    this.#wake();
  }

  #get(register: keyof typeof REGISTERS): number {
    return Atomics.load(this.#words, place(register));
  }

  #set(register: keyof typeof REGISTERS, value: number): void {
    Atomics.store(this.#words, place(register), value);
  }
}

const place = (register: keyof typeof REGISTERS): number => (PERIPHERALS.addr + REGISTERS[register]) / 4;

/** 12 bits of a signal. */
function sampleOf(channel: number, nowMs: number): number {
  const phase = (nowMs % PERIOD_MS) / PERIOD_MS;
  if (channel === 1) return Math.round((phase < 0.5 ? 2 * phase : 2 - 2 * phase) * (2 * ADC_MIDDLE - 1));
  if (channel === 2) return phase < 0.5 ? 2 * ADC_MIDDLE - 1 : 0;
  return Math.round(ADC_MIDDLE + Math.sin(2 * Math.PI * phase) * (ADC_MIDDLE - 1));
}

/** The controller as the executor sees it: the line whose handler is to be called now, and the handler's address. */
export function takeInterrupt(words: Int32Array): { readonly line: number; readonly handler: number } | undefined {
  const vectors = Atomics.load(words, place('irqVectors'));
  if (vectors === 0) return undefined;
  const due = Atomics.load(words, place('irqPending')) & Atomics.load(words, place('irqEnable'));
  if (due === 0) return undefined;
  const line = 31 - Math.clz32(due & -due);
  Atomics.and(words, place('irqPending'), ~(1 << line));
  return { line, handler: words[(vectors >> 2) + line]! };
}

/** What a reset of the board does to the chip. The button is as somebody holds it. */
export function resetRegisters(words: Int32Array): void {
  for (const name of Object.keys(REGISTERS) as (keyof typeof REGISTERS)[]) {
    if (name !== 'button') Atomics.store(words, place(name), name === 'uartOut' ? UART_FREE : 0);
  }
}

/** Address that a fault record goes to; undefined when no handler was ever installed. */
export function keptRecordAddr(words: Int32Array): number | undefined {
  return Atomics.load(words, place('irqRecord')) || undefined;
}

/** A line is not let in any more: its handler did not end well. */
export function keepOut(words: Int32Array, line: number): void {
  Atomics.and(words, place('irqEnable'), ~(1 << line));
}
