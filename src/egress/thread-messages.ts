import type { Moment } from '../runtime/moment.ts';
import type { Target } from './http-exchange.ts';
import type { EgressProxy } from './proxy-tunnel.ts';
import type { Report } from './report.ts';

/** The operator's settings for connections. */
export interface EgressSettings {
  /** The entries of `TOCSIN_EGRESS_ALLOW`. */
  readonly allow: readonly string[];
  readonly bind: readonly string[];
  readonly proxy?: EgressProxy | undefined;
}

/** What a thread is started with. */
export interface ThreadData {
  readonly settings: EgressSettings;
  readonly idleConnectionsMax: number;
  readonly crashPlan: string;
  /** The number of its beats, and after it the state of each slot. */
  readonly shared: SharedArrayBuffer;
}

/** Requests that one thread may have in hand. The engine itself makes far fewer at once. */
export const slotsMax = 2_048;

/** A thread that is not busy with one thing counts a beat this often; one that carries requests, with each step of one. */
export const beatMs = 100;

/** Texts, and targets, that a thread remembers, so that one that comes again is not handed over again. */
export const textsKept = 64;
export const targetsKept = 1_024;

/**
 * The state of a request. The thread takes it and begins to write, the main thread revokes it: each by exchanging what it expects,
 * so that of the two that want it only one succeeds, whatever else the thread does or does not do any more.
 */
export const given = 0;
export const taken = 1;
export const begun = 2;
export const revoked = 3;

export function sharedMemory(): SharedArrayBuffer {
  return new SharedArrayBuffer((1 + slotsMax) * Int32Array.BYTES_PER_ELEMENT);
}

/** In `shared`. */
export const beatsAt = 0;
export const stateAt = (slot: number): number => 1 + slot;

/** Lists are read in a fraction of the time of objects. A part that the thread remembers is absent, and only its place given. */
export type GivenRequest = readonly [
  slot: number,
  targetPlace: number,
  target: Target | undefined,
  bodyPlace: number,
  body: string | undefined,
  headers: readonly string[],
  timeoutMs: number,
  isGet: boolean,
  atMostOnce: boolean,
  window: readonly [since: Moment, ms: number] | undefined,
];

export type EndedRequest = readonly [
  slot: number,
  phase: Report['phase'],
  maybeSent: boolean,
  statusCode: number,
  fault: Report['fault'],
  timeoutMs: number,
  durationMs: number,
  responseHeadersJson: string,
  responseBody: string,
  timing: Report['timing'],
];

export type ToThread =
  | { readonly requests: readonly GivenRequest[] }
  /** Their leases were renewed. */
  | { readonly renewals: readonly (readonly [slot: number, since: Moment])[] }
  | { readonly found: { readonly host: string; readonly addresses: readonly string[] } }
  | { readonly notFound: { readonly host: string; readonly code: string; readonly message: string } }
  /** Ends all connections and the requests on them. */
  | { readonly close: true };

/** @property lookup a name that only the system may know: the main thread asks, since that blocks a thread of all. */
export type FromThread = { readonly ended: readonly EndedRequest[] } | { readonly lookup: string };

export function packed(slot: number, report: Report): EndedRequest {
  return [
    slot,
    report.phase,
    report.maybeSent,
    report.statusCode,
    report.fault,
    report.timeoutMs,
    report.durationMs,
    report.responseHeadersJson,
    report.responseBody,
    report.timing,
  ];
}

export function reportOf(ended: EndedRequest): Report {
  const [, phase, maybeSent, statusCode, fault, timeoutMs, durationMs, responseHeadersJson, responseBody, timing] =
    ended;
  return {
    phase,
    maybeSent,
    statusCode,
    fault,
    timeoutMs,
    durationMs,
    responseHeadersJson,
    responseBody,
    timing,
  };
}

/** The places of the items that were handed over last. Both sides count alike, so that forgetting needs no message. */
export class HandedOver<Item> {
  readonly #places = new Map<Item, number>();
  readonly #items: Item[] = [];
  readonly #max: number;
  #next = 0;

  constructor(max: number) {
    this.#max = max;
  }

  /** @returns its place, and whether it must be handed over. */
  place(item: Item): readonly [place: number, isNew: boolean] {
    const known = this.#places.get(item);
    if (known !== undefined) return [known, false];
    const place = this.#next;
    this.#next = (place + 1) % this.#max;
    const former = this.#items[place];
    if (former !== undefined) this.#places.delete(former);
    this.#items[place] = item;
    this.#places.set(item, place);
    return [place, true];
  }
}
