import type { Chance } from './chance.ts';

/** How a receiver behaves for a while. */
export const characters = [
  'healthy',
  'slow',
  'hung',
  'refusing',
  'unresolvable',
  'resetting',
  'failing',
  'throttling',
  'redirecting',
  'gone',
  'late',
  'cut_short',
  'odd',
  'flapping',
  'mixed',
] as const;
export type Character = (typeof characters)[number];

/** What one request meets on its way. */
export interface Meeting {
  /** The connection that it would use is there already. */
  readonly reused: boolean;
  readonly dialMs: number;
  readonly dial: 'ok' | 'dns' | 'refused' | 'tls' | 'silent' | 'denied' | OwnFault;
  /** From the first byte until the answer begins. */
  readonly answerMs: number;
  readonly answer:
    | {
        readonly kind: 'status';
        readonly status: number;
        readonly headers: Record<string, string>;
        readonly body: Body;
      }
    | { readonly kind: 'reset' | 'silence' | 'malformed' | 'upgrade' | 'flood' };
}

/** What the service's own machine lacks: nothing of it is the receiver's doing. */
export const ownFaults = ['EMFILE', 'ENFILE', 'ENOBUFS', 'EADDRNOTAVAIL'] as const;
export type OwnFault = (typeof ownFaults)[number];

/** How the body of an answer goes: to its end, cut by a reset, or never to its end. */
type Body = 'whole' | 'reset' | 'drips';

/** Where the receiver is that has this number. */
export function endpointUrl(serial: number, edition: number): string {
  return `http://w${serial}.example.com/hook?edition=${edition}`;
}

/** The number of the receiver at a URL or host name. */
export function serialOf(address: string): number {
  return Number(/w(\d+)\.example\.com/.exec(address)?.[1]);
}

/** A receiver that is scripted: what it does with each request is its character's doing, and chance's. */
export class Endpoint {
  character: Character;
  readonly #chance: Chance;

  constructor(character: Character, chance: Chance) {
    this.character = character;
    this.#chance = chance;
  }

  /** @param now virtual milliseconds, for those that come and go. */
  meet(now: number, timeoutMs: number): Meeting {
    const character = this.#present(now);
    const chance = this.#chance;
    const usual = {
      reused: chance.yes(0.5),
      dialMs: chance.yes(0.5) ? 0 : chance.between(0, 30),
      dial: 'ok' as const,
      answerMs: chance.yes(0.3) ? 0 : chance.between(1, 60),
    };
    const answer = (status: number, body: Body = 'whole', headers: Record<string, string> = {}): Meeting => {
      return { ...usual, answer: { kind: 'status', status, headers, body } };
    };
    const fresh = (dial: Meeting['dial']): Meeting => {
      return { ...usual, reused: false, dial, answer: { kind: 'silence' } };
    };
    switch (character) {
      case 'healthy':
        return answer(chance.pick([200, 200, 201, 202, 204]));
      case 'slow':
        return { ...answer(200), answerMs: chance.between(0, Math.round(timeoutMs * 1.1)) };
      case 'hung':
        return { ...usual, reused: false, dial: chance.yes(0.3) ? 'silent' : 'ok', answer: { kind: 'silence' } };
      case 'refusing':
        return fresh(chance.yes(0.8) ? 'refused' : 'tls');
      case 'unresolvable':
        return fresh(chance.yes(0.9) ? 'dns' : 'denied');
      case 'resetting':
        return { ...usual, answer: { kind: 'reset' } };
      case 'failing':
        return answer(chance.pick([500, 502, 503, 504]));
      case 'throttling':
        return answer(chance.pick([429, 503]), 'whole', { 'retry-after': chance.pick(['1', '3', '-5', 'soon', '30']) });
      case 'redirecting':
        return answer(chance.pick([301, 302, 307, 308]), 'whole', { location: 'http://elsewhere.example/' });
      case 'gone':
        return answer(410);
      case 'late':
        return { ...answer(200), answerMs: timeoutMs + chance.between(-3, 40) };
      case 'cut_short':
        return answer(200, chance.pick(['reset', 'drips']));
      case 'odd':
        return chance.yes(0.5)
          ? answer(chance.pick([400, 401, 404, 408, 421, 425]))
          : { ...usual, answer: { kind: chance.pick(['malformed', 'upgrade', 'flood']) } };
    }
  }

  #present(now: number): Plain {
    if (this.character === 'flapping') return Math.floor(now / 1_500) % 2 === 0 ? 'healthy' : 'refusing';
    if (this.character !== 'mixed') return this.character;
    return this.#chance.yes(0.5) ? 'healthy' : this.#chance.pick(plain);
  }
}

/** Those that are the same at any moment. */
type Plain = Exclude<Character, 'flapping' | 'mixed'>;
const plain = characters.filter((one): one is Plain => one !== 'flapping' && one !== 'mixed');
