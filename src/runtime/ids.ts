import { V7Generator } from 'uuidv7';
import type { Clock } from './clock.ts';
import type { Random } from './random.ts';

/** Makes every identifier of the service, in the forms of contract 0.3. */
export interface Ids {
  /** 24 lower-case hex digits, rising with time: incidents, alerts, alert events, keys. */
  object(): string;
  /** 32 lower-case hex digits, rising with time: the `event_id` of a push and request ids. */
  event(): string;
  /** `YYYYMMDD` and 22 base-57 characters, rising with time: a delivery record of the invocation history. */
  record(): string;
  /** 22 base-57 characters: an assignment, a generated alert key. */
  short(): string;
  /** A 14-digit number: channels, members, teams, integrations, webhooks. */
  number(): number;
}

const base57 = '23456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';

export function systemIds(clock: Clock, random: Random): Ids {
  const machine = hex(random.bytes(5));
  let counter = readUint(random.bytes(3));
  const uuids = new V7Generator({ nextUint32: pooled(random) });
  const dayOf = days();
  const short = () => toBase57(uuids.generateOrResetWithTs(clock.now()).bytes);
  return {
    object() {
      counter = (counter + 1) % 0x1000000;
      const seconds = Math.floor(clock.now() / 1000);
      return [seconds.toString(16).padStart(8, '0'), machine, counter.toString(16).padStart(6, '0')].join('');
    },
    event: () => hex(uuids.generateOrResetWithTs(clock.now()).bytes),
    record: () => dayOf(clock.now()) + short(),
    short,
    number: () => 10_000_000_000_000 + (readUint(random.bytes(6)) % 90_000_000_000_000),
  };
}

/** The smallest event id of an instant: its first 12 hex digits are Unix milliseconds. */
export function firstEventIdAt(ms: number): string {
  return Math.max(0, ms).toString(16).padStart(12, '0').padEnd(32, '0');
}

/** Unix milliseconds of the making of an event id. */
export function timeOfEventId(eventId: string): number {
  return Number.parseInt(eventId.slice(0, 12), 16);
}

/** Random bytes are requested in large blocks, because each request is expensive. */
const poolBytes = 4_096;

function pooled(random: Random): () => number {
  let pool: DataView = new DataView(new ArrayBuffer(0));
  let offset = 0;
  return () => {
    if (offset === pool.byteLength) {
      const { buffer, byteOffset, byteLength } = random.bytes(poolBytes);
      pool = new DataView(buffer, byteOffset, byteLength);
      offset = 0;
    }
    offset += 4;
    return pool.getUint32(offset - 4);
  };
}

const dayMs = 86_400_000;

/** Formats the UTC day of an instant as `YYYYMMDD`, and remembers the last one. */
function days(): (now: number) => string {
  let [known, text] = [Number.NaN, ''];
  return (now) => {
    const day = Math.floor(now / dayMs);
    if (day !== known) [known, text] = [day, new Date(now).toISOString().slice(0, 10).replaceAll('-', '')];
    return text;
  };
}

function readUint(bytes: Uint8Array): number {
  return bytes.reduce((value, byte) => value * 256 + byte, 0);
}

function hex(bytes: Uint8Array): string {
  return bytes.toHex();
}

/** All pairs of characters, in order. */
const base57Pairs = Array.from(base57).flatMap((first) => Array.from(base57, (second) => first + second));
const pairs = base57Pairs.length;

/** Fixed width and a sorted alphabet: the text sorts like the number. */
function toBase57(bytes: Uint8Array): string {
  // The 128 bits as digits of base 2^24: each step divides by 57⁴, and the remainder is two pairs. So one more digit is 0 each time.
  const digits = [
    bytes[0] ?? 0,
    uint24(bytes, 1),
    uint24(bytes, 4),
    uint24(bytes, 7),
    uint24(bytes, 10),
    uint24(bytes, 13),
  ];
  let text = '';
  for (let place = 0; place < 6; place += 1) {
    let rest = 0;
    for (let index = place; index < digits.length; index += 1) {
      const value = rest * 0x1000000 + (digits[index] ?? 0);
      const quotient = Math.trunc(value / (pairs * pairs));
      digits[index] = quotient;
      rest = value - quotient * (pairs * pairs);
    }
    const first = Math.trunc(rest / pairs);
    text = `${base57Pairs[first] ?? ''}${base57Pairs[rest - first * pairs] ?? ''}${text}`;
  }
  // 22 characters hold 128 bits.
  return text.slice(-22);
}

function uint24(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
}
