// MicroPython as WebAssembly, from npm: an interpreter in the same engine as the board `wasm`.

/** An interpreter of Python that has been given definitions. */
export interface Python {
  /** Runs definitions. @throws with Python's own words */
  define(source: string): Promise<void>;
  /** Evaluates an expression whose value is a whole number: its lower 32 bits, and how long it took
   *  (here the processor's time: runs are long enough to be interrupted on a busy machine). */
  timed(expression: string): Promise<{ readonly value: number; readonly micros: number }>;
  close(): Promise<void>;
}

const PACKAGE = '@micropython/micropython-webassembly-pyscript';
/** Ample: what is compared is speed, not memory. */
const OPTIONS = { heapsize: 4 * 1024 * 1024, pystack: 16 * 1024 };

interface Loaded {
  loadMicroPython(options: typeof OPTIONS): Promise<{
    runPython(source: string): unknown;
    readonly globals: { get(name: string): unknown };
  }>;
}

/** Starts it; undefined where the package is not installed. */
export async function startMicroPython(): Promise<Python | undefined> {
  const loaded = await (import(PACKAGE) as Promise<Loaded>).catch(() => undefined);
  if (loaded === undefined) return undefined;
  const python = await loaded.loadMicroPython(OPTIONS);
  return {
    define: async (source) => void python.runPython(source),
    timed: async (expression) => {
      const start = process.cpuUsage();
      python.runPython(`result = ${expression}`);
      const { user, system } = process.cpuUsage(start);
      const micros = user + system;
      python.runPython('result = str(result % 0x100000000)');
      return { value: Number(python.globals.get('result')) | 0, micros };
    },
    close: async () => {},
  };
}
