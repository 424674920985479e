import { uuidv7obj } from 'uuidv7';
import type { Clock } from './clock.ts';
import type { Random } from './random.ts';

/** Makes every identifier of the service; their shapes are those of contract 0.3. */
export interface Ids {
  /** 24 lower-case hex digits, rising with time: incidents, alerts, alert events, keys. */
  object(): string;
  /** 32 lower-case hex digits, rising with time: the `event_id` of a push and request ids. */
  event(): string;
  /** `YYYYMMDD` and 22 base-57 characters, rising with time: a delivery record of the invocation history. */
  record(): string;
  /** 22 base-57 characters: an assignment, a made-up alert key. */
  short(): string;
  /** A 14-digit number: channels, members, teams, integrations, webhooks. */
  number(): number;
}

const base57 = '23456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';

export function systemIds(clock: Clock, random: Random): Ids {
  const machine = hex(random.bytes(5));
  let counter = readUint(random.bytes(3));
  const short = () => toBase57(uuidv7obj().bytes);
  return {
    object() {
      counter = (counter + 1) % 0x1000000;
      const seconds = Math.floor(clock.now() / 1000);
      return seconds.toString(16).padStart(8, '0') + machine + counter.toString(16).padStart(6, '0');
    },
    event: () => hex(uuidv7obj().bytes),
    record: () => new Date(clock.now()).toISOString().slice(0, 10).replaceAll('-', '') + short(),
    short,
    number: () => 10_000_000_000_000 + (readUint(random.bytes(6)) % 90_000_000_000_000),
  };
}

function readUint(bytes: Uint8Array): number {
  return bytes.reduce((value, byte) => value * 256 + byte, 0);
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

/** Fixed width and a sorted alphabet, so the text sorts as the number does. */
function toBase57(bytes: Uint8Array): string {
  let value = BigInt(`0x${hex(bytes)}`);
  let text = '';
  for (let index = 0; index < 22; index += 1) {
    text = base57.charAt(Number(value % 57n)) + text;
    value /= 57n;
  }
  return text;
}
