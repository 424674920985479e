import type { Bar, Plot, Section } from './bench.ts';
import { fixed } from './figures.ts';
import type { Result } from './results.ts';

const head = `# Benchmarks

Made by \`npm run bench\`: do not edit. Every table compares what ran interleaved in one run on one machine, so read the
ratios and not the figures: on another machine the figures differ, and the ratios much less. Each scenario can be run
alone and takes its own place here; below its title stand the day, the commit and the command of its last run.

- Everyone takes the same requests over HTTP, one alert of about 1.3 KB each, and posts on to the same receiver. The load,
  the receiver, the contestant and its database or Redis share the processors.
- Rounds are interleaved: everyone has a turn in each round, in the other direction every second round, after a round that
  is not counted. A ratio is taken within each round; the table shows the median of the rounds, and their spread.
- At most 64 requests wait for an answer, at most 5,000 pushes are on their way, and at most 64 requests to a receiver are
  in flight, for everyone alike.
- Tocsin runs as it comes: durable at every step (SQLite with a sync for each commit, PostgreSQL with fsync), in order for
  each alert, signed, with its history. Only the limits on requests are off. Each change is a new alert unless it says
  otherwise, and makes an incident too, which no webhook here asks for.
- The relay answers its sender when the receiver has answered; it keeps nothing. The queues answer when the job is stored;
  they keep no order between jobs of one alert and no history. Alertmanager keeps its pending notifications in memory.`;

/** The page. @param missing keys of scenarios that have no result. */
export function markdown(results: readonly Result[], missing: readonly string[]): string {
  const bars = results.flatMap(({ section }) => section.bars);
  return [
    head,
    ...(bars.length === 0 ? [] : ['## What is promised, and what came out', barTable(bars)]),
    ...results.flatMap(({ section, date, revision, command }) => {
      const [title = '', ...rest] = sectionText(section);
      return [title, `Run on ${date} of ${revision}, by \`${command}\`.`, ...rest];
    }),
    ...(missing.length === 0
      ? []
      : ['## Not run', `${missing.join(', ')}: \`npm run bench -- --only ${missing.join()}\``]),
    '## Where it ran',
    ...machines(results),
  ]
    .join('\n\n')
    .concat('\n');
}

/** A table for each machine, since scenarios may have been run on several. */
function machines(results: readonly Result[]): string[] {
  const byMachine = Map.groupBy(results, ({ machine }) => JSON.stringify(machine));
  return [...byMachine.values()].flatMap((group) => {
    const which = group.map(({ section }) => section.key).join(', ');
    const rows = group[0]?.machine ?? [];
    return [...(byMachine.size > 1 ? [`${which}:`] : []), table(['', ''], rows)];
  });
}

export function sectionText(section: Section): string[] {
  const { title, about, columns, rows, missing, plots = [] } = section;
  return [
    `## ${title}`,
    ...(about === '' ? [] : [about]),
    ...(rows.length === 0 ? [] : [table(columns, rows)]),
    ...plots.map(plotText),
    ...(missing.length === 0 ? [] : [`Not here:\n\n${missing.map((line) => `- ${oneLine(line)}`).join('\n')}`]),
  ];
}

function plotText({ title, label, seconds: [from, to], lines }: Plot): string {
  const most = Math.max(1, ...lines.flat());
  return [
    '```mermaid',
    'xychart-beta',
    `  title "${title}"`,
    `  x-axis "seconds" ${from} --> ${to}`,
    `  y-axis "${label}" 0 --> ${Math.ceil(most)}`,
    ...lines.map((line) => `  line [${line.map((one) => fixed(one)).join(', ')}]`),
    '```',
  ].join('\n');
}

export function barTable(bars: readonly Bar[]): string {
  return table(
    ['promise', 'measured', 'met'],
    bars.map(({ promise, measured, met }) => [promise, measured, met ? 'yes' : '**no**']),
  );
}

function table(columns: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => oneLine(cell)).join(' | ')} |`;
  return [line(columns), `|${columns.map(() => ' --- |').join('')}`, ...rows.map(line)].join('\n');
}

/** A fault's text may have several lines. */
function oneLine(text: string): string {
  return text
    .replaceAll(/\s*\n\s*/g, ' ')
    .replaceAll('|', '\\|')
    .slice(0, 400);
}
