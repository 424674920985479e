import type { ChannelStore } from '../../channels/channel-store.ts';
import type { SharedConfig } from '../../database/config-snapshot.ts';
import type { Database, Transaction } from '../../database/database.ts';
import type { Clock } from '../../runtime/clock.ts';
import { Failure, invalid, notFound, type Fault } from '../../runtime/failure.ts';
import type { IntegrationStore } from '../integration-store.ts';
import { channelIdsIn, withoutChannel, type AlertRoute, type RouteDirectory } from './route.ts';
import type { RouteStore } from './route-store.ts';

export interface RouteServiceParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly store: RouteStore;
  readonly integrations: IntegrationStore;
  readonly channels: ChannelStore;
  readonly config: SharedConfig<{ routes: RouteDirectory }>;
}

export type RouteInput = Pick<AlertRoute, 'integrationId' | 'cases' | 'defaultChannelIds' | 'sections'> & {
  /** The version that the caller has read; 0 = none. `undefined` = any. */
  readonly version: number | undefined;
};

/** Manages routes (contract 6.9): one per shared integration. */
export class RouteService {
  readonly #parts: RouteServiceParts;

  constructor(parts: RouteServiceParts) {
    this.#parts = parts;
  }

  async directory(): Promise<RouteDirectory> {
    return (await this.#parts.config.current()).routes;
  }

  /** Replaces the whole route. @throws Failure when it has changed since the caller read it. */
  async upsert(input: RouteInput, personId: number): Promise<void> {
    const { database, config, clock, store } = this.#parts;
    await database.transaction(async (tx) => {
      await config.change(tx, 'routes');
      const before = await store.find(tx.query, input.integrationId);
      await this.#check(tx, input);
      const present = before?.version ?? 0;
      if (input.version !== undefined && input.version !== present) {
        const message = `the route has version ${present} and not ${input.version}: read it again, and send your change once more`;
        throw new Failure('BadRequest', message, { faults: [{ field: 'version', message }] });
      }
      const { version: _seen, ...content } = input;
      const now = clock.now();
      const route: AlertRoute = {
        ...content,
        version: present + 1,
        creatorId: before?.creatorId ?? personId,
        updatedBy: personId,
        createdAt: before?.createdAt ?? now,
        updatedAt: now,
      };
      await (before === undefined ? store.insert(tx, route) : store.save(tx, route));
    });
  }

  /** Takes a channel that is deleted out of every route. */
  async forget(tx: Transaction, channelId: number): Promise<void> {
    const { config, clock, store } = this.#parts;
    const left = (await store.all(tx.query)).map((route) => withoutChannel(route, channelId));
    const changed = left.filter((route) => route !== undefined);
    if (changed.length === 0) return;
    await config.change(tx, 'routes');
    for (const route of changed) {
      await store.save(tx, { ...route, version: route.version + 1, updatedAt: clock.now() });
    }
  }

  async #check(tx: Transaction, input: RouteInput): Promise<void> {
    const integration = await this.#parts.integrations.find(tx.query, input.integrationId);
    if (integration === undefined) throw notFound('integration', input.integrationId);
    const faults: Fault[] = [];
    if (integration.channelId !== 0) {
      const message = `sends into channel ${integration.channelId} only: set its channel_id to 0 first, so that it is shared`;
      faults.push({ field: 'integration_id', message });
    }
    for (const channelId of await this.#parts.channels.unknown(tx.query, channelIdsIn(input))) {
      faults.push({ field: 'channel_ids', message: `there is no channel ${channelId}: make it first` });
    }
    if (faults.length > 0) throw invalid(faults);
  }
}
