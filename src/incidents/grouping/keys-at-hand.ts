import type { GroupingKey } from '../incident-store.ts';

/** The grouping keys that one unit of work has seen or added. */
export class KeysAtHand {
  readonly #known = new Map<string, GroupingKey>();
  readonly #added: GroupingKey[] = [];

  /** Keys that are stored already. */
  note(keys: readonly GroupingKey[]): void {
    for (const key of keys) this.#known.set(idOf(key), key);
  }

  add(key: GroupingKey): void {
    if (this.#known.has(idOf(key))) return;
    this.note([key]);
    this.#added.push(key);
  }

  /** The incidents of a channel under one of these digests. */
  incidentsUnder(channelId: number, digests: readonly string[]): string[] {
    const alike = [...this.#known.values()].filter(
      (key) => key.channelId === channelId && digests.includes(key.digest),
    );
    return [...new Set(alike.map((key) => key.incidentId))].sort();
  }

  get added(): readonly GroupingKey[] {
    return this.#added;
  }
}

function idOf(key: GroupingKey): string {
  return `${key.channelId} ${key.digest} ${key.incidentId}`;
}
