import type { ServerResponse } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Failure, invalid, type Fault } from '../../runtime/failure.ts';
import type { Cancel } from '../../runtime/timers.ts';
import { identify, type Caller } from '../server/auth.ts';
import type { PushQuery } from '../../ingestion/push-receiver.ts';
import type { Endpoints } from '../server/server-options.ts';
import { eventText, hintText, topics, type HintFilter, type Topic } from './hint.ts';
import type { LiveHub } from './live-hub.ts';
import { StreamWriter } from './stream-writer.ts';

export const livePath = '/live';

/** Open streams of one node: each costs a connection and some memory. */
export const streamsMax = 200;
/** Of one member, whose browsers have one each, so that nobody takes all streams. */
export const streamsOfMemberMax = 20;
/** The interval of comments that keep proxies from closing an idle stream. */
const commentMs = 15_000;
/** The interval of checking whether the caller may still listen. */
const recheckMs = 900;

/** The live stream: server-sent events that are hints with ids, for the console (`GET /live`). */
export function addLive(endpoints: Endpoints): { close(): void } {
  const { app, options } = endpoints;
  const open = new Map<LiveStream, number>();
  app.get(livePath, { exposeHeadRoute: false }, async (request, reply) => {
    const admitted = () => admit(endpoints, request);
    const { person } = await admitted();
    const filter = filterOf(request.query as PushQuery);
    if (open.size >= streamsMax || endpoints.isDraining()) {
      const message = endpoints.isDraining() ? 'this server is closing' : `${streamsMax} live streams are open`;
      throw new Failure('ServiceUnavailable', `${message}; try again`, { retryAfterSeconds: 10 });
    }
    const own = [...open.values()].filter((memberId) => memberId === person.person_id).length;
    if (own >= streamsOfMemberMax) {
      const message = `${streamsOfMemberMax} live streams of this member are open; close one, then try again`;
      throw new Failure('RequestTooFrequently', message, { retryAfterSeconds: 10 });
    }
    const stream = new LiveStream(endpoints, hijack(request, reply), admitted);
    open.set(stream, person.person_id);
    stream.run(options.live, filter, String(request.headers['last-event-id'] ?? ''), () => open.delete(stream));
  });
  return {
    close: () => {
      for (const stream of open.keys()) stream.end();
    },
  };
}

/** A page's event source cannot add the headers that other calls need; a foreign page cannot read the answer. */
async function admit({ options, strangers }: Endpoints, request: FastifyRequest): Promise<Caller> {
  const { cookie, authenticate } = options.browsers;
  cookie.refuseForeignPage(request);
  const sameSite = { read: cookie.read.bind(cookie), requireOwnPage: () => undefined };
  return identify(request, options.authenticate, strangers, { cookie: sameSite, authenticate });
}

/** Sends the usual headers; the stream writes the rest. */
function hijack(request: FastifyRequest, reply: FastifyReply): ServerResponse {
  const { raw } = reply;
  for (const [name, value] of Object.entries(reply.getHeaders())) if (value !== undefined) raw.setHeader(name, value);
  reply.hijack();
  request.raw.socket.setNoDelay(true);
  raw.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'x-accel-buffering': 'no' });
  return raw;
}

class LiveStream {
  readonly #endpoints: Endpoints;
  readonly #response: ServerResponse;
  readonly #admitted: () => Promise<unknown>;
  readonly #writer: StreamWriter;
  #ended = false;
  #cancels: Cancel[] = [];

  constructor(endpoints: Endpoints, response: ServerResponse, admitted: () => Promise<unknown>) {
    this.#endpoints = endpoints;
    this.#response = response;
    this.#admitted = admitted;
    this.#writer = new StreamWriter(endpoints.options.timers, (text, sent) => response.write(text, sent));
  }

  run(hub: LiveHub, filter: HintFilter, cursor: string, ended: () => void): void {
    this.#writer.send(eventText('hello', '', { version: this.#endpoints.options.version }));
    const unsubscribe = hub.subscribe(
      {
        filter,
        hint: (at, hint) => this.#writer.send(hintText(at, hint)),
        gap: (at) => this.#writer.send(eventText('gap', at, {})),
      },
      cursor,
    );
    this.#response.on('close', () => {
      this.#ended = true;
      for (const cancel of this.#cancels) cancel();
      this.#writer.close();
      unsubscribe();
      ended();
    });
    this.#response.on('error', () => undefined);
    this.#every(commentMs, () => this.#response.write(':\n\n'), 0);
    this.#every(recheckMs, () => void this.#recheck(), 1);
  }

  /** An unavailable database does not end the stream. */
  async #recheck(): Promise<void> {
    try {
      await this.#admitted();
    } catch (error) {
      if (error instanceof Failure) this.end();
    }
  }

  end(): void {
    if (this.#ended) return;
    this.#writer.flush();
    this.#writer.close();
    this.#response.end();
  }

  #every(ms: number, work: () => void, slot: number): void {
    this.#cancels[slot] = this.#endpoints.options.timers.after(ms, () => {
      if (this.#ended) return;
      work();
      this.#every(ms, work, slot);
    });
  }
}

/** @throws Failure that names every unknown parameter. */
function filterOf(query: PushQuery): HintFilter {
  const wanted = textOf(query, 'topics')
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');
  const faults: Fault[] = wanted
    .filter((word) => !topics.some((topic) => topic === word))
    .map((word) => ({
      field: 'topics',
      message: `${JSON.stringify(word)} is not a topic: choose among ${topics.join(', ')}`,
      code: 'not_allowed',
    }));
  for (const name of ['webhook', 'channel']) {
    if (!/^\d{0,15}$/.test(textOf(query, name)))
      faults.push({ field: name, message: 'must be a number', code: 'type' });
  }
  if (faults.length > 0) throw invalid(faults);
  const [webhookId, channelId] = [Number(textOf(query, 'webhook')), Number(textOf(query, 'channel'))];
  return { topics: wanted as Topic[], webhookId, channelId };
}

/** Joins repeated parameters with commas. */
function textOf(query: PushQuery, name: string): string {
  return [query[name] ?? ''].flat().join(',');
}
