import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { createTranslator } from 'use-intl/core';
import { core } from './en/core.ts';
import { en } from './en/index.ts';
import { zhCN } from './zh-CN/index.ts';

/** Every message by its path. */
function flat(words: object, path = ''): Map<string, string> {
  const all = new Map<string, string>();
  for (const [key, value] of Object.entries(words) as [string, unknown][]) {
    const name = path === '' ? key : `${path}.${key}`;
    if (typeof value === 'string') all.set(name, value);
    else for (const [below, text] of flat(value as object, name)) all.set(below, text);
  }
  return all;
}

const english = flat(en);
const chinese = flat(zhCN);

/** The arguments and tags that a message uses. */
function argumentsOf(message: string): string[] {
  const names = [...message.matchAll(/\{\s*(\w+)\s*[,}]/g), ...message.matchAll(/<(\w+)>/g)].map(
    (match) => match[1] ?? '',
  );
  return [...new Set(names)].sort();
}

test('both languages have the same messages, with the same arguments', () => {
  assert.deepEqual([...chinese.keys()], [...english.keys()]);
  for (const [key, message] of english)
    assert.deepEqual(argumentsOf(chinese.get(key) ?? ''), argumentsOf(message), key);
});

test('every message can be written', () => {
  for (const [locale, messages] of [
    ['en', en],
    ['zh-CN', zhCN],
  ] as const) {
    const errors: string[] = [];
    const translate = createTranslator({ locale, messages, onError: (error) => errors.push(error.message) });
    for (const [key, message] of locale === 'en' ? english : chinese) {
      for (const number of [-1, 0, 1, 2]) {
        const values = Object.fromEntries(
          argumentsOf(message).map((name) => [name, message.includes(`<${name}>`) ? () => 'x' : number]),
        );
        // Keys are walked here, so that their types say nothing.
        (translate.rich as (key: string, values: object) => unknown)(key, values);
      }
    }
    assert.deepEqual(errors, []);
  }
});

test('no message shouts or jokes, and no sentence of English is left in Chinese', () => {
  for (const [key, message] of [...english, ...chinese]) assert.doesNotMatch(message, /!|！|\boops\b|\bsorry\b/i, key);
  const same = [...chinese].filter(
    ([key, message]) => message === english.get(key) && /[a-z]{3,} [a-z]{3,}/i.test(message),
  );
  assert.deepEqual(
    same.map(([key]) => key).filter((key) => key !== 'webhooks.userAgent'),
    [],
  );
});

/** The namespaces that a component and everything below it write from. */
async function namespacesOf(path: string, seen = new Set<string>()): Promise<Set<string>> {
  const found = new Set<string>();
  if (seen.has(path) || !/\.tsx?$/.test(path)) return found;
  seen.add(path);
  const source = await readFile(path, 'utf8');
  const add = (pattern: RegExp): void => {
    for (const [, name] of source.matchAll(pattern)) if (name !== undefined) found.add(name);
  };
  add(/useTranslations\('(\w+)/g);
  if (source.includes('useTranslations()')) add(/['`](\w+)\.[\w$]/g);
  for (const [, below] of source.matchAll(/^import (?!type).*? from '(\.[^']+)';/gms)) {
    for (const name of await namespacesOf(join(path, '..', below ?? ''), seen)) found.add(name);
  }
  return found;
}

test('each page asks for the words that it writes', async () => {
  const src = join(import.meta.dirname, '..');
  const routes = await readFile(join(src, 'routes.tsx'), 'utf8');
  const pages = [...routes.matchAll(/lazy\(\s*\[([^\]]*)\],\s*\(\) => import\('\.\/([^']+)'\)/g)];
  assert.ok(pages.length > 10);
  const missing: string[] = [];
  for (const [, names = '', path = ''] of pages) {
    const files = names.split(',').flatMap((name) => name.trim().replaceAll("'", '') || []);
    const have = new Set(Object.keys(core));
    for (const name of files) {
      const file = name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
      for (const namespace of Object.keys((await import(`./en/${file}.ts`)) as object)) have.add(namespace);
    }
    for (const name of await namespacesOf(join(src, path))) {
      if (name in en && !have.has(name)) missing.push(`${path} writes from ${name}`);
    }
  }
  assert.deepEqual(missing, []);
});
