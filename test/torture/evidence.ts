import type { WireRecord } from '../counterparts/receiver-process.ts';
import type { Acknowledged, Operation, Refused } from './generator.ts';
import type { MishapKind } from './plan.ts';
import type { Stored } from './stored.ts';

/** From when to when; Unix milliseconds. */
export interface Span {
  readonly at: number;
  readonly endedAt: number;
}

/** A webhook of the torture test, by the path that its pushes arrive at. */
export interface Target {
  readonly path: string;
  readonly webhookId: number;
  readonly mode: 'at_most_once' | 'at_least_once';
  readonly policy: 'every' | 'latest';
  readonly about: 'alert' | 'incident';
  /** Requests that may be in flight at the same time, on each node. */
  readonly maxInFlight: number;
  /** All that it ever signed with. */
  readonly secrets: readonly string[];
  /** The calls that made it and deleted it: it came to be, and came to an end, while they ran. */
  readonly made: Span;
  readonly deleted?: Span;
}

/** A call that changed what a webhook sends: a number is the version that its pushes name from then on. */
export interface Edit extends Span {
  readonly webhookId: number;
  readonly to: number | 'paused' | 'resumed';
}

/** The header in which a push names the version of its webhook. */
export const versionHeader = 'x-torture-version';

/**
 * The faults that we made, and two that nobody wanted. `freeze`: the whole machine stood still. `starved`: a node had to
 * wait for a processor so long that it may have lost its leases, because the machine had other work.
 */
export interface Episode extends Span {
  readonly kind: MishapKind | 'freeze' | 'starved';
  /** 1, 2, 3 …; 0 = all of them. */
  readonly node: number;
}

/** A record of the invocation history (contract 3.1), as far as the checks look at it. */
export interface HistoryItem {
  readonly integration_id: number;
  /** Of the delivery. */
  readonly event_id: string;
  readonly ref_id: string;
  readonly event_time: string;
  readonly status: string;
  readonly status_code: number;
  readonly error_message?: string;
}

/** A replay as the API shows it, as far as the checks look at it. */
export interface ListedReplay {
  readonly replay_id: string;
  readonly integration_id: number;
  readonly state: string;
  readonly done: number;
  readonly created_at: number;
  /** 0 = it runs. */
  readonly finished_at: number;
  readonly selection: { readonly start_time: number; readonly end_time: number };
}

/** An alert as the API shows it (contract 6.5), as far as the checks look at it. */
export interface ListedAlert {
  readonly alert_key: string;
  readonly description: string;
}

export interface NodeFacts {
  /** What its ids begin with, wherever a lease names it; '' where there are no leases. */
  readonly name: string;
  /** Its requests come from there. */
  readonly address: string;
}

/** Everything that is known after the last drain, from independent sides: sender, receiver, API and database. */
export interface Evidence {
  readonly acknowledged: readonly Acknowledged[];
  readonly operations: readonly Operation[];
  /** Answers that no mishap explains. */
  readonly refused: readonly Refused[];
  readonly wire: readonly WireRecord[];
  readonly stored: Stored;
  readonly history: readonly HistoryItem[];
  readonly replays: readonly ListedReplay[];
  readonly alerts: readonly ListedAlert[];
  readonly targets: readonly Target[];
  readonly edits: readonly Edit[];
  readonly episodes: readonly Episode[];
  /** What happened to processes although nobody wanted it to, in words. */
  readonly accidents: readonly string[];
  readonly nodes: readonly NodeFacts[];
  readonly leaseMs: number;
}

/** What recovery says of a delivery that a dead process left behind; the same words stand for no other end. */
export function isInterrupted(item: HistoryItem): boolean {
  return item.status === 'failed' && item.error_message?.startsWith('the service was interrupted') === true;
}

/** Left alone, it answers in less than half a second, always with 200: a failure there is the fault of the service or of its death. */
export function isSteady(target: Target): boolean {
  return !target.path.startsWith('/flaky');
}

const deadly: ReadonlySet<Episode['kind']> = new Set(['kill', 'crash']);

/** Times at which a process died. */
export function deathsIn(episodes: readonly Episode[]): Episode[] {
  return episodes.filter(({ kind }) => deadly.has(kind));
}

const standing: ReadonlySet<Episode['kind']> = new Set(['pause', 'freeze']);

/** Times at which a node did nothing, though it lived. */
export function pausesOf(node: number, episodes: readonly Episode[]): Episode[] {
  return episodes.filter((one) => standing.has(one.kind) && (one.node === 0 || one.node === node));
}

/** Times at which all of the machine stood still: anything with a time limit may have reached it. */
export function freezesIn(episodes: readonly Episode[]): Episode[] {
  return episodes.filter(({ kind }) => kind === 'freeze');
}

/** Some of a lease is left when a node is paused or cut off: a pause of less than this part of it costs no lease. */
const harmlessPart = 0.25;

/**
 * True when what the node had in flight may have lost its result: it died, or it could not renew its leases for so long
 * that others took them. Everything else has to cost nothing.
 */
export function mayInterrupt({ kind, at, endedAt }: Episode, { nodes, leaseMs }: Evidence): boolean {
  if (deadly.has(kind)) return true;
  const cutsOff = standing.has(kind) || kind === 'starved' || kind === 'cut' || kind === 'postgres';
  return nodes.length > 1 && cutsOff && endedAt - at >= leaseMs * harmlessPart;
}

/** How long the kernel may take to deliver what a dead process wrote, and the receiver to read it on a busy machine. */
export const flushMaxMs = 250;
/** Two clocks of one machine are read, and one of them counts whole milliseconds. */
export const clockMs = 2;
