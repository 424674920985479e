import { createHash } from 'node:crypto';

/** Lines that are kept for the reader of a failure. */
const keptMax = 60;
const hashedChars = 16_384;

/** What happened, in order: hashed as a whole, so that two runs can be compared, and kept at its end. */
export class Trace {
  readonly #hash = createHash('sha256');
  /** The text to be hashed: a call for each line would take longer than the hashing. */
  #unhashed = '';
  readonly #kept: string[] = [];
  readonly #tell: ((line: string) => void) | undefined;
  readonly #now: () => number;

  constructor(now: () => number, tell?: (line: string) => void) {
    this.#now = now;
    this.#tell = tell;
  }

  add(text: string): void {
    const line = `${Math.round(this.#now() * 1000) / 1000} ${text}`;
    this.#unhashed += line;
    if (this.#unhashed.length > hashedChars) this.#takeIn();
    this.#tell?.(line);
    this.#kept.push(line);
    if (this.#kept.length > keptMax) this.#kept.shift();
  }

  get last(): readonly string[] {
    return this.#kept;
  }

  digest(): string {
    this.#takeIn();
    return this.#hash.copy().digest('hex');
  }

  #takeIn(): void {
    this.#hash.update(this.#unhashed);
    this.#unhashed = '';
  }
}
