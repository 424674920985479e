/** What a program of the benchmark can be asked to do by the process that started it. */
export type Handlers = Readonly<Record<string, (input: never) => unknown>>;

interface Request {
  readonly call: number;
  readonly name: string;
  readonly input: unknown;
}

/** The number of a call that nobody waits for. */
const untold = 0;

/** Answers the parent's calls, one message each, and ends when the parent is gone. */
export function serveParent(handlers: Handlers): void {
  process.on('message', (message: Request) => void answer(handlers, message));
  process.on('disconnect', () => process.exit());
  tellParent({ ready: true });
}

/** Something that the parent did not ask for, such as a count that has changed. */
export function tellParent(message: object): void {
  if (process.connected) process.send?.(message);
}

async function answer(handlers: Handlers, { call, name, input }: Request): Promise<void> {
  try {
    const handler = handlers[name];
    if (handler === undefined) throw new Error(`there is no ${name} here`);
    const result = await handler(input as never);
    if (call !== untold) tellParent({ call, result });
  } catch (error) {
    tellParent({ call, error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  }
}

/** Microseconds of the machine's monotonic clock, which is the same for all of its processes. */
export function microseconds(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1_000_000 + Math.floor(nanoseconds / 1000);
}
