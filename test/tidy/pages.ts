import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import type { Finding, Rule } from './rules.ts';
import { lineOf } from './source-file.ts';
import type { SourceFile } from './source-file.ts';

const root = join(import.meta.dirname, '..', '..');
/** Its sections are numbered, and comments cite them as "contract 4.4". */
const contractPage = 'docs/reference/contract.md';

/** The rules for what pages and comments point to. */
export const pageRules: Readonly<Record<string, Rule>> = {
  links: linksLeadSomewhere,
  pages: citesPagesThatExist,
  sections: citesSectionsThatExist,
  invariants: citesInvariantsThatExist,
  settings: listsEverySetting,
  metrics: listsEveryMetric,
};

const link = /(?<!!)\[(?:[^\][]|\[[^\]]*\])*\]\((?<target>[^()\s]+)\)/g;
const fencedCode = /^```[^]*?^```/gm;

function linksLeadSomewhere(file: SourceFile): Finding[] {
  if (!file.path.endsWith('.md')) return [];
  const text = file.text.replace(fencedCode, (block) => block.replaceAll(/[^\n]/g, ' '));
  return [...text.matchAll(link)].flatMap((match) => {
    const target = match.groups?.['target'] ?? '';
    if (/^[a-z]+:/.test(target)) return [];
    const [path = '', anchor] = target.split('#');
    const page = path === '' ? file.path : posix.join(dirname(file.path), path);
    const problem = problemOf(page, anchor, page === file.path ? file.text : undefined);
    return problem === undefined ? [] : [at(file, match.index, `${target}: ${problem}`)];
  });
}

const citedPage = /(?<![\w./-])docs\/(?<path>[\w./-]+\.(?:md|json))(?:#(?<anchor>[\w-]+))?/g;

function citesPagesThatExist(file: SourceFile): Finding[] {
  return [...file.text.matchAll(citedPage)].flatMap((match) => {
    const { path, anchor } = match.groups ?? {};
    const problem = problemOf(`docs/${path}`, anchor);
    return problem === undefined ? [] : [at(file, match.index, `${match[0]}: ${problem}`)];
  });
}

const number = String.raw`\d+(?:\.\d+)?`;
const citedSections = new RegExp(String.raw`\bcontract (?<list>${number}(?:(?:,| and| to|, and) ${number})*)`, 'gi');
/** Documents that are not in the repository. */
const foreign = /\(design(?:[: ][^)]*)?\)|\bdesign \d+(?:\.\d+)?\b|\breliability [A-F]\d?\b/gi;

function citesSectionsThatExist(file: SourceFile): Finding[] {
  if (file.path === contractPage) return [];
  const known = contractSections();
  const unknown = [...file.text.matchAll(citedSections)].flatMap((match) =>
    (match.groups?.['list'] ?? '')
      .split(/,? (?:and |to )?/)
      .filter((section) => !known.has(section))
      .map((section) => at(file, match.index, `${contractPage} has no section ${section}`)),
  );
  const others = [...file.text.matchAll(foreign)].map((match) =>
    at(file, match.index, `${match[0]}: cite a page of this repository`),
  );
  return [...unknown, ...others];
}

let sections: ReadonlySet<string> | undefined;

function contractSections(): ReadonlySet<string> {
  sections ??= new Set(
    [...readFileSync(join(root, contractPage), 'utf8').matchAll(/^##+ (\d+(?:\.\d+)?)\.? /gm)].map(
      ([, section]) => section ?? '',
    ),
  );
  return sections;
}

const invariantsPage = 'test/simulation/README.md';

function citesInvariantsThatExist(file: SourceFile): Finding[] {
  if (!/^test\/(?:simulation|torture)\/.*\.ts$/.test(file.path)) return [];
  const page = readFileSync(join(root, invariantsPage), 'utf8');
  return [...file.text.matchAll(/\b[IB]\d{1,2}\b/g)]
    .filter(([name]) => !page.includes(`| ${name} |`))
    .map((match) => at(file, match.index, `${invariantsPage} has no row for ${match[0]}`));
}

const settingsPage = 'docs/reference/settings.md';

/** The example file is made of the table of settings, so it says which there are and what their defaults are. */
function listsEverySetting(file: SourceFile): Finding[] {
  if (file.path !== 'config.example.toml') return [];
  const page = readFileSync(join(root, settingsPage), 'utf8');
  const shown = new Map(
    [...page.matchAll(/^\| `(TOCSIN_\w+)` \| (?:`(.*?)`)? ?\|/gm)].map(([, name, value]) => [name, value]),
  );
  const settings = [
    ...file.text.matchAll(/; (TOCSIN_\w+) in the environment\. (The default:)?[^\n]*\n# \w+ = "?(.*?)"?$/gm),
  ];
  const wrong = settings.flatMap(([, name = '', isDefault, value]) => {
    if (!shown.has(name)) return [`${settingsPage} has no row for ${name}`];
    const expected = isDefault === undefined ? undefined : value;
    return shown.get(name) === expected
      ? []
      : [`${settingsPage} has another default of ${name}: ${expected ?? 'none'}`];
  });
  const known = new Set(settings.map(([, name]) => name));
  const gone = [...shown.keys()]
    .filter((name) => !known.has(name))
    .map((name) => `${settingsPage} has ${name}, which is gone`);
  return [...wrong, ...gone].map((message) => at(file, 0, message));
}

const metricsPage = 'docs/reference/metrics.md';
const metricName = /'(tocsin_[a-z_]+)'/g;
/** In a page, a histogram may be named by one of its series. */
const shownMetric = /\b(tocsin_[a-z_]+?)(?:_bucket|_sum|_count)?\b(?=\W)/g;

function listsEveryMetric(file: SourceFile): Finding[] {
  if (file.path === metricsPage) {
    const code = sourceTexts();
    return [...file.text.matchAll(/^\| `(tocsin_[a-z_]+)/gm)]
      .filter(([, name]) => !code.includes(`'${name}'`))
      .map((match) => at(file, match.index, `${match[1]} is in no source file`));
  }
  const isPage = file.path.startsWith('docs/') && file.path.endsWith('.md');
  if (!isPage && (!file.path.startsWith('src/') || file.path.endsWith('.test.ts'))) return [];
  const page = readFileSync(join(root, metricsPage), 'utf8');
  return [...file.text.matchAll(isPage ? shownMetric : metricName)]
    .filter(([, name]) => !new RegExp(`^\\| \`${name}[\`{]`, 'm').test(page))
    .map((match) => at(file, match.index, `${metricsPage} has no row for ${match[1]}`));
}

function sourceTexts(): string {
  return readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && !path.endsWith('.test.ts'))
    .map((path) => readFileSync(join(root, 'src', path), 'utf8'))
    .join('\n');
}

/** @param text of the page, where it is at hand. */
function problemOf(page: string, anchor: string | undefined, text?: string): string | undefined {
  if (text === undefined && !existsSync(join(root, page))) return 'there is no such file';
  if (anchor === undefined || anchor === '') return undefined;
  if (!page.endsWith('.md')) return undefined;
  return anchorsOf(text ?? readFileSync(join(root, page), 'utf8')).has(anchor) ? undefined : 'there is no such heading';
}

/** The anchors that GitHub and its like make of headings. */
function anchorsOf(text: string): ReadonlySet<string> {
  const headings = text.replace(fencedCode, '').matchAll(/^#+ (.+)$/gm);
  return new Set([...headings].map(([, heading]) => anchorOf(heading ?? '')));
}

function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replaceAll(' ', '-');
}

function at(file: SourceFile, index: number, message: string): Finding {
  return { path: file.path, line: lineOf(file.text, index), message };
}
