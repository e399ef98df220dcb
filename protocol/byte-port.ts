// A BytePort is the end of a serial line as the rest of barewire sees it: bytes go in, bytes come out,
// and at some point it closes. A USB adapter, a QEMU process, an in-process simulator and a test's
// modelled line all hand back one of these, so that nothing above needs to know which it is.

/** One end of a byte stream in both directions. Bytes arrive in order, split anywhere. */
export interface BytePort {
  /** What to call it in messages: a device path, or `qemu mps2-an385`. */
  readonly name: string;
  /** Bits a second of the line behind it, now, where a line sets the pace. */
  readonly baud?: number;
  /** Rate that the other end has set itself to, where a simulator knows. */
  readonly farBaud?: number | undefined;
  /** Sets that rate at this end, once what was written is out; absent where it cannot be set. */
  setBaud?(baud: number): Promise<void>;
  /** Sets modem lines at this end; absent where there are none. On many boards they reset it. */
  setSignals?(signals: { readonly dtr?: boolean; readonly rts?: boolean }): Promise<void>;
  /** Queues `bytes` for sending. Never throws and never blocks; a port that fails closes. */
  write(bytes: Uint8Array): void;
  /** Sets the one listener for received bytes; the chunk is the listener's to keep. */
  onData(listener: (bytes: Uint8Array) => void): void;
  /** Sets the one listener for the end of the port; `cause` is absent after `close()`. Called once. */
  onClose(listener: (cause?: Error) => void): void;
  /** Presses the reset button of what stands behind the port, where it can. Resolves when that is done. */
  reset?(): Promise<void>;
  /** What a person sees of a simulated board, in lines, after doing `words` to it: `press`, or nothing if it is empty.
   *  Undefined when the board does not know these words; absent where there is nothing to see. */
  panel?(words: string): readonly string[] | undefined;
  /** Ends the port and whatever stands behind it (process, worker). Resolves when all of it is gone. */
  close(): Promise<void>;
}
