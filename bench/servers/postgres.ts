import pg from 'pg';
import { startPostgres } from '../../test/support/postgres-server.ts';

/** As an operator runs it: everything that is committed is on the disk. */
const durable = {
  shared_buffers: '512MB',
  max_connections: '400',
  fsync: 'on',
  synchronous_commit: 'on',
  full_page_writes: 'on',
  max_wal_size: '4GB',
  deadlock_timeout: '1s',
};

export interface BenchPostgres {
  readonly version: string;
  /** The URL of a new, empty database. */
  fresh(name: string): Promise<string>;
  stop(): Promise<void>;
}

/** One server for all who need one, each with its own database. */
export async function startBenchPostgres(): Promise<BenchPostgres> {
  const server = await startPostgres(durable);
  const [row] = await query(server.url, 'show server_version');
  let made = 0;
  return {
    version: String(row?.['server_version']),
    async fresh(name) {
      made += 1;
      const database = `bench_${name.replaceAll('-', '_')}_${made}`;
      await query(server.url, `create database ${database}`);
      const url = new URL(server.url);
      url.pathname = `/${database}`;
      return url.href;
    },
    stop: () => server.stop(),
  };
}

/** One statement on a separate connection. */
export async function query(url: string, statement: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<Record<string, unknown>>(statement);
    return rows;
  } finally {
    await client.end();
  }
}
