import { isIPv6 } from 'node:net';
import type { Clock } from '../runtime/clock.ts';

/** Tries with a password that one address may make for one email in a minute. */
export const triesPerMinute = 5;
/** The same for all emails together: who guesses at many people is a guesser too. */
export const triesPerMinuteOfAddress = 30;

const minuteMs = 60_000;
/** Counts held in memory; past it the one that was used first is forgotten, which only allows a few tries more. */
const countsMax = 10_000;

/**
 * Slows guessers down, and locks nobody out: a person who knows the password is let in from another address, and from
 * this one a minute later. The count is this process's own: n nodes allow n times as much.
 */
export class SignInThrottle {
  readonly #clock: Clock;
  readonly #counts = new Map<string, { tries: number; since: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Counts one try. @returns the seconds to wait, 0 = go on. */
  take(address: string, email: string): number {
    const place = networkOf(address);
    return Math.max(
      this.#take(`${place}\n${email}`, triesPerMinute),
      this.#take(`${place}\n`, triesPerMinuteOfAddress),
    );
  }

  /**
   * Counts one try with something that nobody can guess. Behind a proxy all have one address, and what strangers try there keeps
   * nobody out who has it. @returns as `take`.
   */
  takeSound(id: string): number {
    return this.#take(`sound ${id}`, triesPerMinute);
  }

  /** A right password ends the count: an office of people who sign in is no guesser. */
  clear(address: string, email: string): void {
    const place = networkOf(address);
    this.#counts.delete(`${place}\n${email}`);
    const all = this.#counts.get(`${place}\n`);
    if (all !== undefined) all.tries -= 1;
  }

  #take(key: string, max: number): number {
    const now = this.#clock.monotonic();
    const known = this.#counts.get(key);
    if (known === undefined || now - known.since >= minuteMs) {
      this.#counts.delete(key);
      this.#makeRoom();
      this.#counts.set(key, { tries: 1, since: now });
      return 0;
    }
    if (known.tries < max) {
      known.tries += 1;
      return 0;
    }
    return Math.ceil((known.since + minuteMs - now) / 1000);
  }

  #makeRoom(): void {
    if (this.#counts.size < countsMax) return;
    const [oldest] = this.#counts.keys();
    if (oldest !== undefined) this.#counts.delete(oldest);
  }
}

/** One customer has a whole /64 of IPv6. */
function networkOf(address: string): string {
  if (!isIPv6(address) || address.startsWith('::ffff:')) return address;
  const [head = '', tail] = address.toLowerCase().split('::');
  const groups = head === '' ? [] : head.split(':');
  if (tail !== undefined) {
    const after = tail === '' ? 0 : tail.split(':').length;
    while (groups.length < 8 - after) groups.push('0');
  }
  return groups.slice(0, 4).join(':');
}
