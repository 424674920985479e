import { createHash } from 'node:crypto';

/** Lines that are kept for whoever reads a failure. */
const keptMax = 60;

/** What happened, in order: hashed as a whole, so that two runs can be compared, and kept at its end. */
export class Trace {
  readonly #hash = createHash('sha256');
  readonly #kept: string[] = [];
  readonly #tell: ((line: string) => void) | undefined;
  readonly #now: () => number;

  constructor(now: () => number, tell?: (line: string) => void) {
    this.#now = now;
    this.#tell = tell;
  }

  add(text: string): void {
    const line = `${this.#now().toFixed(3)} ${text}`;
    this.#hash.update(line);
    this.#tell?.(line);
    this.#kept.push(line);
    if (this.#kept.length > keptMax) this.#kept.shift();
  }

  get last(): readonly string[] {
    return this.#kept;
  }

  digest(): string {
    return this.#hash.copy().digest('hex');
  }
}
