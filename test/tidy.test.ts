import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { test } from 'node:test';
import {
  consoleRules,
  deliveryFloors,
  environmentDoors,
  everywhereRules,
  floors,
  networkDoors,
  receiverRules,
  sourceRules,
  textRules,
} from './tidy/rules.ts';
import { pageRules } from './tidy/pages.ts';
import { proseRules } from './tidy/prose.ts';
import type { Finding, Rule } from './tidy/rules.ts';
import { readSource } from './tidy/source-file.ts';
import type { SourceFile } from './tidy/source-file.ts';

const root = join(import.meta.dirname, '..');
/** What is not ours or not kept: folders, and the file `.git` of a worktree. */
const skippedNames = new Set(['node_modules', '.git', 'dist', 'data', 'coverage', 'results']);
/** What must name the things that the rules for every text forbid. */
const quoting = new Set(['test/tidy.test.ts', 'test/tidy/rules.ts', 'test/tidy/pages.ts']);

/** Not read with the rule of plain words: its samples, and results of old runs in the words of their day. */
const unread = ['docs/benchmarks.md', 'test/tidy'];

const files = await readTree();
const typescript = files.filter((file) => /\.tsx?$/.test(file.path));

const scopes: readonly { name: string; files: readonly SourceFile[]; rules: Readonly<Record<string, Rule>> }[] = [
  { name: 'src', files: typescript.filter((file) => file.path.startsWith('src/')), rules: sourceRules },
  { name: 'receiver', files: typescript.filter((file) => file.path.startsWith('receiver/src/')), rules: receiverRules },
  { name: 'console', files: typescript.filter((file) => file.path.startsWith('console/')), rules: consoleRules },
  { name: 'all TypeScript', files: typescript, rules: everywhereRules },
  { name: 'every text', files: files.filter((file) => !quoting.has(file.path)), rules: { ...textRules, ...pageRules } },
  { name: 'prose', files: files.filter((file) => isRead(file.path)), rules: proseRules },
];

for (const scope of scopes) {
  for (const [name, rule] of Object.entries(scope.rules)) {
    test(`${scope.name} keeps the rule of ${name}`, () => {
      const findings = scope.files.flatMap(rule);
      assert.equal(findings.length, 0, `\n${findings.map(print).join('\n')}`);
    });
  }
}

test('the tables of the rules name only what exists', { skip: !existsSync(join(root, 'src', 'app.ts')) }, () => {
  const rooms = Object.keys(floors).map((room) => `src/${room}`);
  const folders = Object.keys(deliveryFloors).map((name) => `src/delivery/${name}`);
  for (const path of [...rooms, ...folders, ...Object.keys(networkDoors), ...Object.keys(environmentDoors)]) {
    assert.ok(existsSync(join(root, path)), `${path} is in a table of the rules, but it is gone`);
  }
});

/** The names that several files may give a type: the field's own word, or what a file calls the input of its routes. */
const sharedTypeNames = new Set(['Lane', 'Input', 'Labels']);

test('a type name means one thing in src', () => {
  const places = new Map<string, string[]>();
  for (const { path, text } of typescript) {
    if (!path.startsWith('src/') || path.endsWith('.test.ts')) continue;
    for (const [, name = ''] of text.matchAll(/^(?:export )?(?:interface|type|class) (\w+)/gm)) {
      places.set(name, [...(places.get(name) ?? []), path]);
    }
  }
  const twice = [...places].filter(([name, paths]) => paths.length > 1 && !sharedTypeNames.has(name));
  assert.deepEqual(twice, [], 'give one of them the name of what it is there');
});

/** For each rule: texts that it must find fault with, and texts that it must let pass. */
const samples: readonly { rule: Rule | undefined; path: string; bad: readonly string[]; good: readonly string[] }[] = [
  {
    rule: sourceRules['floors'],
    path: 'src/alerts/a.ts',
    bad: [
      `import { x } from '../incidents/incident.ts';`,
      `import type { X } from '../webhooks/webhook.ts';`,
      `export { x } from '../http/route.ts';`,
      `const x = await import('../app.ts');`,
      `import { x } from '../nowhere/x.ts';`,
      `import { x } from '../../test/support/x.ts';`,
    ],
    good: [
      `import { x } from './b.ts';\nimport { y } from '../events/event.ts';\nimport { z } from '#receiver';`,
      `// import { x } from '../incidents/incident.ts';`,
      `const text = "import { x } from '../incidents/incident.ts'";`,
    ],
  },
  {
    rule: sourceRules['floors'],
    path: 'src/delivery/queue/a.ts',
    bad: [
      `import { x } from '../attempt/b.ts';`,
      `import { x } from '../dispatcher.ts';`,
      `import { x } from '../unheard-of/b.ts';`,
    ],
    good: [
      `import { x } from './b.ts';\nimport { y } from '../store/b.ts';\nimport { z } from '../../egress/report.ts';`,
    ],
  },
  { rule: sourceRules['floors'], path: 'src/database/a.ts', bad: [`import { x } from '#receiver';`], good: [] },
  { rule: sourceRules['floors'], path: 'src/unheard-of/a.ts', bad: ['export const x = 1;'], good: [] },
  {
    rule: sourceRules['network'],
    path: 'src/webhooks/a.ts',
    bad: [
      `import { request } from 'node:http';`,
      `import { connect, isIP } from 'node:net';`,
      `import { Pool } from 'undici';`,
      `const dns = await import('node:dns/promises');`,
      `await fetch(url);`,
    ],
    good: [
      `import type { Socket } from 'node:net';`,
      `import { isIP } from 'node:net';`,
      `store.fetch(url); const text = 'fetch(url)';`,
    ],
  },
  {
    rule: sourceRules['environment'],
    path: 'src/http/a.ts',
    bad: [
      `const home = process.env['HOME'];`,
      `const { env } = process; process.env;`,
      `import { env } from 'node:process';`,
    ],
    good: [`const pid = process.pid;`, `// process.env is read elsewhere`],
  },
  {
    rule: sourceRules['time'],
    path: 'src/events/a.ts',
    bad: [
      'const now = Date.now();',
      'const now = new Date();',
      'const now = new Date;',
      'const x = Math.random();',
      'setTimeout(work, 5);',
      'setImmediate(work);',
      'performance.now();',
      'AbortSignal.timeout(5);',
      'globalThis.crypto.randomUUID();',
      `import { setTimeout as sleep } from 'node:timers/promises';`,
      `import { randomBytes } from 'node:crypto';`,
      'const text = `${Date.now()}`;',
    ],
    good: [
      'const then = new Date(ms);',
      'timers.after(5, work); clock.now();',
      `import { createHash } from 'node:crypto';`,
      'const pattern = /Date.now()/;',
    ],
  },
  {
    rule: sourceRules['sql'],
    path: 'src/members/member.ts',
    bad: [
      `import { sql } from 'kysely';`,
      `import { DatabaseSync } from 'node:sqlite';`,
      `const text = 'select member_id from member';`,
      'const text = `\n  update member set name = ${name}`;',
      `const text = "delete from member";`,
      `query.selectFrom('member');`,
      `await tx.insertMany('member', rows);`,
    ],
    good: [`import type { Expression } from 'kysely';`, `const text = 'select a member of the list';`],
  },
  {
    rule: sourceRules['dialect'],
    path: 'src/delivery/store/delivery-store.ts',
    bad: [`if (database.kind === 'sqlite') skip();`, `switch (kind) { case 'postgres': break; }`, `x !== 'postgres'`],
    good: [`logger.info({ database: database.kind });`, `if (kind === 'alert') go();`],
  },
  { rule: sourceRules['length'], path: 'src/events/a.ts', bad: ['x;\n'.repeat(401)], good: ['x;\n'.repeat(400)] },
  { rule: sourceRules['length'], path: 'src/events/a.test.ts', bad: ['x;\n'.repeat(601)], good: ['x;\n'.repeat(600)] },
  {
    rule: everywhereRules['exports'],
    path: 'src/events/a.ts',
    bad: ['export default function () {}', 'export { x as default };'],
    good: ['export const x = 1; // export default', `switch (x) { default: break; }`],
  },
  { rule: everywhereRules['names'], path: 'src/http/utils.ts', bad: [''], good: [] },
  { rule: everywhereRules['names'], path: 'src/common/clock.ts', bad: [''], good: [] },
  { rule: everywhereRules['names'], path: 'src/events/event-types.ts', bad: [], good: [''] },
  {
    rule: receiverRules['alone'],
    path: 'receiver/src/webhook.ts',
    bad: [`import { x } from '../../src/events/event.ts';`, `import { Webhook } from 'standardwebhooks';`],
    good: [`import { x } from './headers.ts';\nimport { createHmac } from 'node:crypto';`],
  },
  {
    rule: consoleRules['shapes'],
    path: 'console/src/data/webhooks.ts',
    bad: [
      `import { webhook } from '../../../src/http/schemas/webhook.ts';`,
      `import type { Webhook } from '../../../src/webhooks/webhook.ts';`,
    ],
    good: [`import type { Webhook } from '../../../src/http/schemas/webhook.ts';\nimport { x } from '../app.tsx';`],
  },
  {
    rule: consoleRules['markup'],
    path: 'console/src/parts/a.tsx',
    bad: [
      'element.innerHTML = text;',
      '<p dangerouslySetInnerHTML={x} />',
      `element.insertAdjacentHTML('beforeend', text);`,
      'document.write(text);',
      'eval(text);',
      'new Function(text);',
      `element.setAttribute('onclick', text);`,
    ],
    good: ['// innerHTML is not used', 'element.textContent = text;', '<button onClick={go} />', 'retrieval(text);'],
  },
  {
    rule: consoleRules['rooms'],
    path: 'console/src/webhooks/a.tsx',
    bad: [`import { x } from '../deliveries/x.tsx';`, `import { router } from '../frame/frame.tsx';`],
    good: [`import { x } from './b.tsx';\nimport { y } from '../parts/y.tsx';\nimport { z } from '../api/z.ts';`],
  },
  {
    rule: consoleRules['rooms'],
    path: 'console/src/parts/a.tsx',
    bad: [`import { x } from '../frame/x.tsx';`],
    good: [],
  },
  { rule: consoleRules['length'], path: 'console/src/parts/a.tsx', bad: ['x;\n'.repeat(401)], good: ['x;\n'] },
  {
    rule: textRules['promises'],
    path: 'docs/a.md',
    bad: [`TODO: write this`, `// FIXME`],
    good: ['what is left to do', 'TODOS'],
  },
  {
    rule: textRules['places'],
    path: 'docs/a.md',
    bad: [`see /root/project/x`, `"/home/ann/x"`, `https://registry.example.org/x`, `http://npm.mirror.lan/x`],
    good: ['see src/home/page.ts', 'https://example.org/work/x', 'POST /event/push', 'the registry of integrations'],
  },
  {
    rule: pageRules['links'],
    path: 'docs/a.md',
    bad: ['[x](nowhere.md)', '[x](../README.md#no-such-heading)', '# A\n[x](#b)', '[`x`](concepts)'],
    good: ['[x](../README.md)', '# A b\n[x](#a-b)', '[x](https://example.org/x#y)', '```\n[x](nowhere.md)\n```'],
  },
  {
    rule: pageRules['pages'],
    path: 'src/events/a.ts',
    bad: ['/** See docs/nowhere.md. */', '// docs/reference/contract.md#no-such-heading'],
    good: ['/** See docs/reference/contract.md. */', 'https://example.org/docs/nowhere.md'],
  },
  {
    rule: proseRules['plain'],
    path: 'src/events/a.ts',
    bad: [
      '/** What is left of it. */',
      '/** Resolves. What waits goes on. */',
      '// of what was sent',
      '/** Whoever calls it. */',
      '// ten at the most',
      '/** It closes by itself. */',
      '/** A room of\n * its own. */',
      `throw new Error('the caller was told so');`,
      '/** The deliveries that are owed. */',
      'const text = `how to mend it`;',
    ],
    good: [
      '/** Says what is wrong. */',
      '/** What is a lane? */',
      'const owed = told(mend);',
      '/** At most ten. */',
      '/** Its own room. */',
    ],
  },
  { rule: proseRules['plain'], path: 'docs/a.md', bad: ['at the longest for a second'], good: ['within a second'] },
  { rule: pageRules['invariants'], path: 'test/torture/a.ts', bad: ['/** I99: x. */'], good: ['/** I12: x. */'] },
  {
    rule: pageRules['settings'],
    path: 'config.example.toml',
    bad: ['# A text; TOCSIN_NOWHERE in the environment. The default:\n# nowhere = 1'],
    good: [],
  },
  {
    rule: pageRules['metrics'],
    path: 'docs/reference/metrics.md',
    bad: ['| `tocsin_nowhere` | x |'],
    good: ['| `tocsin_shards_held` |'],
  },
  {
    rule: pageRules['metrics'],
    path: 'docs/a.md',
    bad: ['sum(tocsin_nowhere)'],
    good: ['rate(tocsin_delivery_lag_seconds_bucket[5m]) > tocsin_shards_held'],
  },
  { rule: pageRules['metrics'], path: 'src/a.ts', bad: [`'tocsin_nowhere'`], good: [`'tocsin_shards_held'`] },
  {
    rule: pageRules['sections'],
    path: 'src/events/a.ts',
    bad: [
      '/** Contract 4.99. */',
      '/** contract 1.2, 4.99 */',
      '/** contract 1.2 to 1.99 */',
      '// design 7',
      '// (design: x)',
    ],
    good: [
      '/** Contract 4.4. */',
      '/** contract 1.2, 4.2 and 4.3 */',
      '// the contract of 2 databases',
      '// a design of 1985',
    ],
  },
];

test('each rule finds what it is for and lets the rest pass', () => {
  for (const { rule, path, bad, good } of samples) {
    assert.ok(rule !== undefined, `a sample for ${path} names a rule that is gone`);
    for (const text of bad) assert.notEqual(rule(readSource(path, text)).length, 0, `let pass, as ${path}: ${text}`);
    for (const text of good) {
      assert.deepEqual(rule(readSource(path, text)), [], `found fault with, as ${path}: ${text}`);
    }
  }
});

test('each rule has a sample that breaks it', () => {
  const all = [sourceRules, everywhereRules, receiverRules, consoleRules, textRules, pageRules, proseRules];
  for (const [name, rule] of all.flatMap((rules) => Object.entries(rules))) {
    assert.ok(
      samples.some((sample) => sample.rule === rule && sample.bad.length > 0),
      `the rule of ${name} has no bad sample, so nothing shows that it can fail`,
    );
  }
});

test('a rule says where, with the line that an editor shows', () => {
  const file = readSource('src/events/a.ts', `/* a\n comment */\nconst text = 'it''s';\nconst now = Date.now();\n`);
  assert.equal(sourceRules['time']?.(file)[0]?.line, 4);
});

function isRead(path: string): boolean {
  return /\.(?:tsx?|md)$/.test(path) && !unread.some((prefix) => path.startsWith(prefix));
}

function print(finding: Finding): string {
  return `${finding.path}:${finding.line} ${finding.message}`;
}

async function readTree(): Promise<SourceFile[]> {
  const paths = await listFiles(root);
  const read = await Promise.all(
    paths.map(async (path) => readSource(relative(root, path).replaceAll('\\', '/'), await readFile(path, 'utf8'))),
  );
  // A NUL marks a file that is not text.
  return read.filter((file) => !file.text.includes('\0'));
}

async function listFiles(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const nested = await Promise.all(
    entries.map(async (entry) => {
      const path = join(folder, entry.name);
      if (skippedNames.has(entry.name)) return [];
      if (entry.isDirectory()) return listFiles(path);
      return entry.isFile() ? [path] : [];
    }),
  );
  return nested.flat();
}
