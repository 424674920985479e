import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { Validator } from '@seriousme/openapi-schema-validator';
import type { z } from 'zod';
import { describedRoutes, openApiText } from '../src/cli/openapi.ts';
import { pushShapes } from '../src/http/schemas/push.ts';
import { standardEvent } from '../src/http/schemas/ingestion.ts';

const text = await openApiText();
const document = JSON.parse(text);
const routes = describedRoutes();

interface Operation {
  readonly operationId?: string;
  readonly summary?: string;
  readonly tags?: readonly string[];
  readonly requestBody?: { readonly content: Record<string, { readonly example?: unknown }> };
}

const operations: readonly (readonly [string, Operation])[] = ['paths', 'webhooks'].flatMap((section) =>
  Object.entries(document[section] as Record<string, Record<string, Operation>>).flatMap(([name, methods]) =>
    Object.entries(methods).map(([method, operation]) => [`${method} ${name}`, operation] as const),
  ),
);

describe('the API document', () => {
  test('is OpenAPI 3.1 without an error', async () => {
    const { valid, errors } = await new Validator().validate(document);
    assert.deepEqual([valid, errors], [true, undefined]);
  });

  test('names every operation, path and summary once, under tags that it explains', () => {
    const tags = (document.tags as { name: string; description: string }[]).map(({ name, description }) => {
      assert.notEqual(description, '', name);
      return name;
    });
    const wrong = operations
      .filter(([, { operationId, summary, tags: own }]) => !operationId || !summary || own?.length !== 1)
      .map(([name]) => name);
    assert.deepEqual(wrong, []);
    assert.deepEqual(repeated(operations.map(([, { operationId }]) => operationId)), []);
    assert.deepEqual(repeated(tags), []);
    assert.deepEqual(repeated(routes.map(({ path }) => path)), []);
    assert.deepEqual(new Set(operations.flatMap(([, operation]) => operation.tags)), new Set(tags));
    const inPaths = operations.filter(([name]) => / \//.test(name));
    assert.deepEqual(repeated(inPaths.map(([, { summary }]) => summary)), []);
  });

  test('refers to nothing that is not there, and has no component without a use', () => {
    const components = Object.entries(document.components as Record<string, object>)
      .filter(([kind]) => kind !== 'securitySchemes')
      .flatMap(([kind, named]) => Object.keys(named).map((name) => `#/components/${kind}/${name}`));
    const references = new Set([...text.matchAll(/"\$ref": "([^"]+)"/g)].map((match) => match[1]));
    assert.deepEqual(
      [...references].filter((one) => !components.includes(one ?? '')),
      [],
    );
    assert.deepEqual(unused(components, references), []);
  });

  test('is the one that is kept in docs: `node src/main.ts openapi` writes it anew', async () => {
    const kept = await readFile(join(import.meta.dirname, '..', 'docs', 'openapi.json'), 'utf8');
    assert.equal(kept === text, true, 'docs/openapi.json is not current');
  });
});

describe('an example of the document is one that the service takes', () => {
  test('of every route', () => {
    const wrong = routes.flatMap(({ path, request }) => {
      const result = request.safeParse(document.paths[path].post.requestBody.content['application/json'].example);
      return result.success ? [] : [`${path}: ${result.error.message}`];
    });
    assert.deepEqual(wrong, []);
  });

  test('of the standard event', () => {
    const body = document.paths['/event/push/alert/{type}'].post.requestBody.content['application/json'];
    assert.deepEqual(faultsOf(standardEvent.strict(), body.example), []);
  });

  for (const { name, body } of pushShapes) {
    test(`of the push ${name}`, () => {
      const { example } = document.webhooks[name].post.requestBody.content['application/json'];
      assert.deepEqual(faultsOf(body, example), []);
    });
  }
});

function faultsOf(schema: z.ZodType, value: unknown): readonly string[] {
  return schema.safeParse(value).error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`) ?? [];
}

function repeated(names: readonly unknown[]): unknown[] {
  return names.filter((name, index) => names.indexOf(name) !== index);
}

/** 404 and 405 are answered where there is no operation, so that no operation refers to them. */
function unused(components: readonly string[], references: ReadonlySet<string | undefined>): string[] {
  return components.filter((one) => !references.has(one) && !/Refused40[45]$/.test(one));
}
