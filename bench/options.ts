import { parseArgs } from 'node:util';

export const scenarioKeys = [
  'one-to-one',
  'fan-out',
  'latency',
  'hung',
  'outage',
  'backlog',
  'history',
  'nodes',
] as const;
export type ScenarioKey = (typeof scenarioKeys)[number];

export interface Options {
  readonly quick: boolean;
  readonly rounds: number;
  /** Of load in each round. */
  readonly seconds: number;
  readonly only: readonly ScenarioKey[];
  /** Keys of contestants; empty = those that each scenario takes. */
  readonly contestants: readonly string[];
  /** Of the scenarios of the service alone; undefined = those that each takes. */
  readonly databases: readonly ('sqlite' | 'postgres')[] | undefined;
  readonly pending: number;
  readonly historyRows: number;
  readonly outageSeconds: number;
  /** Whether docs/benchmarks.md is written. */
  readonly docs: boolean;
}

export const usage = `npm run bench -- [options]
  --quick                a short run, about a minute: sees that everything works, its figures mean little
  --rounds N             interleaved rounds of each pair (3; quick 1)
  --seconds N            seconds of load in each round (3; quick 1)
  --only A,B             scenarios: ${scenarioKeys.join(', ')}
  --contestants A,B      tocsin-sqlite, tocsin-postgres, bare, relay, relay-dispatch, bullmq-everysec, bullmq-always,
                         graphile-worker, pg-boss, alertmanager
  --databases A,B        sqlite, postgres, for the scenarios of the service alone (sqlite; both for the backlog)
  --pending N            deliveries of the backlog (1000000; quick 50000)
  --history-rows N       rows of the history (5000000; quick 100000)
  --outage-seconds N     (60; quick 5)
  --docs                 write docs/benchmarks.md, which otherwise only a whole run does`;

/** @throws Error with a sentence for who typed it. */
export function readOptions(args: readonly string[]): Options | undefined {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean', default: false } as const;
  const { values } = parseArgs({
    args: [...args],
    options: {
      help: flag,
      quick: flag,
      docs: flag,
      rounds: text,
      seconds: text,
      only: text,
      contestants: text,
      databases: text,
      pending: text,
      'history-rows': text,
      'outage-seconds': text,
    },
  });
  if (values.help) return undefined;
  const { quick } = values;
  const number = (given: string | undefined, whole: number, short: number) =>
    given === undefined ? (quick ? short : whole) : Number(given);
  const only = chosen(values.only, scenarioKeys, scenarioKeys);
  const whole =
    !quick && values.only === undefined && values.contestants === undefined && values.databases === undefined;
  const options = {
    quick,
    rounds: number(values.rounds, 3, 1),
    seconds: number(values.seconds, 3, 1),
    only,
    contestants: values.contestants?.split(',') ?? [],
    databases:
      values.databases === undefined ? undefined : chosen(values.databases, ['sqlite', 'postgres'] as const, []),
    pending: number(values.pending, 1_000_000, 50_000),
    historyRows: number(values['history-rows'], 5_000_000, 100_000),
    outageSeconds: number(values['outage-seconds'], 60, 5),
    docs: values.docs || whole,
  };
  for (const [name, value] of Object.entries(options)) {
    if (typeof value === 'number' && !(value > 0)) throw new Error(`${name} must be a number above 0`);
  }
  return options;
}

function chosen<Name extends string>(
  given: string | undefined,
  known: readonly Name[],
  all: readonly Name[],
): readonly Name[] {
  if (given === undefined) return all;
  const names = given.split(',');
  const unknown = names.filter((name) => !known.some((one) => one === name));
  if (unknown.length > 0) throw new Error(`${unknown.join(', ')}: choose among ${known.join(', ')}`);
  return known.filter((name) => names.includes(name));
}
