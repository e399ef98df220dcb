// Ports of boards that no simulator has: what they write to which register, in which order, held against the data sheets.
// The port itself is compiled for the PC; test/stub/register-model.h plays the registers.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { firmwareFolder } from '../../firmware-stub/build.js';
import { findFirmwareTools } from '../../firmware-stub/tools/find-tools.js';
import { IMAGES } from '../../firmware-stub/tools/images.js';
import { packageRoot } from '../../host/diag/package-root.js';

let scratch: string;
beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), 'barewire-ports-'));
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** One line of what the port did: `[addr, value]`, or the byte it handed on. */
type Action = readonly [addr: number, value: number] | { readonly received: number };

interface Port {
  /** Calls a function of the port.
   *  @param rules what registers read as, see register-model.h */
  call(what: 'init' | 'write' | 'receive' | 'reset', ...rules: readonly (readonly number[])[]): Action[];
}

/** @throws if the port does not compile, or loops */
function compilePort(image: string): Port {
  const row = IMAGES.find(({ name }) => name === image)!;
  const firmware = firmwareFolder();
  const program = join(scratch, image);
  const port = join(firmware, 'port', row.port, 'port.c');
  const { arch } = row.machine;
  const includes = ['core', `arch/${arch}`, 'generated', 'port'].map((folder) => `-I${join(firmware, folder)}`);
  const core = arch === 'cortexm' ? ['-D__ARM_ARCH_7M__'] : [];
  const defines = [...core, ...row.defines.map((define) => `-D${define}`), `-DPORT="${port}"`];
  const source = join(packageRoot(), 'test/stub/register-model.h');
  const args = ['-x', 'c++', '-std=c++17', '-w', ...includes, ...defines, source, '-o', program];
  const compiled = spawnSync(findFirmwareTools().clang, args, { encoding: 'utf8', timeout: 60_000 });
  if (compiled.status !== 0) throw new Error(compiled.stderr);
  return {
    call(what, ...rules) {
      const words = rules.map((rule) => rule.map((word) => word.toString(16)).join(':'));
      const ended = spawnSync(program, [what, ...words], { encoding: 'utf8', timeout: 5000 });
      if (ended.status !== 0) throw new Error(`${what}: ${ended.error?.message ?? ended.signal}\n${ended.stdout}`);
      return ended.stdout
        .trim()
        .split('\n')
        .map((line): Action => {
          const [addr, value] = line.split(' = ').map((word) => Number.parseInt(word, 16));
          return value === undefined ? { received: Number.parseInt(line.split(' ')[1]!, 16) } : [addr!, value];
        });
    },
  };
}

/** The writes as `{addr, value}` in hexadecimal, for reading beside a data sheet. */
const shown = (actions: readonly Action[]): string[] =>
  actions.map((action) =>
    'received' in action ? `received ${action.received}` : action.map((word) => word.toString(16)).join(' = '),
  );

/** What a register held last. */
function last(actions: readonly Action[], addr: number): number {
  const found = actions.filter((action) => !('received' in action) && action[0] === addr).at(-1);
  if (found === undefined || 'received' in found) throw new Error(`0x${addr.toString(16)} was never written`);
  return found[1];
}

/** A receiver bears two percent. */
const expectBaud = (baud: number): void => expect(Math.abs(baud / 115_200 - 1)).toBeLessThan(0.015);

const NVIC_ISER0 = 0xe000_e100;
const SYST_RVR = 0xe000_e014;

describe('Arduino Due: SAM3X data sheet (Atmel 11057)', () => {
  const PMC_SR = 0x400e_0668;
  const [MOSCXTS, LOCKA, MCKRDY, MOSCSELS] = [1 << 0, 1 << 1, 1 << 3, 1 << 16];
  const UART_SR = 0x400e_0814;
  let port: Port;
  let started: Action[];
  beforeAll(() => {
    port = compilePort('arduino-due');
    started = port.call('init', [PMC_SR, MOSCXTS! | LOCKA! | MCKRDY! | MOSCSELS!]);
  });

  it('sets up watchdog, flash, clocks, pins, UART, SysTick and interrupt, in this order', () => {
    expect(shown(started)).toEqual([
      '400e1a54 = 8000', // WDT_MR: WDDIS
      '400e0a00 = 400', // EEFC_FMR: FWS = 4
      '400e0630 = 11', // PMC_MCKR: CSS = main clock, PRES = 1 (/ 2)
      '400e0620 = 370809', // CKGR_MOR: key, MOSCXTST = 8, MOSCRCEN, MOSCXTEN
      '400e0620 = 1370809', // and MOSCSEL
      '400e0628 = 200d3f01', // CKGR_PLLAR: bit 29, MULA = 13, PLLACOUNT = 63, DIVA = 1
      '400e0630 = 12', // CSS = PLLA
      '400e0610 = 100', // PMC_PCER0: peripheral 8
      '400e0e04 = 300', // PIO_PDR: PA8, PA9
      '400e0820 = 2e', // UART_BRGR
      '400e0804 = 800', // UART_MR: PAR = 4, none; CHMODE = 0
      '400e0808 = 1', // UART_IER: RXRDY
      '400e0800 = 50', // UART_CR: TXEN, RXEN
      'e000e014 = 40163f',
      'e000e018 = 0',
      'e000e010 = 7',
      'e000e408 = 80808000', // NVIC_IPR2: interrupt 8 before all others
      'e000e100 = 100',
    ]);
  });

  it('comes to 84 MHz, to 115,200 baud, and to a SysTick period of 50 ms', () => {
    const pll = last(started, 0x400e_0628);
    const mainHz = 12_000_000;
    const pllHz = (mainHz * (((pll >>> 16) & 0x7ff) + 1)) / (pll & 0xff);
    const masterHz = pllHz / 2 ** ((last(started, 0x400e_0630) >>> 4) & 7);
    expect(masterHz).toBe(84_000_000);
    expectBaud(masterHz / 16 / last(started, 0x400e_0820));
    expect((last(started, SYST_RVR) + 1) / masterHz).toBeCloseTo(0.05);
    expect(last(started, NVIC_ISER0)).toBe(1 << 8);
  });

  it('waits for each clock that it changed', () => {
    for (const missing of [MOSCXTS!, LOCKA!, MOSCSELS!]) {
      const rest = (MOSCXTS! | LOCKA! | MCKRDY! | MOSCSELS!) & ~missing;
      expect(() => port.call('init', [PMC_SR, rest])).toThrow(/waits for 400e0668/);
    }
  });

  it('sends, receives and restarts', () => {
    expect(shown(port.call('write', [UART_SR, 2]))).toEqual(['400e081c = 5a']); // TXRDY; UART_THR
    expect(port.call('receive', [UART_SR, 1, 0x400e_0818, 0x41])).toEqual([{ received: 0x41 }]); // RXRDY; UART_RHR
    expect(shown(port.call('reset'))).toEqual(['400e1a00 = a5000005']); // RSTC_CR: key, PERRST, PROCRST
  });
});

describe.each(['nucleo-f401re', 'nucleo-f446re'])('%s: reference manuals RM0368, RM0390; UM1724', (image) => {
  let port: Port;
  let started: Action[];
  beforeAll(() => {
    port = compilePort(image);
    started = port.call('init', [0x4002_3800, 1 << 25]); // RCC_CR: PLLRDY
  });

  it('sets up clocks, pins, UART, SysTick and interrupt, in this order', () => {
    expect(shown(started)).toEqual([
      '40023804 = 27015410', // RCC_PLLCFGR: R = 2 (as from reset), Q = 7, HSI, P = 1 (/ 4), N = 336, M = 16
      '40023800 = 3000000', // RCC_CR: PLLON
      '40023c00 = 702', // FLASH_ACR: two wait states, caches, prefetch
      '40023808 = 1002', // RCC_CFGR: PPRE1 = 4 (/ 2), SW = PLL
      '40023830 = 1', // RCC_AHB1ENR: GPIOA
      '40023840 = 20000', // RCC_APB1ENR: USART2
      '40020000 = a0', // GPIOA_MODER: PA2 and PA3 alternate
      '40020020 = 7700', // GPIOA_AFRL: function 7, USART2
      '40004408 = 16d', // USART2_BRR
      '4000440c = 202c', // USART2_CR1: UE, RXNEIE, TE, RE
      'e000e014 = 40163f',
      'e000e018 = 0',
      'e000e010 = 7',
      'e000e424 = 80008080', // NVIC_IPR9: interrupt 38 before all others
      'e000e104 = 40',
    ]);
  });

  it('comes to 84 MHz, which all of these chips may have, and to 115,200 baud', () => {
    const pll = last(started, 0x4002_3804);
    const vcoHz = (16_000_000 / (pll & 0x3f)) * ((pll >>> 6) & 0x1ff);
    expect(vcoHz).toBeGreaterThanOrEqual(192_000_000); // F401
    expect(vcoHz).toBeLessThanOrEqual(432_000_000);
    const coreHz = vcoHz / (2 * (((pll >>> 16) & 3) + 1));
    expect(coreHz).toBe(84_000_000);
    const prescaler = (last(started, 0x4002_3808) >>> 10) & 7; // PPRE1: 4 is / 2
    const busHz = coreHz / (prescaler < 4 ? 1 : 2 ** (prescaler - 3));
    expect(busHz).toBeLessThanOrEqual(42_000_000); // F401's APB1
    expectBaud(busHz / last(started, 0x4000_4408));
  });

  it('sends, receives and restarts', () => {
    expect(shown(port.call('write', [0x4000_4400, 1 << 7]))).toEqual(['40004404 = 5a']); // TXE
    expect(port.call('receive', [0x4000_4400, 1 << 5, 0x4000_4404, 0x41])).toEqual([{ received: 0x41 }]); // RXNE
    expect(shown(port.call('reset'))).toEqual(['e000ed0c = 5fa0004']);
  });
});

describe('ESP32-C3: Technical Reference Manual; espressif/svd', () => {
  let port: Port;
  let started: Action[];
  beforeAll(() => {
    port = compilePort('esp32-c3');
    started = port.call('init');
  });

  it('turns the watchdogs off, sets up clock, UART and interrupt matrix, in this order', () => {
    expect(shown(started)).toEqual([
      '600080a8 = 50d83aa1', // RTC_CNTL_WDTWPROTECT
      '60008090 = 0', // RTC_CNTL_WDTCONFIG0
      '600080b0 = 8f1d312a', // RTC_CNTL_SWD_WPROTECT
      '600080ac = 40000000', // RTC_CNTL_SWD_CONF: SWD_DISABLE
      '6001f064 = 50d83aa1', // TIMG0_WDTWPROTECT
      '6001f048 = 0', // TIMG0_WDTCONFIG0
      '600c0058 = 0', // SYSTEM_SYSCLK_CONF: SOC_CLK_SEL = crystal, PRE_DIV_CNT = 0
      '60000078 = 3700000', // UART_CLK_CONF: TX and RX clocks, SCLK_EN, SCLK_SEL = crystal, SCLK_DIV_NUM = 0
      '60000014 = 30015b', // UART_CLKDIV: FRAG = 3, CLKDIV = 347
      '60000024 = 200040', // UART_CONF1: RX_TOUT_EN, RXFIFO_FULL_THRHD = 64
      '6000000c = 101', // UART_INT_ENA: RXFIFO_TOUT, RXFIFO_FULL
      '600c2054 = b', // INTERRUPT_CORE0_UART_INTR_MAP
      '600c20c8 = 3', // INTERRUPT_CORE0_CPU_INTR_FROM_CPU_0_MAP
      '600c2140 = 3', // CPU_INT_PRI_11
      '600c2120 = 2', // CPU_INT_PRI_3
      '600c2104 = 808', // CPU_INT_ENABLE
    ]);
  });

  it('comes to 115,200 baud from the crystal', () => {
    const divisor = last(started, 0x6000_0014);
    expectBaud(40_000_000 / ((divisor & 0xfff) + (divisor >>> 20) / 16));
  });

  it('has the receive interrupt before the service interrupt, under the numbers of the standard ones', () => {
    const [receive, service] = [last(started, 0x600c_2054), last(started, 0x600c_20c8)];
    expect([receive, service]).toEqual([11, 3]); // machine external, machine software
    const priority = (number: number) => last(started, 0x600c_2114 + 4 * number);
    expect(priority(receive)).toBeGreaterThan(priority(service));
  });

  it('sends and receives', () => {
    expect(shown(port.call('write'))).toEqual(['60000000 = 5a']); // UART_FIFO
    expect(() => port.call('write', [0x6000_001c, 127 << 16])).toThrow(/waits for 6000001c/); // UART_STATUS: TXFIFO_CNT
    const received = port.call('receive', [0x6000_001c, 1, 0x6000_0000, 0x41]); // RXFIFO_CNT
    expect(received).toEqual([[0x6000_0010, 0x101], { received: 0x41 }]); // UART_INT_CLR first
  });
});
