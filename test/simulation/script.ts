import type { Meeting } from './endpoint.ts';
import type { DiskFault } from './store.ts';

/** At the place of this number something else than usual happens: the way of this number, which is not 0. */
export type Departure = readonly [place: number, way: number];

/** As a command takes them: `place:way`, several parted by commas. @throws TypeError when it is anything else. */
export function departuresIn(text: string): Departure[] {
  if (text === '') return [];
  return text.split(',').map((one) => {
    const [, place, way] = /^(\d+):(\d+)$/.exec(one) ?? [];
    if (place === undefined) throw new TypeError(`"${one}" is no departure: write place:way`);
    return [Number(place), Number(way)];
  });
}

/**
 * Stands in for chance: wherever several things may happen, it says which one does. That is the first of them, but for
 * the departures.
 */
export class Script {
  /** How many ways there were at each place that the run has come to. */
  readonly widths: number[] = [];
  /** While it is closed, everything goes as usual. */
  open = false;
  readonly #departures: ReadonlyMap<number, number>;

  constructor(departures: readonly Departure[]) {
    this.#departures = new Map(departures);
  }

  /** @param usual what happens unless the script departs from it. */
  choose<Way>(usual: Way, others: readonly Way[]): Way {
    if (!this.open || others.length === 0) return usual;
    const way = this.#departures.get(this.widths.length) ?? 0;
    this.widths.push(1 + others.length);
    return others[way - 1] ?? usual;
  }

  /** What a request meets. */
  meeting(): Meeting {
    return this.choose(taken, [refused, silent, failing, reset, cut, lacking]);
  }

  fault(step: keyof typeof faults): DiskFault {
    return this.choose('none', faults[step]);
  }

  /** At a point at which a service may be killed. */
  passing(): 'goes on' | 'dies' | 'stands still' {
    return this.choose('goes on', ['dies', 'stands still']);
  }
}

const usual = { reused: false, dialMs: 1, dial: 'ok', answerMs: 5 } as const;
const answered = { kind: 'status', status: 200, headers: {}, body: 'whole' } as const;
const taken: Meeting = { ...usual, answer: answered };
const refused: Meeting = { ...usual, dial: 'refused', answer: { kind: 'silence' } };
const silent: Meeting = { ...usual, answer: { kind: 'silence' } };
const failing: Meeting = { ...usual, answer: { ...answered, status: 500 } };
const reset: Meeting = { ...usual, answer: { kind: 'reset' } };
const cut: Meeting = { ...usual, answer: { ...answered, body: 'reset' } };
const lacking: Meeting = { ...usual, dial: 'EMFILE', answer: { kind: 'silence' } };

const faults = {
  begin: ['busy', 'unavailable'],
  write: ['full', 'cut_before'],
  commit: ['cut_before', 'cut_after', 'in_doubt', 'unavailable'],
  read: ['unavailable'],
} as const satisfies Record<string, readonly DiskFault[]>;
