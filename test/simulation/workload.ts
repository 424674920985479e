import type { AlertReport } from '../../src/alerts/alert.ts';
import { endedStates } from '../../src/delivery/store/delivery.ts';
import type { Person } from '../../src/events/event.ts';
import { alertEventTypes, incidentEventTypes } from '../../src/events/event-types.ts';
import type { Chance } from './chance.ts';
import { endpointUrl } from './endpoint.ts';
import type { Model } from './model.ts';
import type { Plan } from './plan.ts';
import type { Place, Service } from './service.ts';

/** One thing that a caller asks of the service. */
export interface Operation {
  readonly name: string;
  /** What must be found in the database once it is acknowledged. */
  readonly says: readonly string[];
  /** @returns false when the service took it without storing what it said. */
  run(service: Service): Promise<boolean>;
}

const endOfTime = 9_999_999_999_999;

const ada: Person = { person_id: 5001, person_name: 'Ada', email: 'ada@example.com' };

/** What reports come in, what people do, and what is configured meanwhile. */
export class Workload {
  readonly #chance: Chance;
  readonly #plan: Plan;
  readonly #place: Place;
  readonly #model: Model;
  #number = 0;
  #editions = 0;
  webhooksMade = 0;

  constructor(chance: Chance, plan: Plan, place: Place, model: Model) {
    this.#chance = chance;
    this.#plan = plan;
    this.#place = place;
    this.#model = model;
  }

  next(): Operation {
    const plan = this.#plan;
    const kind = this.#chance.weighted({
      report: 60,
      storm: plan.stormMax > 0 ? 3 : 0,
      operate: plan.operates ? 20 : 0,
      configure: plan.configures ? 14 : 0,
    });
    if (kind === 'storm') return this.#storm();
    if (kind === 'operate') return this.#operate() ?? this.report();
    if (kind === 'configure') return this.#configure() ?? this.report();
    return this.report();
  }

  report(count = this.#chance.between(1, this.#plan.burstMax)): Operation {
    return this.#push(Array.from({ length: count }, () => this.#report()));
  }

  /** New alerts all at once: more lanes than memory has room for. */
  #storm(): Operation {
    const count = this.#chance.between(1, this.#plan.stormMax);
    return this.#push(Array.from({ length: count }, () => this.#report(`storm-${this.#number}`)));
  }

  #push(reports: readonly AlertReport[]): Operation {
    const channelId = this.#chance.pick(this.#place.channelIds);
    const push = { integrationId: this.#place.integrationId, channelId, reports };
    return {
      name: `report ${reports.map((report) => `${report.alertKey}=${report.status}`).join(' ')}`,
      says: reports.map((report) => report.description),
      async run(service) {
        const { counts } = await service.ingest(push);
        return counts.duplicate + counts.refreshed === 0;
      },
    };
  }

  createWebhook(): Operation {
    this.webhooksMade += 1;
    const serial = this.webhooksMade;
    const chance = this.#chance;
    const type = chance.pick(['alert', 'incident'] as const);
    const change = {
      name: `webhook ${serial}`,
      endpoint: endpointUrl(serial, 0),
      timeoutMs: chance.pick([100, 1_000, 1_000, 3_000]),
      maxInFlight: chance.pick([1, 2, 8, 8]),
      signing: chance.yes(0.8),
      channelIds: chance.yes(0.2) ? [chance.pick(this.#place.channelIds)] : [],
      eventTypes: chance.yes(0.2) ? this.#types(type) : [],
      ...(this.#plan.atLeastOnce && chance.yes(0.6)
        ? { mode: 'at_least_once' as const, orderPolicy: chance.pick(['every', 'latest'] as const) }
        : {}),
      unsentRetrySeconds: chance.pick([0, 1, 10]),
      rateLimitPerSecond: chance.yes(0.1) ? chance.pick([1, 5, 50]) : 0,
    };
    return quiet(`create webhook ${serial}`, (service) => service.webhooks.create(type, change, 0));
  }

  #report(key = `key-${this.#chance.zipf(this.#plan.entities)}`): AlertReport {
    this.#number += 1;
    return {
      alertKey: key,
      title: `trouble with ${key}`,
      titleRule: '',
      description: `op-${this.#number}`,
      status: this.#chance.pick(['Critical', 'Warning', 'Info', 'Warning', 'Ok']),
      labels: { resource: key },
      images: [],
      eventTime: 1_780_000_000_000 + this.#number,
    };
  }

  #operate(): Operation | undefined {
    const of = (kind: string) => [...this.#model.lastOf.values()].filter((event) => event.kind === kind);
    const incident = this.#oneOf(of('incident'));
    const alert = this.#oneOf(of('alert'));
    if (incident === undefined || alert === undefined) return undefined;
    const id = [incident.entityId];
    const does = this.#chance.pick([
      'ack',
      'unack',
      'comment',
      'comment',
      'resolve',
      'reopen',
      'snooze',
      'close',
    ] as const);
    const name = `${does} ${id[0]}`;
    switch (does) {
      case 'ack':
        return quiet(name, (service) => service.incidents.acknowledge(id, ada));
      case 'unack':
        return quiet(name, (service) => service.incidents.unacknowledge(id, ada));
      case 'comment': {
        this.#number += 1;
        const comment = `op-${this.#number}`;
        const says = [comment];
        return {
          ...quiet(name, (service) =>
            service.incidents.comment(id, { comment, muteReply: false, typeId: undefined }, ada),
          ),
          says,
        };
      }
      case 'resolve':
        return quiet(name, (service) => service.incidents.resolve(id, {}, ada));
      case 'reopen':
        return quiet(name, (service) => service.incidents.reopen(id, 'again', ada));
      case 'snooze':
        return quiet(name, (service) => service.incidents.snooze(id, 30, ada));
      case 'close':
        return quiet(`close ${alert.entityId}`, (service) => service.alerts.close([alert.entityId], ada));
    }
  }

  #configure(): Operation | undefined {
    const present = [...this.#model.webhooks.values()].filter((webhook) => webhook.status !== 'deleted');
    const webhook = this.#oneOf(present);
    if (webhook === undefined) return this.createWebhook();
    const { webhookId } = webhook;
    const chance = this.#chance;
    const does = chance.weighted({
      create: present.length < 20 ? 1 : 0,
      move: 3,
      mode: this.#plan.atLeastOnce ? 2 : 0,
      types: 1,
      slots: 1,
      rotate: 2,
      pause: 3,
      resume: 4,
      disable: 2,
      enable: 4,
      bounce: 2,
      resend: 3,
      replay: 4,
      'cancel replay': 1,
      remove: present.length > 1 ? 1 : 0,
    });
    const name = `${does} webhook ${webhookId}`;
    const update = (change: Parameters<Service['webhooks']['update']>[1]) =>
      quiet(name, (service) => service.webhooks.update(webhookId, change));
    switch (does) {
      case 'create':
        return this.createWebhook();
      case 'move':
        this.#editions += 1;
        return update({ endpoint: webhook.endpoint.replace(/\d+$/, String(this.#editions)) });
      case 'mode':
        return update({ mode: webhook.mode === 'at_most_once' ? 'at_least_once' : 'at_most_once' });
      case 'types':
        return update({ eventTypes: chance.yes(0.5) ? [] : this.#types(webhook.type) });
      case 'slots':
        return update({ maxInFlight: chance.pick([1, 4, 8]), timeoutMs: chance.pick([200, 1_000, 2_000]) });
      case 'rotate':
        return quiet(name, (service) => service.webhooks.rotateSecret(webhookId, chance.pick([0, 2, 60])));
      case 'pause':
        return quiet(name, (service) => service.webhooks.pause(webhookId, 0));
      case 'resume':
        return quiet(name, (service) => service.webhooks.resume(webhookId));
      case 'disable':
        return quiet(name, (service) => service.webhooks.disable(webhookId));
      case 'enable':
        return quiet(name, (service) => service.webhooks.enable(webhookId));
      case 'bounce':
        return quiet(name, async (service) => {
          await service.webhooks.disable(webhookId);
          await service.webhooks.enable(webhookId);
        });
      case 'resend': {
        const owed = this.#oneOf([...this.#model.owed.values()].filter((one) => one.webhookId === webhookId));
        if (owed === undefined) return undefined;
        return quiet(`resend ${owed.deliveryId}`, (service) => service.resend(webhookId, owed.deliveryId));
      }
      case 'replay': {
        const states = chance.yes(0.5) ? endedStates : (['failed', 'unknown', 'expired', 'cancelled'] as const);
        const everything = {
          recordIds: [],
          startTime: 0,
          endTime: endOfTime,
          entityId: '',
          eventTypes: [],
          reasons: [],
        };
        const order = chance.pick(['every', 'latest'] as const);
        const request = {
          webhookId,
          selection: { ...everything, states },
          order,
          perSecond: chance.pick([5, 50, 500]),
        };
        return quiet(name, (service) => service.replays.begin(request, 0));
      }
      case 'cancel replay':
        return quiet(name, async (service) => {
          const { items } = await service.replays.list(webhookId, { offset: 0, limit: 1 });
          const [newest] = items;
          if (newest !== undefined) await service.replays.cancel(newest.replay.replayId);
        });
      case 'remove':
        return quiet(name, (service) => service.webhooks.remove(webhookId));
    }
  }

  #types(type: string): string[] {
    const all: readonly string[] = type === 'alert' ? alertEventTypes : incidentEventTypes;
    return all.filter(() => this.#chance.yes(0.6));
  }

  #oneOf<Item>(items: readonly Item[]): Item | undefined {
    return items.length === 0 ? undefined : this.#chance.pick(items);
  }
}

function quiet(name: string, work: (service: Service) => Promise<unknown>): Operation {
  return { name, says: [], run: async (service) => work(service).then(() => true) };
}
