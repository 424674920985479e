import { createHash } from 'node:crypto';
import type { DatabaseLogger } from '../slow-statements.ts';
import { isStalePlan, isUnknownStatement } from './errors.ts';

/** `auto`: named until the server or a pooler does not know a name · `on`: named all the same · `off`: never. */
export type Prepare = 'auto' | 'on' | 'off';

/** Texts with names: each connection keeps so many statements at most, and the server parses so many for it. */
export const namedMax = 256;
/** A text gets its name with this run. What runs only at a start, or once for a rare list, is not worth one. */
export const runsUntilNamed = 3;
/** Texts without a name whose runs are counted; then counting starts anew. */
const countedMax = 1_024;

/**
 * Names of prepared statements, the same on all connections of a process and on all nodes. The server parses a named
 * statement once per connection. There is no other bound on them than the number of names: a pooler in between does not
 * let a client drop one.
 */
export class StatementNames {
  readonly #setting: Prepare;
  readonly #logger: DatabaseLogger;
  readonly #names = new Map<string, string | undefined>();
  readonly #runs = new Map<string, number>();
  #refused = false;

  constructor(setting: Prepare, logger: DatabaseLogger) {
    this.#setting = setting;
    this.#logger = logger;
  }

  /** The name under which this run of the text is sent, undefined for none. */
  of(text: string): string | undefined {
    if (this.#setting === 'off' || this.#refused) return undefined;
    if (this.#names.has(text)) return this.#names.get(text);
    if (this.#names.size >= namedMax) return undefined;
    const runs = (this.#runs.get(text) ?? 0) + 1;
    if (runs < runsUntilNamed) {
      if (this.#runs.size >= countedMax) this.#runs.clear();
      this.#runs.set(text, runs);
      return undefined;
    }
    this.#runs.delete(text);
    const name = nameOf(text);
    this.#names.set(text, name);
    return name;
  }

  /**
   * A named statement has failed; it must be the first that failed in its transaction, because those behind it may miss
   * their name only for that. Once this has returned, the same statements run again without the name that failed.
   */
  failed(text: string, error: unknown): void {
    // The tables have changed. A pooler may give the same plan to any name, so this text goes without.
    if (isStalePlan(error)) this.#names.set(text, undefined);
    if (!isUnknownStatement(error) || this.#setting === 'on' || this.#refused) return;
    this.#refused = true;
    this.#logger.warn({ error: String(error) }, 'database.not_prepared');
  }
}

/** Texts that differ have different names, also beside those of other programs on the same server connection. */
function nameOf(text: string): string {
  return `tocsin_${createHash('sha256').update(text).digest('base64url').slice(0, 32)}`;
}
