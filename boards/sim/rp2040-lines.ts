// The two lines that a simulated Pico can have: UART0, and its USB port with rp2040js's host at the other end.

import { type RP2040, USBCDC } from 'rp2040js';

export interface Rp2040Line {
  /** Bytes that it takes now. */
  room(): number;
  /** Gives it bytes, at most `room()` of them. */
  give(bytes: readonly number[]): void;
}

const FIFO_BYTES = 32;

/** UART0 with its FIFO. */
export function openUart(chip: RP2040, onByte: (byte: number) => void): Rp2040Line {
  const uart = chip.uart[0]!;
  const { rxFIFO } = uart as unknown as { rxFIFO: { readonly itemCount: number } };
  uart.onByte = onByte;
  return {
    room: () => FIFO_BYTES - rxFIFO.itemCount,
    give: (bytes) => {
      for (const byte of bytes) uart.feedByte(byte);
    },
  };
}

/** The USB port, and a host that finds a serial device on it and opens it. A device that is ready to receive gets a
 *  packet once there is something to send: rp2040js's host would send empty ones without end. */
export function openUsb(chip: RP2040, onByte: (byte: number) => void): Rp2040Line {
  const usb = chip.usbCtrl;
  const host = new USBCDC(usb);
  host.onSerialData = (bytes) => {
    for (const byte of bytes) onByte(byte);
  };
  let ready = 0;
  let endpoint = 0;
  usb.onEndpointRead = (number, size) => {
    if (number === 0) return; // the end of a control request
    endpoint = number;
    ready = size;
  };
  return {
    room: () => ready,
    give: (bytes) => {
      ready = 0;
      usb.endpointReadDone(endpoint, Uint8Array.from(bytes));
    },
  };
}
