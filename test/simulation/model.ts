import type { RetryRule } from '../../src/webhooks/webhook.ts';
import type { SecretBox } from '../../src/access/secret-box.ts';
import type {
  AttemptChange,
  Change,
  EntityChange,
  EventChange,
  MovedChange,
  EnqueuedChange,
  WebhookChange,
} from './change-log.ts';
import { serialOf } from './endpoint.ts';
import * as commit from './invariants/commit.ts';
import { Lane } from './lane.ts';

/** The configuration that counts for a webhook's deliveries, as it is committed. */
export interface ConfiguredWebhook {
  readonly webhookId: number;
  /** Of its receiver. */
  readonly serial: number;
  readonly type: string;
  readonly status: string;
  readonly endpoint: string;
  readonly channelIds: readonly number[];
  readonly eventTypes: readonly string[];
  readonly mode: string;
  readonly signing: boolean;
  readonly secrets: readonly { readonly secret: string; readonly expiresAt: number }[];
  readonly retry: RetryRule;
  readonly unsentRetrySeconds: number;
}

export interface CommittedEvent {
  readonly eventId: string;
  readonly kind: 'alert' | 'incident';
  readonly entityId: string;
  readonly sequence: number;
  readonly type: string;
  readonly eventTime: number;
  readonly channelId: number;
  readonly payload: string;
}

/** The row that was committed with a claim. */
export interface Claim {
  readonly attempt: number;
  readonly fence: number;
  /** Virtual milliseconds. */
  readonly at: number;
  /** How many deliveries had been made by then; in one commit, deliveries may be made after it. */
  readonly made: number;
  /** Which life of the service made it. */
  readonly life: number;
  readonly webhook: ConfiguredWebhook | undefined;
}

export interface Owed {
  /** The first that was made is 1. */
  readonly number: number;
  readonly deliveryId: string;
  readonly webhookId: number;
  readonly eventId: string;
  readonly generation: number;
  readonly entityId: string;
  readonly sequence: number;
  readonly mode: string;
  /** Unix milliseconds. */
  readonly createdAt: number;
  readonly previousSequence: number;
  readonly urgency: number;
  /** Virtual milliseconds. */
  readonly owedAt: number;
  /** Since when it has been `pending`. */
  pendingAt: number;
  state: string;
  attempt: number;
  fence: number;
  dueAt: number;
  reason: string;
  claim: Claim | undefined;
  /** When its first attempt was claimed. */
  first: commit.Instant | undefined;
  endedAt: number;
}

export interface Attempt {
  readonly deliveryId: string;
  readonly attempt: number;
  readonly outcome: string;
  readonly reason: string;
  readonly maybeSent: boolean;
  readonly statusCode: number;
}

/** What the model needs of the run that it belongs to. */
export interface Witness {
  now(): number;
  /** Unix milliseconds. */
  wall(): number;
  /** The number of the service's present life. */
  life(): number;
  /** It can be as punctual as it is meant to be: see I25. */
  isPunctual(): boolean;
  /** The request that was on the wire for an attempt; undefined = none. */
  onWire(deliveryId: string, attempt: number): { readonly statusSeen: number } | undefined;
  /** The machine had no room for a connection for an attempt. */
  wasLacking(deliveryId: string, attempt: number): boolean;
  violated(id: string, message: string): void;
}

/** The committed rows, as the change log gives them: kept beside the database, and checked with each commit. */
export class Model {
  readonly events = new Map<string, CommittedEvent>();
  readonly owed = new Map<string, Owed>();
  readonly attempts = new Map<string, Attempt>();
  readonly webhooks = new Map<number, ConfiguredWebhook>();
  /** The replays that run, and the webhook of each. */
  readonly replays = new Map<string, number>();
  /** Every event that a replay has made a delivery of. */
  readonly #replayed = new Set<string>();
  /** What reports and comments said, each unique. */
  readonly said = new Set<string>();
  readonly lastOf = new Map<string, CommittedEvent>();
  readonly progressOf = new Map<string, string>();
  /** By webhook and entity. */
  readonly #lanes = new Map<string, Lane>();
  /** By webhook: the lanes in which something has not ended. */
  readonly #openLanes = new Map<number, Set<Lane>>();
  /** By webhook and event. */
  readonly #generations = new Map<string, Owed[]>();
  /** In the present commit. */
  readonly #claimed: Owed[] = [];
  readonly #sealer: SecretBox;
  readonly #witness: Witness;
  created = 0;
  forgotten = 0;

  constructor(sealer: SecretBox, witness: Witness) {
    this.#sealer = sealer;
    this.#witness = witness;
  }

  get openLanes(): ReadonlyMap<number, ReadonlySet<Lane>> {
    return this.#openLanes;
  }

  /** The deliveries that have not ended. */
  *open(): Generator<Owed> {
    for (const lanes of this.#openLanes.values()) for (const lane of lanes) yield* lane.open;
  }

  /** The deliveries of an event to a webhook, the first one and those that were asked for later. */
  generationsOf(webhookId: number, eventId: string): readonly Owed[] {
    return this.#generations.get(`${webhookId} ${eventId}`) ?? [];
  }

  apply(changes: readonly Change[]): void {
    const events: CommittedEvent[] = [];
    const entities = new Map<string, EntityChange>();
    const expected = new Map<string, Set<number>>();
    const found = new Map<string, number[]>();
    this.#claimed.length = 0;
    for (const { what, row } of changes) {
      switch (what) {
        case 'event': {
          const event = eventOf(row);
          this.#check('I1', commit.sequenceIsNext(event, this.lastOf.get(event.entityId)));
          this.#check('I10', commit.timeRises(event, this.lastOf.get(event.entityId)));
          this.events.set(event.eventId, event);
          this.lastOf.set(event.entityId, event);
          events.push(event);
          expected.set(event.eventId, commit.receiversOf(event, this.webhooks.values()));
          const comment = (JSON.parse(row[8]) as { comment?: string }).comment;
          if (comment !== undefined) this.said.add(comment);
          break;
        }
        case 'enqueued':
          this.#owe(row, found);
          break;
        case 'moved':
          this.#move(row);
          break;
        case 'forgotten':
          this.#forget(row[0]);
          break;
        case 'attempt':
          this.#attempted(row);
          break;
        case 'webhook': {
          const webhook = this.#webhookOf(row);
          this.webhooks.set(webhook.webhookId, webhook);
          break;
        }
        case 'entity':
          entities.set(row[0], row);
          this.progressOf.set(row[0], row[3]);
          break;
        case 'report':
          this.said.add(row[0]);
          break;
        case 'replay': {
          const [replayId, webhookId, state] = row;
          if (state === 'running') this.replays.set(replayId, webhookId);
          else this.replays.delete(replayId);
          break;
        }
      }
    }
    // Those that are claimed together overtake none of each other.
    for (const owed of this.#claimed) {
      const lanes = this.#openLanes.get(owed.webhookId) ?? [];
      if (this.#witness.isPunctual()) this.#check('I25', commit.overtakesNone(owed, lanes, this.#witness.now()));
    }
    for (const [entityId, entity] of entities) {
      const last = this.lastOf.get(entityId);
      this.#check('I1', commit.stateIsTheSnapshot(entity, last, events));
    }
    for (const event of events) {
      this.#check('I3', commit.isOwedToAll(event, expected.get(event.eventId), found.get(event.eventId)));
      if (!entities.has(event.entityId)) this.#check('I1', `event ${event.eventId} came without its ${event.kind}`);
    }
  }

  laneOf({ webhookId, entityId }: Owed): Lane {
    const key = `${webhookId} ${entityId}`;
    let lane = this.#lanes.get(key);
    if (lane === undefined) this.#lanes.set(key, (lane = new Lane(webhookId)));
    return lane;
  }

  #owe(columns: EnqueuedChange, found: Map<string, number[]>): void {
    const [deliveryId, webhookId, eventId, generation, entityId, sequence, mode] = columns;
    const [state, attempt, fence, createdAt, previousSequence, urgency, replayId] = columns.slice(7) as Tail;
    this.created += 1;
    const owed: Owed = {
      number: this.created,
      deliveryId,
      webhookId,
      eventId,
      generation,
      entityId,
      sequence,
      mode,
      state,
      attempt,
      fence,
      createdAt,
      previousSequence,
      urgency,
      owedAt: this.#witness.now(),
      pendingAt: this.#witness.now(),
      dueAt: 0,
      reason: '',
      claim: undefined,
      first: undefined,
      endedAt: 0,
    };
    if (replayId !== '') {
      const key = `${replayId} ${webhookId} ${eventId}`;
      this.#check('I26', commit.isReplayedOnce(key, this.#replayed));
      this.#replayed.add(key);
    }
    this.owed.set(deliveryId, owed);
    const lane = this.laneOf(owed);
    this.#check('I12', commit.isBornRight(owed, lane.head));
    if (generation === 0) this.#check('I23', commit.namesItsPredecessor(owed, previousSequence, lane.last));
    lane.add(owed);
    inSet(this.#openLanes, webhookId).add(lane);
    inList(this.#generations, `${webhookId} ${eventId}`).push(owed);
    if (generation === 0) inList(found, eventId).push(webhookId);
    if (state === 'sending') this.#claim(owed);
  }

  #move([deliveryId, state, attempt, fence, reason, dueAt]: MovedChange): void {
    const owed = this.owed.get(deliveryId);
    if (owed === undefined) return this.#check('I14', `${deliveryId} was changed, but it does not exist`);
    const to = { state, attempt, fence, reason };
    const wire = this.#witness.onWire(deliveryId, owed.attempt);
    this.#check('I12', commit.isAWay(owed, to, wire !== undefined));
    this.#check('I12', commit.keepsItsFence(owed, to));
    if (owed.state === 'sending') {
      this.laneOf(owed).freeSince = this.#witness.now();
      this.#check('I27', commit.isGivenBack(owed, to, this.#witness.wasLacking(deliveryId, owed.attempt)));
      this.#check('I4', commit.givesBackOnlyTheUnsent(owed, to, wire !== undefined));
      this.#check('I13', commit.endsTruthfully(owed, to, wire?.statusSeen ?? 0, this.#witness.life()));
      const now = { virtual: this.#witness.now(), wall: this.#witness.wall() };
      const webhook = owed.claim?.webhook;
      if (webhook !== undefined) this.#check('I24', commit.triesTheUnsentAgain(owed, to, webhook, now));
      this.#check('I6', commit.givesUpOnlyAtTheEnd(owed, to, owed.claim?.webhook?.retry, this.#witness.wall()));
    }
    Object.assign(owed, to, { dueAt });
    if (state === 'pending') owed.pendingAt = this.#witness.now();
    if (state === 'sending') this.#claim(owed);
    if (!commit.isOpen(state)) {
      owed.endedAt = this.#witness.now();
      const lane = this.laneOf(owed);
      lane.ended(owed, this.#witness.now());
      if (lane.open.size === 0) this.#openLanes.get(owed.webhookId)?.delete(lane);
    }
  }

  /** By an update of its row, or with it. */
  #claim(owed: Owed): void {
    this.#claimed.push(owed);
    const { attempt, fence } = owed;
    const webhook = this.webhooks.get(owed.webhookId);
    this.#check('I18', commit.mayBeClaimed(owed, webhook));
    owed.first ??= { virtual: this.#witness.now(), wall: this.#witness.wall() };
    const at = this.#witness.now();
    owed.claim = { attempt, fence, at, made: this.created, life: this.#witness.life(), webhook };
  }

  #forget(deliveryId: string): void {
    const owed = this.owed.get(deliveryId);
    this.#check('I21', commit.mayBeForgotten(deliveryId, owed));
    if (owed === undefined) return;
    this.forgotten += 1;
    this.owed.delete(deliveryId);
    this.laneOf(owed).forget(owed);
    const generations = this.#generations.get(`${owed.webhookId} ${owed.eventId}`);
    generations?.splice(generations.indexOf(owed), 1);
    for (let attempt = 1; attempt <= owed.attempt; attempt += 1) this.attempts.delete(`${deliveryId} ${attempt}`);
  }

  #attempted([deliveryId, number, outcome, reason, maybeSent, statusCode]: AttemptChange): void {
    const attempt: Attempt = {
      deliveryId,
      attempt: number,
      outcome,
      reason,
      maybeSent: maybeSent === 1,
      statusCode,
    };
    this.attempts.set(`${deliveryId} ${number}`, attempt);
    this.#check('I13', commit.isTrue(attempt, this.#witness.onWire(deliveryId, number)));
  }

  #webhookOf(columns: WebhookChange): ConfiguredWebhook {
    const [webhookId, type, status, endpoint, channelIds, eventTypes, mode, signing, secrets, settings] = columns;
    const sealed = JSON.parse(secrets) as { sealed: string; expires_at: number }[];
    const { retry, unsent_retry_seconds: unsentRetrySeconds } = JSON.parse(settings) as Settings;
    return {
      webhookId,
      serial: serialOf(endpoint),
      type,
      status,
      endpoint,
      mode,
      signing: signing === 1,
      channelIds: JSON.parse(channelIds) as number[],
      eventTypes: JSON.parse(eventTypes) as string[],
      secrets: sealed.map((one) => ({ secret: this.#sealer.open(one.sealed), expiresAt: one.expires_at })),
      retry,
      unsentRetrySeconds,
    };
  }

  #check(id: string, fault: string | undefined): void {
    if (fault !== undefined) this.#witness.violated(id, fault);
  }
}

/** The last columns of a delivery. */
type Tail = [
  state: string,
  attempt: number,
  fence: number,
  createdAt: number,
  previousSequence: number,
  urgency: number,
  replayId: string,
];

interface Settings {
  readonly retry: RetryRule;
  readonly unsent_retry_seconds: number;
}

function inList<Key, Item>(lists: Map<Key, Item[]>, key: Key): Item[] {
  let list = lists.get(key);
  if (list === undefined) lists.set(key, (list = []));
  return list;
}

function inSet<Key, Item>(sets: Map<Key, Set<Item>>, key: Key): Set<Item> {
  let set = sets.get(key);
  if (set === undefined) sets.set(key, (set = new Set()));
  return set;
}

function eventOf(columns: EventChange): CommittedEvent {
  const [eventId, kind, entityId, sequence, type, eventTime, channelId, payload] = columns;
  return { eventId, kind, entityId, sequence, type, eventTime, channelId, payload };
}
