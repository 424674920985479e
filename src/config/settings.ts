import { z } from 'zod';

/** A setting: its name, the schema of its text, and its manual. All texts are strings, as in the environment. */
export interface Setting<Schema extends z.ZodType = z.ZodType> {
  /** The name in the environment; without `TOCSIN_` and in lower case it is the key in the file. */
  readonly name: `TOCSIN_${string}`;
  /** Reads the text. Its description ends the sentence "expected …", such as `a whole number from 1 to 9`. */
  readonly schema: Schema;
  /** The default text. '' = not set; schemas of settings without a default read it. */
  readonly fallback: string;
  /** A valid text, for messages and the example file. */
  readonly example: string;
  /** A sentence that says what it does, with its unit. */
  readonly doc: string;
  /** Hides the secret in the shown text. */
  readonly mask?: ((value: string) => string) | undefined;
}

const hidden = (): string => '(set, hidden)';

/** A URL without its password and its query. */
const withoutPassword = (value: string): string =>
  value.replace(/\/\/[^@/]*@/, '//(hidden)@').replace(/\?.*$/, '?(hidden)');

/** `access/` decodes the key; here its form is checked with the other settings. */
const sealingKey = z
  .string()
  .regex(
    /^$|^(?:[0-9a-f]{64}|[A-Za-z0-9+/_-]{43}=?)(?:, ?(?:[0-9a-f]{64}|[A-Za-z0-9+/_-]{43}=?))*$/i,
    'does not have 32 bytes',
  )
  .describe('32 random bytes as base64 or as 64 hex digits, as made by "openssl rand -base64 32"');

const hostName = /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/i;
const rangeOrHost = /^([0-9a-f.:]+\/\d{1,3}|\[[0-9a-f:.]+\]:\d{1,5}|[a-z0-9.-]+:\d{1,5})$/i;
const ipOrRange = /^[0-9a-f.:]+(\/\d{1,3})?$/i;

export const egressThreadsMax = 4;

/** Every setting. There are no others. */
export const settings = {
  listen: setting(
    'TOCSIN_LISTEN',
    address(),
    '127.0.0.1:8567',
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
    '',
    'tocsin,tocsin.internal',
    'Further names under which the server may be spoken to; a request with another Host is refused.',
  ),
  data: setting(
    'TOCSIN_DATA',
    text(),
    './data',
    '/var/lib/tocsin',
    'The folder of the embedded database and of the key made at the first start.',
  ),
  databaseUrl: setting(
    'TOCSIN_DATABASE_URL',
    url(['postgres', 'postgresql']),
    '',
    'postgres://tocsin:password@db.internal/tocsin',
    'PostgreSQL, for several nodes; without it, SQLite in the data folder.',
    withoutPassword,
  ),
  databasePrepare: setting(
    'TOCSIN_DATABASE_PREPARE',
    oneOf(['auto', 'on', 'off']),
    'auto',
    'off',
    'Whether PostgreSQL keeps statements parsed under names. auto: until a pooler in between turns out not to keep them; on: always; off: never.',
  ),
  secretKey: setting(
    'TOCSIN_SECRET_KEY',
    sealingKey,
    '',
    'a2V5cy1hcmUtbm90LXRha2VuLWZyb20tZXhhbXBsZXM=',
    'Seals the stored secrets, the same on every node; former keys may follow after commas while it is replaced. Without it, one is made in the data folder.',
    hidden,
  ),
  accountId: setting(
    'TOCSIN_ACCOUNT_ID',
    integer(1, 99_999_999_999_999),
    '10000000000001',
    '10000000000001',
    'The account_id in payloads; fixed by the first start.',
  ),
  accountName: setting('TOCSIN_ACCOUNT_NAME', textOf(1), 'Tocsin', 'Example Org', 'The account_name in payloads.'),
  adminEmail: setting(
    'TOCSIN_ADMIN_EMAIL',
    emailAddress(),
    '',
    'ops@example.org',
    'The address that the first admin, made at the first start, signs in with; admin@tocsin.invalid without it.',
  ),
  adminPassword: setting(
    'TOCSIN_ADMIN_PASSWORD',
    textOf(12),
    '',
    'several words of your own',
    "The first admin's password for the console, made at the first start; it needs TOCSIN_ADMIN_EMAIL. Without it, a sign-in link is printed.",
    hidden,
  ),
  appKey: setting(
    'TOCSIN_APP_KEY',
    textOf(32),
    '',
    '0123456789abcdef0123456789abcdef012',
    'An app key of the first admin, at the first start only; without it, one is made and printed.',
    hidden,
  ),
  egressAllow: setting(
    'TOCSIN_EGRESS_ALLOW',
    list('CIDRs and host:port', rangeOrHost),
    '',
    '10.20.0.0/16,hooks.internal:8080',
    'Private targets that webhooks may reach; cloud metadata stays closed.',
  ),
  egressBind: setting(
    'TOCSIN_EGRESS_BIND',
    list('IP addresses', ipOrRange),
    '',
    '192.0.2.10',
    'Addresses of this machine that pushes are sent from.',
  ),
  egressPublished: setting(
    'TOCSIN_EGRESS_PUBLISHED',
    list('IP addresses and CIDRs', ipOrRange),
    '',
    '198.51.100.7',
    'Addresses that receivers see pushes come from, as /egress/info tells them.',
  ),
  egressProxy: setting(
    'TOCSIN_EGRESS_PROXY',
    url(['http']),
    '',
    'http://proxy.internal:3128',
    'An HTTP proxy that all pushes go through, by CONNECT; it resolves the names, so it must refuse what they should not lead to.',
    withoutPassword,
  ),
  egressThreads: setting(
    'TOCSIN_EGRESS_THREADS',
    integerOr('auto', 0, egressThreadsMax),
    'auto',
    '2',
    'Threads that make the requests of pushes; 0: the main thread makes them. auto: one fewer than the cores, at most 4, and 0 with two cores or one, where a thread costs more than it gives.',
  ),
  historyDays: setting(
    'TOCSIN_HISTORY_DAYS',
    integer(1, 3650),
    '7',
    '30',
    'Days that deliveries and their attempts are kept.',
  ),
  eventHours: setting(
    'TOCSIN_EVENT_HOURS',
    integer(1, 8760),
    '24',
    '48',
    'Hours that an open alert takes further reports; a later one opens a new alert.',
  ),
  ingestRate: setting(
    'TOCSIN_INGEST_RATE',
    integer(0, 1_000_000),
    '5000',
    '100',
    'Requests per second and integration, 0 = no limit; beyond it the answer is 429, after which Alertmanager does not try again.',
  ),
  apiRate: setting(
    'TOCSIN_API_RATE',
    integer(0, 1_000_000),
    '500',
    '50',
    'API requests per second and member, 0 = no limit. Of those that read, 4 of a member are worked on at once and 100 wait.',
  ),
  strangerRate: setting(
    'TOCSIN_STRANGER_RATE',
    integer(0, 1_000_000),
    '20',
    '200',
    'Requests per second and address that have no good key or need none, 0 = no limit; behind a proxy, all have its address.',
  ),
  pushDeliveries: setting(
    'TOCSIN_PUSH_DELIVERIES',
    integer(1, 100_000),
    '5000',
    '1000',
    'Deliveries that one transaction of a push makes: when the alerts taken so far make so many, the next ones go in another. It bounds the memory and the time that one push takes at once, not what it may make in all.',
  ),
  bodyBytes: setting(
    'TOCSIN_BODY_BYTES',
    integer(65_536, 67_108_864),
    '1048576',
    '4194304',
    'Bytes that the body of a request of the API may have.',
  ),
  ingestBodyBytes: setting(
    'TOCSIN_INGEST_BODY_BYTES',
    integer(65_536, 134_217_728),
    '16777216',
    '33554432',
    'Bytes that a push of a monitoring system may have; a larger one is refused with 413, after which Alertmanager does not try again.',
  ),
  headerBytes: setting(
    'TOCSIN_HEADER_BYTES',
    integer(4096, 131_072),
    '16384',
    '32768',
    'Bytes that the headers of a request may have, its path included.',
  ),
  headerSeconds: setting(
    'TOCSIN_HEADER_SECONDS',
    integer(1, 300),
    '10',
    '20',
    'Seconds within which the headers of a request must have come.',
  ),
  requestSeconds: setting(
    'TOCSIN_REQUEST_SECONDS',
    integer(1, 3600),
    '30',
    '60',
    'Seconds within which a whole request must have come.',
  ),
  connections: setting(
    'TOCSIN_CONNECTIONS',
    integer(10, 1_000_000),
    '10000',
    '2000',
    'Connections that may be open at once.',
  ),
  drainSeconds: setting(
    'TOCSIN_DRAIN_SECONDS',
    integer(0, 600),
    '30',
    '60',
    'Seconds that running requests and pushes get when the server stops.',
  ),
  holdSeconds: setting(
    'TOCSIN_HOLD_SECONDS',
    integer(0, 30),
    '2',
    '5',
    'Seconds that a push is held while the service starts or its database is away, before it is refused with 503.',
  ),
  leaseSeconds: setting(
    'TOCSIN_LEASE_SECONDS',
    integer(2, 120),
    '10',
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
};

/** The settings as values, each checked. */
export type Config = { readonly [Key in keyof typeof settings]: z.output<(typeof settings)[Key]['schema']> };

/** The key of a setting in the file. */
export function fileKey(name: string): string {
  return name.slice('TOCSIN_'.length).toLowerCase();
}

function setting<Schema extends z.ZodType>(
  name: Setting['name'],
  schema: Schema,
  fallback: string,
  example: string,
  doc: string,
  mask?: Setting['mask'],
): Setting<Schema> {
  return { name, schema, fallback, example, doc, mask };
}

function text() {
  return z.string().describe('a text');
}

/** As the members have; '' = none. */
function emailAddress() {
  return z
    .string()
    .trim()
    .max(254, 'is longer than 254 characters')
    .refine((value) => value === '' || z.email().safeParse(value.toLowerCase()).success, 'is not an email address')
    .describe('an email address');
}

function textOf(minLength: number) {
  return z
    .string()
    .refine((value) => value === '' || value.length >= minLength, `is shorter than ${minLength} characters`)
    .describe(`a text of at least ${minLength} characters`);
}

function integer(min: number, max: number) {
  const range = `is not within ${min} and ${max}`;
  return z
    .string()
    .regex(/^\d{1,15}$/, 'is not a whole number')
    .transform(Number)
    .pipe(z.number().min(min, range).max(max, range))
    .describe(`a whole number from ${min} to ${max}`);
}

function integerOr<const Word extends string>(word: Word, min: number, max: number) {
  return z
    .union([z.literal(word), integer(min, max)], { error: `is not ${word} and no whole number from ${min} to ${max}` })
    .describe(`${word}, or a whole number from ${min} to ${max}`);
}

function oneOf<const Value extends string>(values: readonly Value[]) {
  return z.enum(values, 'is none of them').describe(`one of ${values.join(', ')}`);
}

/** Items with commas between, spaces around them ignored. */
function list(item: string, good: RegExp) {
  return z
    .string()
    .transform((value): readonly string[] =>
      value
        .split(',')
        .map((part) => part.trim())
        .filter((part) => part !== ''),
    )
    .superRefine((items, context) => {
      const bad = items.filter((part) => !good.test(part));
      if (bad.length > 0) context.addIssue(`has items that are not: ${bad.join(', ')}`);
    })
    .describe(`${item}, with commas between`);
}

/** An absolute URL of one of the protocols, kept as it was given; '' = none. */
function url(protocols: readonly string[]) {
  const schemes = protocols.map((protocol) => `${protocol}://…`).join(' or ');
  return z
    .string()
    .refine((value) => value === '' || URL.canParse(value), { error: 'is not a URL', abort: true })
    .refine(
      (value) => value === '' || protocols.includes(new URL(value).protocol.slice(0, -1)),
      `does not start with ${schemes}`,
    )
    .describe(`a URL (${schemes})`);
}

/** `host:port`, or `[v6]:port`. */
function address() {
  return z
    .string()
    .regex(/^(?:\[[0-9a-f:.]+\]|[A-Za-z0-9.-]+):\d{1,5}$/i, 'is not host:port')
    .transform((value) => {
      const colon = value.lastIndexOf(':');
      return { host: value.slice(0, colon).replaceAll(/[[\]]/g, ''), port: Number(value.slice(colon + 1)) };
    })
    .refine(({ port }) => port <= 65_535, 'has a port above 65535')
    .describe('host:port');
}
