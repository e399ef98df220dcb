// The pins of a simulated Pico from outside: what stands at an output, and a level that somebody puts on an input. What was
// put on stays on through resets of the chip, as a wire would.

import { GPIOPinState, type RP2040 } from 'rp2040js';

const WORDS = /^pin (\d+) (high|low)$/;
const INPUT_FROM_PAD = 1 << 17;
const GPIO_FUNCTION_SIO = 5;

export class Pins {
  readonly #driven = new Map<number, boolean>();

  /** What a person does to the board: `pin 5 high`.
   *  @returns false for anything else, and for a pin that is not there */
  act(chip: RP2040, words: string): boolean {
    const [, number, level] = WORDS.exec(words) ?? [];
    const pin = Number(number);
    if (level === undefined || pin >= chip.gpio.length) return false;
    this.#driven.set(pin, level === 'high');
    this.apply(chip);
    return true;
  }

  /** Puts on a chip what is put on. A level that was there before is no edge. */
  apply(chip: RP2040): void {
    for (const [index, isHigh] of this.#driven) {
      const pin = chip.gpio[index]!;
      if (((pin.status & INPUT_FROM_PAD) !== 0) !== isHigh) pin.setInputValue(isHigh);
    }
  }

  /** What there is to see: outputs of the program's own, and what is put on inputs. */
  lines(chip: RP2040): string[] {
    const outputs = chip.gpio
      .filter(({ functionSelect, outputEnable }) => functionSelect === GPIO_FUNCTION_SIO && outputEnable)
      .map(({ index, value }) => `${index} ${value === GPIOPinState.High ? 'high' : 'low'}`);
    const inputs = [...this.#driven].sort(([a], [b]) => a - b).map(([pin, high]) => `${pin} ${high ? 'high' : 'low'}`);
    const list = (pins: readonly string[]): string => (pins.length === 0 ? 'none' : pins.join(', '));
    return [`outputs ${list(outputs)}`, `put on  ${list(inputs)}`];
  }
}
