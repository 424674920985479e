import type { CrashPoint } from '../../src/runtime/crash-points.ts';
import { seeded } from '../counterparts/receiver-process.ts';

/** What may happen to a node, to the database under it, or to the configuration. */
export type Mishap =
  /** `kill -9`, again so many milliseconds into each start that follows, and away for a while before the last. */
  | { readonly kind: 'kill'; readonly startKillsMs: readonly number[]; readonly awayMs: number }
  /** The process kills itself on the n-th pass of a named point. */
  | { readonly kind: 'crash'; readonly point: CrashPoint; readonly pass: number }
  /** SIGSTOP, then SIGCONT. */
  | { readonly kind: 'pause'; readonly ms: number }
  /** SIGTERM: it leaves in good order. */
  | { readonly kind: 'leave'; readonly awayMs: number }
  /** PostgreSQL ends this part of the nodes' connections. */
  | { readonly kind: 'backends'; readonly share: number }
  /** PostgreSQL is stopped at once, as by its crash, and started again. */
  | { readonly kind: 'postgres'; readonly downMs: number }
  /** The next commit after this statement takes place, and its node gets no answer. */
  | { readonly kind: 'commit'; readonly after: string }
  /** A node cannot reach its database. */
  | { readonly kind: 'cut'; readonly ms: number }
  | { readonly kind: 'edit'; readonly what: 'headers' | 'secret' | 'pause'; readonly ms: number }
  /** A webhook is deleted, and another made in its place. */
  | { readonly kind: 'replace'; readonly mode: 'at_most_once' | 'at_least_once' };

export type MishapKind = Mishap['kind'];

/** So many pushes are acknowledged before it, and it happens to the node at this part of those that are well. */
export interface Round {
  readonly pushes: number;
  readonly node: number;
  readonly mishap: Mishap;
}

export interface PlanOptions {
  readonly rounds: number;
  readonly seed: number;
  readonly database: 'sqlite' | 'postgres';
  readonly nodes: number;
  readonly leaseMs: number;
}

/** How often each happens, in a hundred rounds or so. */
const weights: Readonly<Record<MishapKind, number>> = {
  kill: 28,
  crash: 17,
  pause: 12,
  leave: 7,
  backends: 7,
  postgres: 7,
  commit: 11,
  cut: 6,
  edit: 8,
  replace: 6,
};
const onPostgres: ReadonlySet<MishapKind> = new Set(['backends', 'postgres', 'commit', 'cut']);

const points: readonly CrashPoint[] = [
  'send.after-claim',
  'claim.before-commit',
  'send.before-connect',
  'send.before-write',
  'send.after-response',
  'settle.before-commit',
  'fanout.before-insert',
  'fanout.before-commit',
  'recover.mid',
];
const passMax = 12;
/** Most pushes are claimed with their changes. */
const claimPassMax = 3;

const claiming = `state = 'sending', attempt`;
/** Of a change that claims its own deliveries. */
const claimingAtBirth = 'insert into "delivery" (delivery_id';
/** Statements whose commit may be lost: of a claim, of a result, of a change, of a lease. */
const lossy = [claiming, '"response_body" =', 'insert into "event"', claimingAtBirth, 'update shard_lease'];

/** From the first pushes after a start to full load. */
const pushesMax = 30;
/** Some deaths are followed by others while it starts: before, during and after its recovery. */
const startKillShare = 0.2;
const startMaxMs = 700;
/** Some are away for so long that others take over. */
const awayShare = 0.4;
const awayLeasesMax = 1.5;
const pauseLeases = { least: 0.2, most: 3 };
const downMaxMs = 1_200;
const editMaxMs = 500;

/** The same for the same seed: each kind as often as its weight says, once at least, in any order. */
export function planRounds(options: PlanOptions): Round[] {
  const random = seeded(options.seed);
  const kinds = shuffled(quotas(options), random);
  const nth = new Map<MishapKind, number>();
  return kinds.map((kind) => {
    const index = nth.get(kind) ?? 0;
    nth.set(kind, index + 1);
    return { pushes: 1 + random() * pushesMax, node: random(), mishap: draw(kind, index, options, random) };
  });
}

/** How often each kind is planned. */
export function countKinds(rounds: readonly Round[]): Map<MishapKind, number> {
  const counts = new Map<MishapKind, number>();
  for (const { mishap } of rounds) counts.set(mishap.kind, (counts.get(mishap.kind) ?? 0) + 1);
  return counts;
}

function quotas({ rounds, database }: PlanOptions): MishapKind[] {
  const kinds = (Object.keys(weights) as MishapKind[]).filter(
    (kind) => database === 'postgres' || !onPostgres.has(kind),
  );
  const total = kinds.reduce((sum, kind) => sum + weights[kind], 0);
  const once = kinds.slice(0, rounds);
  const rest = kinds.flatMap((kind) => {
    const wanted = Math.floor((rounds * weights[kind]) / total);
    return Array.from({ length: Math.max(0, wanted - 1) }, () => kind);
  });
  const planned = [...once, ...rest].slice(0, rounds);
  // What rounding down has left over.
  return [...planned, ...Array.from({ length: rounds - planned.length }, () => 'kill' as const)];
}

function draw(kind: MishapKind, index: number, { nodes, leaseMs }: PlanOptions, random: () => number): Mishap {
  // Where nobody takes over, to stay away is only to lose time.
  const awayMs = () => (nodes > 1 && random() < awayShare ? random() * awayLeasesMax * leaseMs : 0);
  switch (kind) {
    case 'kill':
      return { kind, startKillsMs: startKills(random), awayMs: awayMs() };
    case 'crash': {
      const point = pick(points, index);
      const most = point === 'claim.before-commit' ? claimPassMax : passMax;
      // A life recovers once, at its start.
      return { kind, point, pass: point === 'recover.mid' ? 1 : 1 + Math.floor(random() * most) };
    }
    case 'pause': {
      // Short ones are more frequent, and half of them last for a lease.
      const leases = pauseLeases.least + random() ** 2 * (pauseLeases.most - pauseLeases.least);
      return { kind, ms: leases * leaseMs };
    }
    case 'leave':
      return { kind, awayMs: awayMs() };
    case 'backends':
      return { kind, share: random() };
    case 'postgres':
      return { kind, downMs: random() * downMaxMs };
    case 'commit':
      return { kind, after: pick(lossy, index) };
    case 'cut':
      return { kind, ms: (0.2 + random() * awayLeasesMax) * leaseMs };
    case 'edit':
      return { kind, what: pick(['headers', 'pause', 'secret'] as const, index), ms: random() * editMaxMs };
    case 'replace':
      return { kind, mode: index % 2 === 0 ? 'at_least_once' : 'at_most_once' };
  }
}

function startKills(random: () => number): number[] {
  const moments: number[] = [];
  while (random() < startKillShare) moments.push(random() * startMaxMs);
  return moments;
}

function pick<Value>(values: readonly Value[], index: number): Value {
  const value = values[index % values.length];
  if (value === undefined) throw new Error('there is nothing to pick from');
  return value;
}

function shuffled<Value>(values: readonly Value[], random: () => number): Value[] {
  return values
    .map((value) => ({ value, place: random() }))
    .sort((one, other) => one.place - other.place)
    .map(({ value }) => value);
}
