import { openKey } from '../alerts/alert.ts';
import type { ChannelDirectory } from '../channels/channel.ts';
import type { IncidentActions } from '../incidents/actions.ts';
import type { Clock } from '../runtime/clock.ts';
import type { People } from '../members/people.ts';
import { invalid, type Failure, type Fault } from '../runtime/failure.ts';
import type { Ids } from '../runtime/ids.ts';
import { pickableChannels, type PickableChannels } from './channel-picker.ts';
import type { Reply } from './formats/format.ts';
import { formats } from './formats/index.ts';
import { isObject } from './formats/format.ts';
import type { Push, PushCounts } from './ingest.ts';
import { sourceOf, type Integration, type IntegrationDirectory } from './integration.ts';

export interface GatewayParts {
  readonly integrations: { current(): Promise<IntegrationDirectory> };
  readonly channels: { current(): Promise<ChannelDirectory> };
  readonly people: { current(): Promise<People> };
  readonly incidents: Pick<IncidentActions, 'commentByAlert'>;
  /** Resolves when what the push caused is durable. */
  readonly ingest: (push: Push) => Promise<PushCounts>;
  /** Told what became of each push, for the metrics. */
  readonly observe: (counts: PushCounts, skipped: number) => void;
  readonly clock: Clock;
  readonly ids: Ids;
}

type Query = Readonly<Record<string, string | string[] | undefined>>;

/** Characters of a comment, after trimming (contract 6.2). */
const commentMax = 1024;

/** Where monitoring systems push to (contract 5): key → integration → format → reports → one durable change. */
export class Gateway {
  readonly #parts: GatewayParts;

  constructor(parts: GatewayParts) {
    this.#parts = parts;
  }

  async knows(key: string): Promise<boolean> {
    return (await this.#find(key)) !== undefined;
  }

  /**
   * Takes one body. The answer comes when everything in it is durable.
   * @throws Failure InvalidParameter for a key that is not known and for a body that names what is wrong with it.
   */
  async push(type: string, key: string, body: unknown, query: Query): Promise<Reply> {
    const integration = await this.#authorized(key, type, body);
    const format = formats[integration.type];
    const parsed = format.parse(body, {
      now: this.#parts.clock.now(),
      shortId: this.#parts.ids.short,
      integrationName: integration.name,
      integrationType: sourceOf(integration).type,
    });
    if (!parsed.ok) {
      if (format.refusal === undefined) throw invalid(parsed.faults);
      return format.refusal(parsed.faults.map(sentence));
    }
    if (parsed.reports.length > 0) {
      const { integrationId } = integration;
      const channelId = channelOf(integration, query);
      const counts = await this.#parts.ingest({ integrationId, channelId, reports: parsed.reports });
      this.#parts.observe(counts, parsed.skipped.length);
    }
    return parsed.reply;
  }

  /** Adds a comment to the incident that holds the open alert with a key (contract 5.8). */
  async comment(key: string, body: unknown): Promise<{ data: Record<string, unknown> }> {
    const integration = await this.#authorized(key, undefined, body);
    const { alertKey, comment } = readComment(body);
    const { integrationId, channelId } = integration;
    const channels =
      channelId === 0 ? (await this.#parts.channels.current()).list.map((one) => one.channelId) : [channelId];
    const keys = channels.map((one) => openKey({ integrationId, channelId: one, alertKey }));
    await this.#parts.incidents.commentByAlert(keys, alertKey, comment);
    return { data: {} };
  }

  /** The channels that the holder of a shared integration's key may choose among (contract 6.9). */
  async listChannels(key: string, body: unknown): Promise<{ data: PickableChannels }> {
    const integration = await this.#authorized(key, undefined, body);
    if (integration.channelId !== 0) {
      const message = 'integration_key is not a valid one: it belongs to an integration that is not shared';
      throw invalid([{ field: '', message }]);
    }
    const { channels, people } = this.#parts;
    return { data: pickableChannels(body, await channels.current(), await people.current()) };
  }

  /** A key opens only the path of its own type: a body read by the wrong format would be understood wrongly. */
  async #authorized(key: string, type: string | undefined, body: unknown): Promise<Integration> {
    const inBody = key === '' && type !== undefined && Object.hasOwn(formats, type) ? keyInBody(type, body) : undefined;
    const integration = await this.#find(inBody ?? key);
    if (integration === undefined) throw wrongKey();
    if (type === undefined || type === integration.type) return integration;
    const message = `integration_key is not a valid one for ${type}: it belongs to an integration of the type ${integration.type}`;
    throw invalid([{ field: '', message }]);
  }

  async #find(key: string): Promise<Integration | undefined> {
    if (key === '') return undefined;
    const integration = (await this.#parts.integrations.current()).byKey(key);
    return integration?.status === 'enabled' ? integration : undefined;
  }
}

/** The words are the contract's (5.1). */
function wrongKey(): Failure {
  return invalid([{ field: '', message: 'integration_key is not a valid one' }]);
}

function keyInBody(type: string, body: unknown): string | undefined {
  return formats[type as keyof typeof formats].keyInBody?.(body);
}

/** A shared integration may be told the channel by its sender (contract 5.1). */
function channelOf(integration: Integration, query: Query): number {
  if (integration.channelId !== 0) return integration.channelId;
  const named = query['channel_id'];
  return typeof named === 'string' && /^\d{1,15}$/.test(named) ? Number(named) : 0;
}

function readComment(body: unknown): { alertKey: string; comment: string } {
  const fields = isObject(body) ? body : {};
  const alertKey = fields['alert_key'];
  const comment = typeof fields['comment'] === 'string' ? fields['comment'].trim() : '';
  const faults: Fault[] = [];
  if (typeof alertKey !== 'string' || alertKey === '') faults.push({ field: 'alert_key', message: 'is required' });
  if (comment === '') faults.push({ field: 'comment', message: 'is required, and not blank' });
  if (comment.length > commentMax) {
    faults.push({ field: 'comment', message: `may have ${commentMax} characters at most` });
  }
  if (faults.length > 0 || typeof alertKey !== 'string') throw invalid(faults);
  return { alertKey: alertKey.normalize('NFC'), comment };
}

function sentence(fault: Fault): string {
  return fault.field === '' ? fault.message : `${fault.field}: ${fault.message}`;
}
