import { readdirSync, readFileSync } from 'node:fs';
import { hostileText, hostileTexts, type WorstInput } from './worst-inputs.ts';

const fixtures = new URL('../../src/ingestion/formats/fixtures/', import.meta.url);

/** Our own format has no fixture of another system. */
const standardEvent = {
  event_status: 'Critical',
  title: 'disk almost full on db-3',
  alert_key: 'disk: db-3 of the first row',
  description: '/data is 91 % full',
  labels: { resource: 'db-3 of the first row', check: 'disk usage of /data' },
  images: [{ src: 'https://images.example.test/graph.png', alt: 'the graph of a day' }],
};

/** Members of a body's lists, and of its objects beside those of the sample. */
const itemsMax = 5_000;
const membersMax = 200;

/** Bodies of a format near a number of bytes: samples with their texts, lists and objects grown. */
export function grownBodies(type: string, bytesMax: number): WorstInput[] {
  return samplesOf(type).flatMap((sample) => [
    ...Object.keys(hostileTexts).map((kind) =>
      largest(`its texts of ${kind}`, bytesMax, (chars) => grown(sample, { kind, chars, items: 2 })),
    ),
    largest('its lists', bytesMax, (items) =>
      grown(sample, { kind: 'letters', chars: 0, items: Math.min(items, itemsMax) }),
    ),
    largest('its objects', bytesMax, (members) =>
      grown(sample, { kind: 'letters', chars: 0, items: 2, members: Math.min(members, membersMax) }),
    ),
    largest('a list of samples', bytesMax, (items) => Array.from({ length: items }, (_, at) => numbered(sample, at))),
    largest('many small values', bytesMax, (items) => ({
      ...(sample as object),
      labels: Array.from({ length: items }, () => 1),
    })),
  ]);
}

function samplesOf(type: string): unknown[] {
  if (type === 'standard') return [standardEvent];
  const prefix = type === 'prometheus' ? 'alertmanager' : type;
  const names = readdirSync(fixtures).filter((name) => name.startsWith(prefix) && name.endsWith('.json'));
  if (names.length === 0) throw new Error(`the format ${type} has no fixture to grow bodies from`);
  return names.map((name) => sampleIn(JSON.parse(readFileSync(new URL(name, fixtures), 'utf8'))));
}

/** Bodies near the size of the largest push: with lists of as many alerts as may be, and with many small values. */
export function largestBodies(type: string, bytesMax: number, alerts: number): WorstInput[] {
  return samplesOf(type).flatMap((sample) => [
    { what: `lists of ${alerts}`, body: JSON.stringify(grown(sample, { kind: 'letters', chars: 0, items: alerts })) },
    { what: 'a million values', body: `{"alerts":[${'[],'.repeat(bytesMax / 3 - 100)}[]]}` },
    { what: 'one text', body: JSON.stringify({ ...(sample as object), description: 'a'.repeat(bytesMax - 100_000) }) },
  ]);
}

/** A fixture is a body, or several by name. */
function sampleIn(fixture: Readonly<Record<string, unknown>>): unknown {
  const values = Object.values(fixture);
  const isMap = values.every((value) => typeof value === 'object' && value !== null && !Array.isArray(value));
  return isMap && values.length > 1 ? values[0] : fixture;
}

interface Growth {
  readonly kind: string;
  /** Of each free text. */
  readonly chars: number;
  /** Of each list. */
  readonly items: number;
  readonly members?: number;
}

/** Words, states and instants stay as they are, because formats refuse others. */
const wordMaxChars = 14;

function grown(value: unknown, growth: Growth): unknown {
  const { kind, chars, items, members = 0 } = growth;
  if (typeof value === 'string') {
    const isFree = value.length > wordMaxChars && !/^[\d.:TZ+-]+$/.test(value);
    return isFree && chars > 0 ? hostileText(kind, chars) : value;
  }
  if (Array.isArray(value)) {
    return Array.from({ length: Math.max(items, value.length) }, (_, at) =>
      grown(numbered(value[at % value.length], at), growth),
    );
  }
  if (typeof value !== 'object' || value === null) return value;
  const own = Object.entries(value).map(([name, one]) => [name, grown(one, growth)] as const);
  const more = Array.from({ length: members }, (_, at) => [`more ${at}`, `value ${at}`] as const);
  return Object.fromEntries([...own, ...more]);
}

/** The same with other texts, so that it is another alert. */
function numbered(value: unknown, at: number): unknown {
  if (typeof value === 'string') return value.length > 7 && !/^[\d.:TZ+-]+$/.test(value) ? `${value}-${at}` : value;
  if (Array.isArray(value)) return value.map((one) => numbered(one, at));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, numbered(one, at)]));
}

/** The body that fills the room: what it is made with is doubled until it is too large, and then approached. */
function largest(what: string, bytesMax: number, make: (size: number) => unknown): WorstInput {
  let body = JSON.stringify(make(1));
  let low = 1;
  let high = 2;
  const fits = (size: number) => {
    const text = JSON.stringify(make(size));
    if (Buffer.byteLength(text) > bytesMax || text.length === body.length) return false;
    body = text;
    return true;
  };
  for (; fits(high); high *= 2) low = high;
  for (let step = 0; step < 4; step += 1) {
    const middle = Math.floor((low + high) / 2);
    if (fits(middle)) low = middle;
    else high = middle;
  }
  return { what, body };
}
