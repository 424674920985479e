import type { Report } from './run.ts';
import type { Departure } from './script.ts';

/** A run by a script, and how many ways there were at each place that it came to. */
export interface ScriptedRun {
  readonly report: Report;
  readonly widths: readonly number[];
}

export interface ExplorationOptions {
  run(departures: readonly Departure[]): Promise<ScriptedRun>;
  /** In how many places a run departs at most from the usual choice. */
  readonly departuresMax: number;
  readonly runsMax: number;
  /** How many of them go on at the same time. */
  readonly beside: number;
  /** Hears of each run. @returns whether to go on. */
  ran(report: Report, departures: readonly Departure[]): boolean;
}

export interface Explored {
  readonly runs: number;
  /** Those that differ from all others. */
  readonly histories: number;
  /** Every run within these bounds was made. */
  readonly whole: boolean;
}

/**
 * Makes every run there is with few departures from the usual, those with fewer first. What begins with a history that is
 * known already is not run again.
 */
export async function explore(options: ExplorationOptions): Promise<Explored> {
  const known = new Set<string>();
  let runs = 0;
  let stopped = false;
  let level: (readonly Departure[])[] = [[]];
  for (let depth = 0; depth <= options.departuresMax; depth += 1) {
    if (stopped) break;
    const todo = level.values();
    level = [];
    const work = async () => {
      for (const departures of todo) {
        stopped ||= runs >= options.runsMax;
        if (stopped) return;
        runs += 1;
        const { report, widths } = await options.run(departures);
        if (!options.ran(report, departures)) stopped = true;
        if (report.violation !== undefined || known.has(report.digest)) continue;
        known.add(report.digest);
        if (depth < options.departuresMax) level.push(...furtherDepartures(departures, widths));
      }
    };
    await Promise.all(Array.from({ length: options.beside }, work));
  }
  return { runs, histories: known.size, whole: !stopped };
}

/** The same departures and one more, behind them. */
function* furtherDepartures(departures: readonly Departure[], widths: readonly number[]): Generator<Departure[]> {
  for (let place = (departures.at(-1)?.[0] ?? -1) + 1; place < widths.length; place += 1) {
    for (let way = 1; way < (widths[place] ?? 0); way += 1) yield [...departures, [place, way]];
  }
}
