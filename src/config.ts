import { Failure } from './runtime/failure.ts';
import { readFlatToml } from './runtime/flat-toml.ts';
import { closest } from './runtime/closest.ts';
import { address, integer, list, oneOf, text, textOf, url } from './runtime/setting.ts';
import type { Setting } from './runtime/setting.ts';

const hidden = (value: string): string => (value === '' ? '' : '(set, hidden)');

/** A URL without the password in it, nor anything else that is said before the `@`. */
const withoutPassword = (value: string): string =>
  value.replace(/\/\/[^@/]*@/, '//(hidden)@').replace(/\?.*$/, '?(hidden)');

/** The reader of the key, in `access/`, decodes it; here its form is checked with the other settings. */
const sealingKey = {
  expects: '32 random bytes as base64 or as 64 hex digits, as made by "openssl rand -base64 32"',
  read: (value: string) =>
    /^(?:[0-9a-f]{64}|[A-Za-z0-9+/_-]{43}=?)$/i.test(value) ? { value } : { fault: 'does not have 32 bytes' },
  write: (value: string) => value,
};

const hostName = /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/i;
const rangeOrHost = /^([0-9a-f.:]+\/\d{1,3}|\[[0-9a-f:.]+\]:\d{1,5}|[a-z0-9.-]+:\d{1,5})$/i;
const ipOrRange = /^[0-9a-f.:]+(\/\d{1,3})?$/i;

/** Every setting, once. What is not here does not exist. */
const settings = {
  listen: setting(
    'TOCSIN_LISTEN',
    address,
    { host: '127.0.0.1', port: 8567 },
    '0.0.0.0:8567',
    'Where the server takes connections; the default is this machine only.',
  ),
  publicUrl: setting(
    'TOCSIN_PUBLIC_URL',
    url(['http', 'https']),
    '',
    'https://tocsin.example.org',
    'Where people and senders find the server: it is in links, and its host is trusted.',
  ),
  trustedHosts: setting(
    'TOCSIN_TRUSTED_HOSTS',
    list('host names', hostName),
    [],
    'tocsin,tocsin.internal',
    'Further names under which the server may be spoken to; a request with another Host is refused.',
  ),
  data: setting(
    'TOCSIN_DATA',
    text,
    './data',
    '/var/lib/tocsin',
    'The folder of the embedded database and of the key made at the first start.',
  ),
  databaseUrl: masked(
    'TOCSIN_DATABASE_URL',
    url(['postgres', 'postgresql']),
    'postgres://tocsin:password@db.internal/tocsin',
    'PostgreSQL, for several nodes; without it, SQLite in the data folder.',
    withoutPassword,
  ),
  secretKey: masked(
    'TOCSIN_SECRET_KEY',
    sealingKey,
    'a2V5cy1hcmUtbm90LXRha2VuLWZyb20tZXhhbXBsZXM=',
    'Seals the stored secrets, the same on every node; without it, one is made in the data folder.',
    hidden,
  ),
  accountId: setting(
    'TOCSIN_ACCOUNT_ID',
    integer(1, 99_999_999_999_999),
    10_000_000_000_001,
    '10000000000001',
    'The account_id in payloads; fixed by the first start.',
  ),
  accountName: setting('TOCSIN_ACCOUNT_NAME', textOf(1), 'Tocsin', 'Example Org', 'The account_name in payloads.'),
  adminEmail: setting('TOCSIN_ADMIN_EMAIL', text, '', 'ops@example.org', 'The first admin, made at the first start.'),
  adminPassword: masked(
    'TOCSIN_ADMIN_PASSWORD',
    textOf(12),
    'correct-horse-battery',
    "The first admin's password for the console, which does not exist yet: until then it is accepted and not used.",
    hidden,
  ),
  appKey: masked(
    'TOCSIN_APP_KEY',
    textOf(32),
    '0123456789abcdef0123456789abcdef012',
    'An app key of the first admin, at the first start only; without it, one is made and printed.',
    hidden,
  ),
  egressAllow: setting(
    'TOCSIN_EGRESS_ALLOW',
    list('CIDRs and host:port', rangeOrHost),
    [],
    '10.20.0.0/16,hooks.internal:8080',
    'Private targets that webhooks may reach; cloud metadata stays closed.',
  ),
  egressBind: setting(
    'TOCSIN_EGRESS_BIND',
    list('IP addresses', ipOrRange),
    [],
    '192.0.2.10',
    'Addresses of this machine that pushes are sent from.',
  ),
  egressPublished: setting(
    'TOCSIN_EGRESS_PUBLISHED',
    list('IP addresses and CIDRs', ipOrRange),
    [],
    '198.51.100.7',
    'Addresses that receivers see pushes come from, as /egress/info tells them.',
  ),
  egressProxy: masked(
    'TOCSIN_EGRESS_PROXY',
    url(['http']),
    'http://proxy.internal:3128',
    'An HTTP proxy that all pushes go through, by CONNECT; it resolves the names, so it must refuse what they should not lead to.',
    withoutPassword,
  ),
  historyDays: setting(
    'TOCSIN_HISTORY_DAYS',
    integer(1, 3650),
    7,
    '30',
    'Days that deliveries and their attempts are kept.',
  ),
  eventHours: setting(
    'TOCSIN_EVENT_HOURS',
    integer(1, 8760),
    24,
    '48',
    'Hours that an open alert takes further reports; a later one opens a new alert.',
  ),
  ingestRate: setting(
    'TOCSIN_INGEST_RATE',
    integer(0, 1_000_000),
    5000,
    '100',
    'Requests per second and integration, 0 = no limit; beyond it the answer is 429, after which Alertmanager does not try again.',
  ),
  apiRate: setting(
    'TOCSIN_API_RATE',
    integer(0, 1_000_000),
    500,
    '50',
    'API requests per second, of all keys together, 0 = no limit.',
  ),
  bodyBytes: setting(
    'TOCSIN_BODY_BYTES',
    integer(65_536, 67_108_864),
    1_048_576,
    '4194304',
    'Bytes that the body of a request may have.',
  ),
  headerBytes: setting(
    'TOCSIN_HEADER_BYTES',
    integer(4096, 131_072),
    16_384,
    '32768',
    'Bytes that the headers of a request may have, its path included.',
  ),
  headerSeconds: setting(
    'TOCSIN_HEADER_SECONDS',
    integer(1, 300),
    10,
    '20',
    'Seconds within which the headers of a request must have come.',
  ),
  requestSeconds: setting(
    'TOCSIN_REQUEST_SECONDS',
    integer(1, 3600),
    30,
    '60',
    'Seconds within which a whole request must have come.',
  ),
  connections: setting(
    'TOCSIN_CONNECTIONS',
    integer(10, 1_000_000),
    10_000,
    '2000',
    'Connections that may be open at once.',
  ),
  drainSeconds: setting(
    'TOCSIN_DRAIN_SECONDS',
    integer(0, 600),
    30,
    '60',
    'Seconds that running requests and pushes get when the server stops.',
  ),
  leaseSeconds: setting(
    'TOCSIN_LEASE_SECONDS',
    integer(2, 120),
    10,
    '30',
    'Seconds after which other nodes take over from one that has gone; the same on every node.',
  ),
  logLevel: setting(
    'TOCSIN_LOG_LEVEL',
    oneOf(['debug', 'info', 'warn', 'error']),
    'info',
    'debug',
    'The least that is logged.',
  ),
} as const;

type Settings = typeof settings;

/** The settings as values, each checked. */
export type Config = { readonly [Key in keyof Settings]: Settings[Key] extends Setting<infer Value> ? Value : never };

/** Read from the environment by `main.ts` only: where the file is. Without it, `tocsin.toml` in the working folder, if there. */
export const configPathVariable = 'TOCSIN_CONFIG';

/** Names that tests and crash points use; they are no settings. */
const testPrefix = 'TOCSIN_TEST_';

export interface ConfigSources {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly file?: { readonly path: string; readonly text: string } | undefined;
}

/**
 * Reads all settings; the environment wins over the file, and an empty variable counts as not set.
 * @throws Failure that names everything that is wrong at once.
 */
export function readConfig(sources: ConfigSources): Config {
  const faults: string[] = [];
  const given = new Map([...fromFile(sources.file, faults), ...fromEnv(sources.env, faults)]);
  const values = Object.entries<Setting<unknown>>(settings).map(([key, { name, kind, fallback, example }]) => {
    const source = given.get(name);
    if (source === undefined) return [key, fallback];
    const result = kind.read(source.text);
    if ('value' in result) return [key, result.value];
    faults.push(`${source.from} ${result.fault}: it takes ${kind.expects}, for example ${example}`);
    return [key, fallback];
  });
  if (faults.length > 0) throw new Failure('InvalidParameter', `the settings are wrong:\n  ${faults.join('\n  ')}`);
  return Object.fromEntries(values) as Config;
}

interface Given {
  readonly text: string;
  /** How messages name it. */
  readonly from: string;
}

const names = Object.values<Setting<unknown>>(settings).map(({ name }) => name);

function fromEnv(env: ConfigSources['env'], faults: string[]): [string, Given][] {
  const given: [string, Given][] = [];
  for (const [name, value] of Object.entries(env)) {
    if (!name.startsWith('TOCSIN_') || name.startsWith(testPrefix) || name === configPathVariable) continue;
    if (!names.includes(name as `TOCSIN_${string}`)) faults.push(unknownSetting(name, names));
    else if (value !== undefined && value !== '') given.push([name, { text: value, from: name }]);
  }
  return given;
}

function fromFile(file: ConfigSources['file'], faults: string[]): [string, Given][] {
  if (file === undefined) return [];
  const { entries, faults: syntax } = readFlatToml(file.text);
  faults.push(...syntax.map((fault) => `${file.path} ${fault}`));
  const keys = names.map(fileKey);
  const given: [string, Given][] = [];
  for (const { key, value, line } of entries) {
    const name = names.find((known) => fileKey(known) === key);
    if (name === undefined) faults.push(`${file.path} line ${line}: ${unknownSetting(key, keys)}`);
    else if (value !== '') given.push([name, { text: value, from: `${file.path} line ${line}: ${key}` }]);
  }
  return given;
}

function unknownSetting(name: string, known: readonly string[]): string {
  const near = closest(name, known);
  return `${name} is not a setting${near === undefined ? '' : `; did you mean ${near}?`}`;
}

function fileKey(name: string): string {
  return name.slice('TOCSIN_'.length).toLowerCase();
}

/** The manual of the settings: all of them, commented out, with their defaults. */
export function exampleFile(): string {
  const entries = Object.values<Setting<unknown>>(settings).map(({ name, kind, fallback, example, doc }) => {
    const value = kind.write(fallback);
    const state = value === '' ? 'Not set; for example:' : 'The default:';
    const line = `${fileKey(name)} = ${toml(value === '' ? example : value)}`;
    return `# ${doc}\n# ${capital(kind.expects)}; ${name} in the environment. ${state}\n# ${line}\n`;
  });
  return `${exampleHead}\n${entries.join('\n')}`;
}

const exampleHead = `# The settings of Tocsin. Copy this file to tocsin.toml and take the # from the lines that you change.
# A variable in the environment wins over a line here. Made by the program from its table of settings: do not edit.
`;

function toml(value: string): string {
  return /^\d+$/.test(value) ? value : JSON.stringify(value);
}

function capital(sentence: string): string {
  return sentence.charAt(0).toUpperCase() + sentence.slice(1);
}

/** Every setting by its name as it may be shown and logged: secrets are hidden. */
export function printable(config: Config): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries<Setting<unknown>>(settings).map(([key, { name, kind, mask }]) => {
      const value: unknown = config[key as keyof Config];
      return [name, mask === undefined ? kind.write(value) : mask(value)];
    }),
  );
}

function setting<Value>(
  name: `TOCSIN_${string}`,
  kind: Setting<Value>['kind'],
  fallback: NoInfer<Value>,
  example: string,
  doc: string,
): Setting<Value> {
  return { name, kind, fallback, example, doc };
}

/** One that holds a secret, unset by default. */
function masked(
  name: `TOCSIN_${string}`,
  kind: Setting<string>['kind'],
  example: string,
  doc: string,
  mask: (value: string) => string,
): Setting<string> {
  return { name, kind, fallback: '', example, doc, mask };
}
