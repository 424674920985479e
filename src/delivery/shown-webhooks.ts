import type { Labelled } from '../runtime/metrics.ts';

/** Webhooks with their own series in the metrics; all others share one. */
export const shownWebhooksMax = 50;
/** The label of the others. */
export const otherWebhooks = 'other';

/** How much a webhook is in trouble: by its breaker first, then by how far it is behind. */
export interface Trouble {
  /** 0 closed, 1 half open, 2 open. */
  readonly breaker: number;
  readonly behindSeconds: number;
}

/** Seconds behind from which a webhook is in trouble. */
const behindMin = 5;

/**
 * Chooses which webhooks have their own series, so that their number has a limit. A webhook keeps its place until one
 * in a worse kind of trouble needs it, so series do not come and go.
 */
export class ShownWebhooks {
  /** Failed attempts while shown. */
  readonly #failures = new Map<number, number>();
  /** Failed attempts of webhooks that were not shown then: never less, as a counter must be. */
  #otherFailures = 0;

  has(webhookId: number): boolean {
    return this.#failures.has(webhookId);
  }

  failed(webhookId: number): void {
    const before = this.#failures.get(webhookId);
    if (before !== undefined || this.#failures.size < shownWebhooksMax)
      this.#failures.set(webhookId, (before ?? 0) + 1);
    else this.#otherFailures += 1;
  }

  /** @param troubles of every webhook that there is. */
  choose(troubles: ReadonlyMap<number, Trouble>): void {
    for (const webhookId of this.#failures.keys()) if (!troubles.has(webhookId)) this.#failures.delete(webhookId);
    const byTrouble = (one: number, other: number) => severityOf(troubles.get(other)) - severityOf(troubles.get(one));
    const hidden = [...troubles.keys()].filter((webhookId) => !this.has(webhookId));
    const shown = [...this.#failures.keys()].toSorted(byTrouble);
    for (const webhookId of hidden.toSorted(byTrouble)) {
      if (this.#failures.size >= shownWebhooksMax) {
        const least = shown.pop();
        if (least === undefined || kindOf(troubles.get(webhookId)) <= kindOf(troubles.get(least))) return;
        this.#failures.delete(least);
      }
      this.#failures.set(webhookId, 0);
    }
  }

  failures(): Labelled {
    const shown = [...this.#failures].map(([webhookId, count]) => [String(webhookId), count] as const);
    return new Map([...shown, [otherWebhooks, this.#otherFailures]]);
  }

  /** @param together how two values of others become one. */
  labelled(values: ReadonlyMap<number, number>, together: (one: number, other: number) => number): Labelled {
    const labelled = new Map([...this.#failures.keys()].map((webhookId) => [String(webhookId), 0]));
    labelled.set(otherWebhooks, 0);
    for (const [webhookId, value] of values) {
      const label = this.has(webhookId) ? String(webhookId) : otherWebhooks;
      labelled.set(label, together(labelled.get(label) ?? 0, value));
    }
    return labelled;
  }
}

/** Only a worse kind of trouble takes the place of another. */
function kindOf({ breaker, behindSeconds }: Trouble = well): number {
  return breaker * 2 + (behindSeconds >= behindMin ? 1 : 0);
}

/** Within a kind, the one that is further behind comes first. */
function severityOf(trouble: Trouble = well): number {
  return kindOf(trouble) + 1 - 1 / (1 + trouble.behindSeconds);
}

const well: Trouble = { breaker: 0, behindSeconds: 0 };
