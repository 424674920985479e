import { setTimeout as sleep } from 'node:timers/promises';
import type { Json } from '../support/service.ts';
import { type Edit, type Span, type Target, versionHeader } from './evidence.ts';

/** Every receiver but the flaky one answers within half a second; the rest is for a pause, and for a busy machine. */
const timeoutMs = 10_000;
const maxInFlight = 8;
const callsMax = 40;
const callPauseMs = 50;

/** Calls an operation on any node that is well; rejects with what it was refused with. */
export type Call = (path: string, body: object) => Promise<Json>;

/** What pushes come in through. */
export async function makeIntegrations(call: Call): Promise<string[]> {
  const { team_id } = await call('/team/upsert', { team_name: 'torture' });
  const { channel_id } = await call('/channel/create', { channel_name: 'torture', team_id });
  const keys: string[] = [];
  for (const name of ['one', 'two', 'three', 'four']) {
    const made = await call('/integration/create', { name, type: 'standard', channel_id });
    keys.push(String(made['integration_key']));
  }
  return keys;
}

type Wanted = Pick<Target, 'path' | 'mode' | 'about'> & Partial<Pick<Target, 'policy' | 'maxInFlight'>>;

const kept: readonly Wanted[] = [
  { path: '/slow/at-most-once', mode: 'at_most_once', about: 'alert' },
  { path: '/flaky/at-most-once', mode: 'at_most_once', about: 'alert' },
  { path: '/ok/incidents', mode: 'at_most_once', about: 'incident' },
  { path: '/slow/at-least-once', mode: 'at_least_once', about: 'alert' },
  { path: '/ok/incidents-at-least-once', mode: 'at_least_once', about: 'incident' },
  { path: '/slower/latest', mode: 'at_least_once', about: 'alert', policy: 'latest', maxInFlight: 32 },
];
const replayedPath = '/slow/at-most-once';
/** So slow that a replay lasts for some rounds. */
const replayedPerSecond = 8;
const editedPath = '/slow/edited';

/** The webhooks of a run: one for each way of delivering, one that is edited, and one after the other that is deleted. */
export class Setup {
  readonly #receiverUrl: string;
  readonly #targets: Target[] = [];
  readonly edits: Edit[] = [];
  #version = 0;
  #replaced = 0;
  #replayedUntil = Date.now() - 60_000;

  constructor(receiverUrl: string) {
    this.#receiverUrl = receiverUrl;
  }

  get targets(): readonly Target[] {
    return this.#targets;
  }

  async make(call: Call): Promise<void> {
    for (const wanted of kept) await this.#add(call, wanted);
    await this.#add(call, { path: editedPath, mode: 'at_most_once', about: 'alert' });
    await this.editHeaders(call);
    await this.#addShort(call, 'at_most_once');
  }

  /** The pushes of one webhook name another version from now on. */
  editHeaders(call: Call): Promise<void> {
    this.#version += 1;
    const headers = { [versionHeader]: String(this.#version) };
    return this.#change(call, '/webhook/update', { headers }, this.#version);
  }

  pause(call: Call): Promise<void> {
    return this.#change(call, '/webhook/pause', {}, 'paused');
  }

  resume(call: Call): Promise<void> {
    return this.#change(call, '/webhook/resume', {}, 'resumed');
  }

  /** Sends again what has ended at one webhook since the last time; it has one replay at a time. */
  async replay(call: Call): Promise<void> {
    const target = this.#targets.find(({ path }) => path === replayedPath);
    if (target === undefined) throw new Error('there is no webhook to replay');
    const until = Date.now();
    const asked = {
      integration_id: target.webhookId,
      start_time: this.#replayedUntil,
      end_time: until,
      states: ['delivered', 'failed', 'unknown'],
      max_per_second: replayedPerSecond,
    };
    const { result } = await insist(() =>
      call('/webhook/replay', asked).catch((error: unknown) => {
        // The one before goes on, or an answer got lost and this is the one that runs.
        if (String(error).includes('of this webhook runs')) return {};
        throw error;
      }),
    );
    if (result['replay_id'] !== undefined) this.#replayedUntil = until;
  }

  async rotateSecret(call: Call): Promise<void> {
    const edited = this.#edited;
    const { result } = await insist(() => call('/webhook/secret/rotate', { integration_id: edited.webhookId }));
    this.#put({ ...edited, secrets: [...edited.secrets, String(result['secret'])] });
  }

  async replace(call: Call, mode: Target['mode']): Promise<void> {
    const last = this.#targets.at(-1);
    if (last === undefined) throw new Error('there is no webhook');
    const { span } = await insist(() =>
      call('/webhook/delete', { integration_id: last.webhookId }).catch((error: unknown) => {
        // An answer got lost, and it is gone.
        if (String(error).includes('ResourceNotFound')) return {};
        throw error;
      }),
    );
    this.#put({ ...last, deleted: span });
    // One whose answer got lost may be there, unknown to the checks; the next one has another path.
    await insist(async () => {
      await this.#addShort(call, mode);
      return {};
    });
  }

  get #edited(): Target {
    const edited = this.#targets.find(({ path }) => path === editedPath);
    if (edited === undefined) throw new Error('there is no webhook to edit');
    return edited;
  }

  #addShort(call: Call, mode: Target['mode']): Promise<void> {
    this.#replaced += 1;
    return this.#add(call, { path: `/slow/short-${this.#replaced}`, mode, about: 'alert' });
  }

  async #add(call: Call, { policy = 'every', ...wanted }: Wanted): Promise<void> {
    const target = { maxInFlight, policy, ...wanted };
    const at = Date.now();
    const made = await call('/webhook/create', {
      type: target.about,
      name: target.path,
      endpoint: this.#receiverUrl + target.path,
      timeout_ms: timeoutMs,
      delivery_mode: target.mode,
      ...(policy === 'latest' ? { order_policy: policy } : {}),
      max_in_flight: target.maxInFlight,
    });
    this.#targets.push({
      ...target,
      webhookId: Number(made['integration_id']),
      secrets: [String(made['secret'])],
      made: { at, endedAt: Date.now() },
    });
  }

  async #change(call: Call, path: string, change: object, to: Edit['to']): Promise<void> {
    const { webhookId } = this.#edited;
    const { span } = await insist(() => call(path, { integration_id: webhookId, ...change }));
    this.edits.push({ webhookId, to, ...span });
  }

  #put(target: Target): void {
    const index = this.#targets.findIndex(({ webhookId }) => webhookId === target.webhookId);
    this.#targets[index] = target;
  }
}

/** Asks again until it is answered; it may be done more than once. */
async function insist(call: () => Promise<Json>): Promise<{ result: Json; span: Span }> {
  const at = Date.now();
  for (let calls = 1; ; calls += 1) {
    try {
      return { result: await call(), span: { at, endedAt: Date.now() } };
    } catch (error) {
      if (calls >= callsMax) throw error;
      await sleep(callPauseMs);
    }
  }
}
