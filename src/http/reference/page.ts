import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Json } from '../openapi/schemas.ts';
import { inTurns } from '../../runtime/turns.ts';
import { element, type Html } from './html.ts';
import { fieldsTable, objectSections } from './fields.ts';
import { operationsOf, type DocumentedOperation } from './operations.ts';

const style = readFileSync(new URL('reference.css', import.meta.url), 'utf8').trimEnd();

/** Nothing is loaded and nothing runs: the page is text with one inline style. */
export const referencePolicy = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'`,
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** The OpenAPI document as a page for people. */
export async function referencePage(document: Json): Promise<string> {
  const info = document['info'] as { title: string; version: string; summary: string; description: string };
  const tags = document['tags'] as { name: string; description: string }[];
  const operations = operationsOf(document);
  const sections = new Map(await inTurns(operations, (one) => [one, operationSection(one)] as const));
  const objects = await objectSections(document);
  const chapters = tags.filter(({ name }) => operations.some((one) => one.tag === name));
  const body = element('body', {}, [
    element('nav', { 'aria-label': 'Chapters' }, [
      element('a', { href: '#top', class: 'brand' }, [`${info.title} ${info.version}`]),
      element('ul', {}, [
        ...chapters.map(({ name }) => element('li', {}, [element('a', { href: `#${idOf(name)}` }, [name])])),
        element('li', {}, [element('a', { href: '#objects' }, ['objects'])]),
      ]),
    ]),
    element('main', { id: 'top' }, [
      element('h1', {}, [`${info.title} API reference`]),
      element('p', { class: 'lead' }, [info.summary]),
      element('p', {}, paragraphs(info.description)),
      element('p', {}, [
        'The same as a document for programs: ',
        element('a', { href: '/openapi.json' }, ['OpenAPI 3.1']),
      ]),
      ...chapters.map(({ name, description }) =>
        element('section', { id: idOf(name) }, [
          element('h2', {}, [name]),
          element('p', {}, [description]),
          ...[...sections].filter(([one]) => one.tag === name).map(([, section]) => section),
        ]),
      ),
      objects,
    ]),
  ]);
  return `<!doctype html>\n${element('html', { lang: 'en' }, [head(info), body]).html}\n`;
}

function head({ title, version }: { title: string; version: string }): Html {
  return element('head', {}, [
    element('meta', { charset: 'utf-8' }),
    element('meta', { name: 'viewport', content: 'width=device-width, initial-scale=1' }),
    element('meta', { name: 'color-scheme', content: 'light dark' }),
    element('title', {}, [`${title} ${version} API reference`]),
    // The style is our own file, without markup, and must be byte for byte the text that the policy has the hash of.
    { html: `<style>${style}</style>` },
  ]);
}

function operationSection(one: DocumentedOperation): Html {
  return element('article', { id: one.id }, [
    element('h3', {}, [
      element('a', { href: `#${one.id}` }, [
        element('span', { class: 'method' }, [one.method]),
        ' ',
        element('code', {}, [one.title]),
      ]),
    ]),
    element('p', { class: 'summary' }, [one.summary]),
    ...(one.description === '' ? [] : [element('p', { class: 'note' }, paragraphs(one.description))]),
    ...one.parts.flatMap(({ heading, schema }) => [element('h4', {}, [heading]), fieldsTable(schema)]),
    ...(one.example === undefined
      ? []
      : [
          element('details', {}, [
            element('summary', {}, ['Example']),
            element('pre', { tabindex: '0' }, [element('code', {}, [JSON.stringify(one.example, undefined, 2)])]),
          ]),
        ]),
    ...(one.statuses === '' ? [] : [element('p', { class: 'statuses' }, [`Answers: ${one.statuses}`])]),
  ]);
}

function idOf(name: string): string {
  return `noun-${name.replaceAll(' ', '-')}`;
}

/** Text between backticks is code. */
function paragraphs(text: string): (string | Html)[] {
  return text.split('`').map((part, index) => (index % 2 === 1 ? element('code', {}, [part]) : part));
}
