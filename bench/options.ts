import { parseArgs } from 'node:util';

export const scenarioKeys = [
  'one-to-one',
  'fan-out',
  'latency',
  'hung',
  'outage',
  'overload',
  'backlog',
  'history',
  'kept',
  'nodes',
  'soak',
  'misuse',
  'away',
  'storm',
  'storage',
  'alone',
  'console',
] as const;
export type ScenarioKey = (typeof scenarioKeys)[number];

const contestantKeys = [
  'tocsin-sqlite',
  'tocsin-postgres',
  'bare',
  'relay',
  'relay-dispatch',
  'bullmq-everysec',
  'bullmq-always',
  'graphile-worker',
  'pg-boss',
  'alertmanager',
] as const;
const misuserKeys = ['viewer', 'sender', 'stranger'] as const;
export type MisuserKey = (typeof misuserKeys)[number];
/** Alerts of a large body, the most that one may have. */
export const alertsOfBodyMax = 5_000;
const databaseKeys = ['sqlite', 'postgres'] as const;

export interface Options {
  readonly quick: boolean;
  readonly rounds: number;
  /** Of load in each round. */
  readonly seconds: number;
  readonly only: readonly ScenarioKey[];
  /** Keys of contestants; empty = those that each scenario takes. */
  readonly contestants: readonly string[];
  /** Of the scenarios of the service alone. */
  readonly databases: readonly ('sqlite' | 'postgres')[];
  readonly pending: number;
  readonly historyRows: number;
  readonly keptDeliveries: number;
  readonly outageSeconds: number;
  readonly overloadSeconds: number;
  readonly soakMinutes: number;
  readonly misuseSeconds: number;
  readonly misusers: readonly MisuserKey[];
  readonly stormAlerts: number;
  readonly stormWebhooks: number;
  /** Whether the results take their place in docs/benchmarks.md. */
  readonly keep: boolean;
  /** Nothing is run. */
  readonly pageOnly: boolean;
}

/** The whole size of each option, and the quick one. */
const sizes = {
  rounds: [3, 1],
  seconds: [3, 1],
  pending: [1_000_000, 50_000],
  'history-rows': [5_000_000, 100_000],
  'kept-deliveries': [2_000_000, 20_000],
  'outage-seconds': [60, 5],
  'overload-seconds': [60, 8],
  'soak-minutes': [30, 0.2],
  'misuse-seconds': [60, 5],
  'storm-alerts': [3_000, 300],
  'storm-webhooks': [500, 50],
} as const satisfies Readonly<Record<string, readonly [number, number]>>;

export const usage = `npm run bench -- [options]

Runs the scenarios and writes docs/benchmarks.md. Each takes its own place there, so they can be run one by one: the
results of the others, in bench/results, stay. Alone on the machine, or the figures mean nothing.

  --only A,B             scenarios: ${wrapped(scenarioKeys)}
  --quick                each scenario in less than a minute: sees that everything works, its figures mean little
  --rounds N             interleaved rounds of each pair (${shown('rounds')})
  --seconds N            seconds of load in each round (${shown('seconds')}); hung takes three times as many
  --contestants A,B      of one-to-one, fan-out and latency:
                         ${wrapped(contestantKeys)}
  --databases A,B        of hung, outage, overload, backlog, history, kept, soak, misuse, storm, alone: sqlite, postgres (both; quick sqlite)
  --pending N            backlog: deliveries that wait (${shown('pending')})
  --history-rows N       history: rows (${shown('history-rows')})
  --kept-deliveries N    kept: deliveries, with 0.15 incidents and 0.25 alerts each (${shown('kept-deliveries')})
  --outage-seconds N     outage: how long the receiver is away (${shown('outage-seconds')})
  --overload-seconds N   overload: how long it lasts (${shown('overload-seconds')})
  --soak-minutes N       soak: how long each of its runs takes (${shown('soak-minutes')})
  --misuse-seconds N     misuse: how long with and how long without it (${shown('misuse-seconds')})
  --misusers A,B         misuse: ${misuserKeys.join(', ')} (all)
  --storm-alerts N       storm: alerts of the push (${shown('storm-alerts')})
  --storm-webhooks N     storm: webhooks that each goes to (${shown('storm-webhooks')})
  --keep                 keep the results also of a run that is quick, or that names contestants, databases or
                         misusers; otherwise they are only printed
  --page                 run nothing: write docs/benchmarks.md from the stored results
  --help`;

function shown(name: keyof typeof sizes): string {
  const [whole, quick] = sizes[name];
  return `${whole}; quick ${quick}`;
}

/** Under the column of the explanations. */
function wrapped(names: readonly string[]): string {
  const lines: string[][] = [[]];
  for (const name of names) {
    if ([...(lines.at(-1) ?? []), name].join(', ').length > 90) lines.push([]);
    lines.at(-1)?.push(name);
  }
  return lines.map((line) => line.join(', ')).join(`,\n${' '.repeat(25)}`);
}

/** @throws Error with a sentence for who typed it. */
export function readOptions(args: readonly string[]): Options | undefined {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean', default: false } as const;
  const { values } = parseArgs({
    args: [...args],
    options: {
      help: flag,
      quick: flag,
      keep: flag,
      page: flag,
      rounds: text,
      seconds: text,
      only: text,
      contestants: text,
      databases: text,
      pending: text,
      'history-rows': text,
      'kept-deliveries': text,
      'outage-seconds': text,
      'overload-seconds': text,
      'soak-minutes': text,
      'misuse-seconds': text,
      misusers: text,
      'storm-alerts': text,
      'storm-webhooks': text,
    },
  });
  if (values.help) return undefined;
  const { quick } = values;
  const size = (name: keyof typeof sizes): number => {
    const value = Number(values[name] ?? sizes[name][quick ? 1 : 0]);
    if (!(value > 0)) throw new Error(`--${name} must be a number above 0`);
    return value;
  };
  const partial = [values.contestants, values.databases, values.misusers].some((one) => one !== undefined);
  return {
    quick,
    rounds: size('rounds'),
    seconds: size('seconds'),
    only: chosen(values.only, scenarioKeys) ?? scenarioKeys,
    contestants: chosen(values.contestants, contestantKeys) ?? [],
    databases: chosen(values.databases, databaseKeys) ?? (quick ? ['sqlite'] : databaseKeys),
    pending: size('pending'),
    historyRows: size('history-rows'),
    keptDeliveries: size('kept-deliveries'),
    outageSeconds: size('outage-seconds'),
    overloadSeconds: size('overload-seconds'),
    soakMinutes: size('soak-minutes'),
    misuseSeconds: size('misuse-seconds'),
    misusers: chosen(values.misusers, misuserKeys) ?? misuserKeys,
    stormAlerts: size('storm-alerts'),
    stormWebhooks: size('storm-webhooks'),
    keep: values.keep || (!quick && !partial),
    pageOnly: values.page,
  };
}

function chosen<Name extends string>(given: string | undefined, known: readonly Name[]): readonly Name[] | undefined {
  if (given === undefined) return undefined;
  const names = given.split(',');
  const unknown = names.filter((name) => !known.some((one) => one === name));
  if (unknown.length > 0) throw new Error(`${unknown.join(', ')}: choose among ${known.join(', ')}`);
  return known.filter((name) => names.includes(name));
}
