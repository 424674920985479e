import type { AlertReport } from '../alerts/alert.ts';
import type { ChangeReport } from '../changes/change.ts';
import type { ChangeService } from '../changes/change-service.ts';
import type { SharedConfig } from '../database/config-snapshot.ts';
import { DatabaseFailure } from '../database/database.ts';
import type { IncidentService } from '../incidents/incident-service.ts';
import type { Clock } from '../runtime/clock.ts';
import { Failure, invalid, type Fault } from '../runtime/failure.ts';
import type { Ids } from '../runtime/ids.ts';
import { freshPace, opensAt, spend } from '../runtime/token-bucket.ts';
import type { ActivityRecorder } from './activity-recorder.ts';
import { pickableChannels, type PickableChannels } from './channel-picker.ts';
import { isObject } from './formats/fields.ts';
import type { Format, ParseContext, Parsed, Refused, Reply } from './formats/format.ts';
import { formats } from './formats/index.ts';
import { normalizeAlertKey } from './formats/text.ts';
import type { Push } from './ingest.ts';
import { sourceOf, type Integration } from './integration.ts';
import type { LargePushRest } from './large-push-rest.ts';
import type { IngestionMetrics } from './metrics.ts';
import type { Named } from './push-context.ts';
import { withResults } from './push-reply.ts';
import { joined, pieceMax, type PushResult } from './push-result.ts';
import type { SnsGate } from './sns.ts';

export interface PushReceiverParts {
  readonly config: Pick<SharedConfig<Named>, 'current' | 'fresh'>;
  readonly incidents: Pick<IncidentService, 'commentByAlert'>;
  readonly changes: Pick<ChangeService, 'record'>;
  /** Resolves when the changes of the push are durable. */
  readonly ingest: (push: Push) => Promise<PushResult>;
  /** Reads a large body beside the event loop. */
  readonly parseLarge: (
    parts: LargeContent['parts'],
    type: string,
    context: LargeContext,
    integrationId: number,
  ) => Promise<LargeParsed>;
  /** What a large push leaves to others. */
  readonly rest: LargePushRest;
  readonly activity: Pick<ActivityRecorder, 'heard' | 'refused' | 'unrouted'>;
  readonly metrics: IngestionMetrics;
  readonly log: (event: string, fields: Readonly<Record<string, unknown>>) => void;
  readonly sns: Pick<SnsGate, 'admit'>;
  readonly clock: Clock;
  readonly ids: Ids;
}

/** The context for reading a body in another thread. */
export type LargeContext = Omit<ParseContext, 'shortId'>;

/** A large body after reading; its reports are fetched in pieces, so that no fetch holds the loop for long. */
export type LargeParsed =
  | { readonly head: Refused }
  | { readonly head: Omit<Parsed, 'reports'>; readonly pieces: AsyncIterable<readonly AlertReport[]> };

export interface Sender {
  postsTo(path: string): boolean;
  readonly hasKeyInBody: boolean;
  /** The body of a refusal in the sender's own form. */
  readonly refusal?: (status: number, messages: readonly string[]) => Readonly<Record<string, unknown>>;
}

/** A body and its request. */
export interface IncomingPush {
  readonly type: string;
  /** The path in the sender's API that it was posted to; '' = the push path itself. */
  readonly path: string;
  /** '' = none in the request; the body may hold one. */
  readonly key: string;
  readonly content: PushContent;
  readonly query: PushQuery;
}

/** Checked JSON, or a large body. */
export type PushContent = { readonly value: unknown } | LargeContent;

export interface LargeContent {
  /** Its bytes, in memory that threads share. */
  readonly parts: readonly Uint8Array[];
}

/** A refused push. */
export interface RefusedPush {
  readonly key: string;
  readonly value: unknown;
  readonly type: string;
  readonly status: number;
  /** One of `refusalReasons`. */
  readonly reason: string;
  readonly message: string;
  readonly bytes: number;
  readonly requestId: string;
}

/** The parameters of its URL, decoded; a list where one came several times. */
export type PushQuery = Readonly<Record<string, string | string[] | undefined>>;

/** Log lines about refused pushes of nobody's key. */
const strangerLinesPerSecond = 10;

/** Characters of a comment, after trimming (contract 6.2). */
const commentMax = 1024;

/** Seconds after which a sender may repeat a body that was taken only in part. */
const partRetrySeconds = 5;

/** Receives pushes of monitoring systems (contract 5): key → integration → format → reports → durable changes. */
export class PushReceiver {
  readonly #parts: PushReceiverParts;
  #strangers = freshPace;

  constructor(parts: PushReceiverParts) {
    this.#parts = parts;
  }

  /** The rules for senders of a format, before a body is read. */
  sender(type: string): Sender | undefined {
    if (!Object.hasOwn(formats, type)) return undefined;
    const format: Format = formats[type as keyof typeof formats];
    return {
      postsTo: (path) => path === '' || format.postsTo?.(path) === true,
      hasKeyInBody: format.keyInBody !== undefined,
      ...(format.refusal === undefined ? {} : { refusal: format.refusal }),
    };
  }

  async knows(key: string): Promise<boolean> {
    return (await this.#find(key)) !== undefined;
  }

  /**
   * Takes one body and replies when everything in it is durable. A large one is taken in pieces; when a piece fails,
   * earlier ones stay, and repeating the body is harmless.
   * @throws Failure InvalidParameter for an unknown key, and for a body, with all its faults.
   */
  async push({ type, path, key, content, query }: IncomingPush): Promise<Reply> {
    const integration = await this.#authorized(key, type, 'value' in content ? content.value : undefined);
    this.#parts.rest.heard(integration.integrationId);
    const named = await this.#namedChannel(query);
    const { head, pieces } = await this.#read(integration, content, path);
    if (head.truncated > 0) this.#noteTruncated(integration, head.truncated);
    this.#parts.activity.heard(integration.integrationId, head.truncated);
    const place = placeOf(integration, named);
    if (head.change !== undefined) return this.#takeChange(integration, place.channelId, head, head.change);
    const { result, refused } = await this.#takePieces(integration, place, pieces);
    this.#parts.metrics.observe(result.counts, head);
    if (result.counts.unrouted > 0) this.#parts.activity.unrouted(integration.integrationId, result.counts.unrouted);
    return withResults(head.reply, result, refused);
  }

  /** Records a refused push for the operator and the owner of its integration. */
  async refused({ key, value, type, requestId, ...refusal }: RefusedPush): Promise<void> {
    const integration = await this.#find(key === '' ? (keyInBody(type, value) ?? '') : key);
    const reason = integration === undefined && refusal.reason === 'invalid' ? 'wrong_key' : refusal.reason;
    this.#parts.metrics.refused(reason);
    if (integration === undefined && !this.#mayLogStranger()) return;
    const who = { integration_id: integration?.integrationId ?? 0, integration: integration?.name ?? '' };
    this.#parts.log('push.refused', { ...who, type, ...refusal, reason, request_id: requestId });
    if (integration !== undefined) this.#parts.activity.refused(integration.integrationId, { ...refusal, reason });
  }

  /** Somebody without a key fills no disk; the counter counts them all. */
  #mayLogStranger(): boolean {
    const now = this.#parts.clock.monotonic();
    if (opensAt(this.#strangers, strangerLinesPerSecond, now) > now) return false;
    this.#strangers = spend(this.#strangers, strangerLinesPerSecond, now);
    return true;
  }

  /** Comments on the incident that holds the alert of a key (contract 5.8). */
  async comment(key: string, body: unknown): Promise<{ data: Record<string, unknown> }> {
    const integration = await this.#authorized(key, undefined, body);
    const { alertKey, comment } = readComment(body);
    const { integrationId } = integration;
    const channelIds = (await this.#parts.config.current()).channels.list.map((one) => one.channelId);
    await this.#parts.incidents.commentByAlert({ integrationId, alertKey }, channelIds, comment);
    return { data: {} };
  }

  /** The channels that a shared integration's sender may choose (contract 6.9). */
  async listChannels(key: string, body: unknown): Promise<{ data: PickableChannels }> {
    const integration = await this.#authorized(key, undefined, body);
    if (integration.channelId !== 0) {
      const message = 'integration_key is not a valid one: it belongs to an integration that is not shared';
      throw invalid([{ field: '', message }]);
    }
    const { channels, people } = await this.#parts.config.current();
    return { data: pickableChannels(body, channels, people) };
  }

  async #read(integration: Integration, content: PushContent, path: string) {
    const { clock, ids, parseLarge, sns } = this.#parts;
    if (integration.type === 'cloudwatch') await sns.admit('value' in content ? content.value : undefined);
    const context = {
      now: clock.now(),
      integrationName: integration.name,
      integrationType: sourceOf(integration).type,
      settings: integration.settings,
      path,
    };
    if ('parts' in content) {
      const read = await parseLarge(content.parts, integration.type, context, integration.integrationId);
      if (!('pieces' in read)) throw invalid(read.head.faults);
      return read;
    }
    const parsed = formats[integration.type].parse(content.value, { ...context, shortId: ids.short });
    if (!parsed.ok) throw invalid(parsed.faults);
    return { head: parsed, pieces: piecesOf(parsed.reports) };
  }

  async #takeChange(
    { integrationId, status }: Integration,
    channelId: number,
    { reply }: Pick<Parsed, 'reply'>,
    report: ChangeReport,
  ): Promise<Reply> {
    if (status !== 'enabled') throw disabled();
    const { changeId } = await this.#parts.changes.record({ integrationId, channelId }, report);
    const more = { change_id: changeId };
    return 'data' in reply ? { data: { ...reply.data, ...more } } : { ...reply, body: { ...reply.body, ...more } };
  }

  /** A disabled integration accepts recoveries of open alerts and nothing else. */
  async #takePieces(
    { integrationId, status }: Integration,
    place: Omit<Push, 'integrationId' | 'reports'>,
    pieces: AsyncIterable<readonly AlertReport[]> | Iterable<readonly AlertReport[]>,
  ) {
    const { ingest, rest, clock } = this.#parts;
    const rests = rest.ofPush(integrationId);
    const results: PushResult[] = [];
    let [taken, refused] = [0, 0];
    let size = pieceMax;
    let tookMs = 0;
    const take = async (piece: readonly AlertReport[]) => {
      const reports = status === 'enabled' ? piece : piece.filter((report) => report.status === 'Ok');
      refused += piece.length - reports.length;
      for (let from = 0; from < reports.length;) {
        if (tookMs > 0) await rests.after(tookMs);
        const some = reports.slice(from, from + Math.min(size, rests.partMax()));
        try {
          const began = clock.monotonic();
          const result = await ingest({ integrationId, ...place, reports: some });
          tookMs = clock.monotonic() - began;
          // The rest of it would make more deliveries than one transaction may: smaller pieces load less in vain.
          size = result.taken < some.length ? result.taken : Math.min(2 * size, pieceMax);
          results.push(result);
          from += result.taken;
          taken += result.taken;
        } catch (error) {
          throw taken === 0 ? error : inPart(error, taken);
        }
      }
    };
    // Those that are there already need no wait.
    if (Symbol.asyncIterator in pieces) for await (const piece of pieces) await take(piece);
    else for (const piece of pieces) await take(piece);
    if (refused > 0 && taken === 0) throw disabled();
    return { result: joined(results), refused };
  }

  #noteTruncated({ integrationId, name }: Integration, count: number): void {
    this.#parts.log('push.truncated', { integration_id: integrationId, integration: name, truncated: count });
  }

  /** @throws Failure for a `channel_id` of no channel, because the alert would reach nobody. */
  async #namedChannel(query: PushQuery): Promise<number> {
    const named = query['channel_id'] ?? '';
    if (named === '' || named === '0') return 0;
    const field = 'channel_id';
    if (typeof named !== 'string' || !/^\d{1,15}$/.test(named)) {
      throw invalid([{ field, message: 'must be the number of a channel, once' }]);
    }
    const { config } = this.#parts;
    const channel = Number(named);
    if ((await config.current()).channels.find(channel) !== undefined) return channel;
    if ((await config.fresh()).channels.find(channel) !== undefined) return channel;
    throw invalid([{ field, message: `there is no channel ${named}: make it first, or leave channel_id out` }]);
  }

  /** A key is valid only for the path of its type: another format would misread the body. */
  async #authorized(key: string, type: string | undefined, body: unknown): Promise<Integration> {
    const integration = await this.#find(key === '' && type !== undefined ? (keyInBody(type, body) ?? '') : key);
    if (integration === undefined) throw wrongKey();
    if (type === undefined) {
      if (integration.status === 'enabled') return integration;
      throw disabled();
    }
    if (type === integration.type) return integration;
    const message = `integration_key is not a valid one for ${type}: it belongs to an integration of the type ${integration.type}`;
    throw invalid([{ field: '', message }]);
  }

  /** Disabled ones too, and one that another node has made just now. */
  async #find(key: string): Promise<Integration | undefined> {
    if (key === '') return undefined;
    const { config, clock } = this.#parts;
    const now = clock.now();
    return (await config.current()).integrations.byKey(key, now) ?? (await config.fresh()).integrations.byKey(key, now);
  }
}

/** The message of contract 5.1. */
function wrongKey(): Failure {
  return invalid([{ field: '', message: 'integration_key is not a valid one' }]);
}

function disabled(): Failure {
  const message = 'integration_key is not a valid one: its integration is disabled, and takes recoveries only';
  return invalid([{ field: '', message }]);
}

/** Adds how far a body got, for a sender that can repeat it. */
function inPart(error: unknown, taken: number): unknown {
  if (!(error instanceof DatabaseFailure) && !(error instanceof Failure)) return error;
  const message = `the first ${taken} alerts of the body were taken, and the others were not: send it again as it is`;
  return new Failure('ServiceUnavailable', message, { retryAfterSeconds: partRetrySeconds, cause: error });
}

function keyInBody(type: string, body: unknown): string | undefined {
  return Object.hasOwn(formats, type) ? formats[type as keyof typeof formats].keyInBody?.(body) : undefined;
}

/** The sender of a shared integration may choose the channel (contract 5.1). */
function placeOf({ channelId }: Integration, named: number): Omit<Push, 'integrationId' | 'reports'> {
  if (channelId !== 0 || named === 0) return { channelId };
  return { channelId: named, namesChannel: true };
}

function* piecesOf(reports: readonly AlertReport[]): Iterable<readonly AlertReport[]> {
  for (let from = 0; from < reports.length; from += pieceMax) yield reports.slice(from, from + pieceMax);
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
  return { alertKey: normalizeAlertKey(alertKey) ?? alertKey, comment };
}
