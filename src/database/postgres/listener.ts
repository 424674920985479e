import pg from 'pg';
import type { Cancel, Timers } from '../../runtime/timers.ts';
import type { Hearing } from '../database.ts';
import { connectionWaitMs } from './pool.ts';
import type { DatabaseLogger } from '../slow-statements.ts';

const reconnectFirstMs = 250;
const reconnectMaxMs = 5_000;
/** One channel for all messages between nodes; each message names its subject. */
const channel = 'tocsin';

/**
 * A separate connection for `listen` and `notify`, made again when it is lost. Messages sent meanwhile are lost, and
 * behind a transaction pooler none may arrive: so it carries hints only.
 */
export class PostgresListener implements Hearing {
  readonly #url: string;
  readonly #timers: Timers;
  readonly #logger: DatabaseLogger;
  readonly #heard: (message: string | undefined) => void;
  #client: pg.Client | undefined;
  #closed = false;
  #reconnectMs = reconnectFirstMs;
  #cancel: Cancel = () => {};

  /** @param heard gets each message, and `undefined` when some may have been missed. */
  constructor(
    { url, timers, logger }: { url: string; timers: Timers; logger: DatabaseLogger },
    heard: (message: string | undefined) => void,
  ) {
    this.#url = url;
    this.#timers = timers;
    this.#logger = logger;
    this.#heard = heard;
    void this.#connect();
  }

  async say(message: string): Promise<void> {
    try {
      await this.#client?.query('select pg_notify($1, $2)', [channel, message]);
    } catch (error) {
      this.#logger.warn({ error: String(error) }, 'database.not_notified');
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#cancel();
    const client = this.#client;
    this.#client = undefined;
    await client?.end().catch(() => {});
  }

  async #connect(): Promise<void> {
    const client = new pg.Client({
      connectionString: this.#url,
      keepAlive: true,
      application_name: 'tocsin hints',
      connectionTimeoutMillis: connectionWaitMs,
    });
    client.on('error', () => {});
    client.once('end', () => this.#lost(client));
    client.on('notification', ({ payload }) => this.#heard(payload));
    try {
      await client.connect();
      await client.query(`listen ${channel}`);
    } catch (error) {
      this.#logger.warn({ error: String(error) }, 'database.not_listening');
      await client.end().catch(() => {});
      this.#lost(client);
      return;
    }
    if (this.#closed) return void client.end().catch(() => {});
    this.#client = client;
    this.#reconnectMs = reconnectFirstMs;
    this.#heard(undefined);
  }

  #lost(client: pg.Client): void {
    if (this.#closed || (this.#client !== undefined && this.#client !== client)) return;
    this.#client = undefined;
    this.#cancel();
    this.#cancel = this.#timers.after(this.#reconnectMs, () => void this.#connect());
    this.#reconnectMs = Math.min(this.#reconnectMs * 2, reconnectMaxMs);
  }
}
