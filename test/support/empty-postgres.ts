import { randomInt } from 'node:crypto';
import { Client } from 'pg';

/** Set by the global setup of the tests, which starts a PostgreSQL for all of them; or by hand, for one of your own. */
const variable = 'TEST_POSTGRES_URL';

export interface EmptyPostgres extends AsyncDisposable {
  /** `postgres://…`, an empty database that nothing else uses. */
  readonly url: string;
}

/** Makes an empty database for one test, and drops it after the test, even if connections are left. */
export async function emptyPostgres(name: string): Promise<EmptyPostgres> {
  const server = process.env[variable];
  if (server === undefined)
    throw new Error(`${variable} is not set: run the tests with npm test, or set it to a server`);
  const database = `tocsin_${name}_${process.pid}_${randomInt(1_000_000)}`;
  await runOn(server, `create database ${database}`);
  const url = new URL(server);
  url.pathname = `/${database}`;
  return {
    url: url.href,
    [Symbol.asyncDispose]: () => runOn(server, `drop database if exists ${database} with (force)`),
  };
}

async function runOn(server: string, statement: string): Promise<void> {
  const client = new Client({ connectionString: server });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
