// A timer of each board, as its user would program it: `arm(us)` asks for one interrupt, `disarm()` takes it back,
// `raise()` has it come at once. `LINE` is its number. Sources are those of the boards' ports; of the timers:
//   RP2040 data sheet 4.6; CMSDK manual 4.1; LM3S6965 data sheet 11; STM32F405 manual (RM0090) 18;
//   nRF51 reference manual 18; RISC-V Privileged Architecture 3.2.1

import type { BoardRecord } from '../../boards/board.js';

/** By the interrupt controller. */
const PEND = `void raise() {
  bw::Register<>{0xE000E200}[LINE / 32].write(1u << LINE % 32);
  asm volatile("dsb\\n\\tisb" ::: "memory");
}
`;

const CMSDK = (base: number, line: number, mhz: number): string => `
constexpr int LINE = ${line};
constexpr bw::Register<> ctrl{${base}}, value{${base + 4}}, reload{${base + 8}}, cleared{${base + 12}};
void disarm() { ctrl.write(0); cleared.write(1); }
void arm(unsigned us) { reload.write(us * ${mhz}); value.write(us * ${mhz}); ctrl.write(9); }
${PEND}`;

const MACHINE_TIMER = `
constexpr int LINE = -1;
constexpr bw::Register<> low{0x02004000}, high{0x02004004}, now_low{0x0200BFF8}, now_high{0x0200BFFC};
void disarm() { high.write(~0u); }
void arm(unsigned us) {
  const unsigned from = now_low.read(), at = from + 10 * us, top = now_high.read() + (at < from);
  high.write(~0u); low.write(at); high.write(top);
}
void raise() { arm(0); }
`;

const TIMERS: Readonly<Record<string, string>> = {
  // The hardware looks about once a millisecond (boards/sim/wasm/peripherals.ts).
  wasm: `
constexpr int LINE = 1;
constexpr bw::Register<> pending{0x40008}, period{0x40024};
void disarm() { period.write(0); }
void arm(unsigned us) { period.write(us); }
void raise() { pending.set(1u << LINE); }
`,
  pico: `
constexpr int LINE = 1;
constexpr bw::Register<> alarm{0x40054014}, now{0x40054028}, raised{0x40054034}, enabled{0x40054038};
void disarm() { enabled.clear(2); raised.write(2); }
void arm(unsigned us) { enabled.set(2); alarm.write(now.read() + us); }
${PEND}`,
  'mps2-an385': CMSDK(0x4000_0000, 8, 25),
  'mps2-an386': CMSDK(0x4000_0000, 8, 25),
  'mps2-an500': CMSDK(0x4000_0000, 8, 25),
  'mps2-an505': CMSDK(0x5000_0000, 3, 20),
  lm3s6965evb: `
constexpr int LINE = 19;
constexpr bw::Register<> clocks{0x400FE104}, config{0x40030000}, mode{0x40030004}, control{0x4003000C},
    mask{0x40030018}, clear{0x40030024}, load{0x40030028};
void disarm() { control.write(0); clear.write(1); }
void arm(unsigned us) {
  clocks.set(1u << 16);
  control.write(0); config.write(0); mode.write(1); load.write(50 * us); mask.write(1); control.write(1);
}
${PEND}`,
  // QEMU counts 1 GHz where the chip counts 84 MHz. It also adds the time at which the counter was set to the time at
  // which the interrupt is due: the counter is left alone, and a reset of the board makes all later interrupts late.
  netduinoplus2: `
constexpr int LINE = 28;
constexpr bw::Register<> clocks{0x40023840}, control{0x40000000}, enabled{0x4000000C}, status{0x40000010},
    top{0x4000002C};
void disarm() { control.write(0); status.write(0); }
void arm(unsigned us) { clocks.set(1); enabled.write(1); control.write(1); top.write(1000 * us); }
${PEND}`,
  microbit: `
constexpr int LINE = 9;
constexpr bw::Register<> start{0x40009000}, stop{0x40009004}, reset{0x4000900C}, event{0x40009140},
    enabled{0x40009304}, mode{0x40009504}, bits{0x40009508}, prescaler{0x40009510}, compare{0x40009540};
void disarm() { stop.write(1); event.write(0); }
void arm(unsigned us) {
  mode.write(0); bits.write(0); prescaler.write(4); reset.write(1); compare.write(us); enabled.write(1u << 16);
  start.write(1);
}
${PEND}`,
  'virt-rv32': MACHINE_TIMER,
  'sifive-e': MACHINE_TIMER,
};

/** C++ for a session that has included <barewire.h>. */
export function timerSource({ image }: BoardRecord): string {
  const source = TIMERS[image.replace(/-usb$/, '')];
  if (source === undefined) throw new Error(`no timer is known of ${image}`);
  return source;
}
