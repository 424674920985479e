import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { z } from 'zod';
import { normalize } from '../../src/http/json/normalize.ts';
import { describedRoutes } from '../../src/cli/openapi.ts';
import { isOwn, type Route } from '../../src/http/routes/route.ts';
import { startTestApp, type Answered, type TestApp } from '../support/test-app.ts';

/*
 * What clients of typed languages do, tried at every operation of the table: no body, structures in which nothing is
 * set, null and empty texts in fields that nobody set, enumerations in any case, the same key twice, numbers beyond 2^53.
 */

let scene: TestApp;
before(async () => {
  scene = await startTestApp({ env: { TOCSIN_API_RATE: '0' } });
});
after(() => scene.stop());

/** Signing in and out would change who calls. */
const routes = describedRoutes().filter(({ path, role }) => role !== 'anyone' && !path.startsWith('/session/'));

/** What an answer says, without what differs from call to call. */
function said({ status, error }: Answered): string {
  return `${status} ${error?.code ?? ''} ${(error?.faults ?? []).map(({ field, message }) => `${field} ${message}`).join('; ')}`;
}

test('no body, an empty one and an empty object are the same everywhere, whatever the content type', async () => {
  const wrong: string[] = [];
  for (const { path } of routes.filter(({ writes }) => !writes)) {
    const expected = said(await scene.call(path, {}));
    for (const type of [undefined, 'application/json', 'text/plain', 'application/x-www-form-urlencoded']) {
      const answer = await fetch(scene.service.url + path, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${scene.service.appKey}`,
          ...(type === undefined ? {} : { 'content-type': type }),
        },
      });
      const { error } = (await answer.json()) as Pick<Answered, 'error'>;
      const actual = said({ status: answer.status, error } as Answered);
      if (actual !== expected) wrong.push(`${path} ${type}: ${actual}, not ${expected}`);
    }
  }
  assert.deepEqual(wrong, []);
});

test('null, an empty text and an empty shell for what may be left out are as left out', async () => {
  const wrong: string[] = [];
  let tried = 0;
  for (const route of routes) {
    const base = baseOf(route);
    const expected = route.request.safeParse(base);
    for (const [place, shell] of shellsOf(route.request)) {
      const { data, error } = normalizedBy(route, place(base, shell));
      tried += 1;
      if (error === undefined && JSON.stringify(data) === JSON.stringify(expected.data)) continue;
      if (error !== undefined && !expected.success && error === expected.error.message) continue;
      wrong.push(`${route.path} ${JSON.stringify(place({}, shell))}: ${error ?? JSON.stringify(data)}`);
    }
  }
  assert.ok(tried > 900, String(tried));
  assert.deepEqual(wrong.slice(0, 20), []);
});

test('the words of an enumeration are read in any case', async () => {
  const wrong: string[] = [];
  let tried = 0;
  for (const route of routes) {
    for (const [name, words] of enumerationsOf(route.request)) {
      for (const word of words) {
        const { error } = normalizedBy(route, { [name]: word.toUpperCase() });
        tried += 1;
        if (error?.includes(`"${name}"`) === true && error.includes('invalid_value'))
          wrong.push(`${route.path} ${name} ${word}`);
      }
    }
  }
  assert.ok(tried > 100, String(tried));
  assert.deepEqual(wrong, []);
});

test('a limit or page of 0 is the default, and one that is out of bounds is named', async () => {
  const wrong: string[] = [];
  for (const route of routes) {
    for (const name of ['limit', 'p']) {
      if (!Object.hasOwn(shapeOf(route.request), name)) continue;
      const zero = normalizedBy(route, { ...baseOf(route), [name]: 0 });
      if (zero.error?.includes(`"${name}"`) === true) wrong.push(`${route.path} ${name} 0`);
      const tooMuch = said(await scene.call(route.path, { ...baseOf(route), [name]: 10 ** 9 }));
      if (!tooMuch.startsWith('400') || !tooMuch.includes(name)) wrong.push(`${route.path} ${name} 10^9: ${tooMuch}`);
    }
  }
  assert.deepEqual(wrong, []);
});

test('a number beyond 2^53 in a field that nobody reads stops no call of the contract', async () => {
  const wrong: string[] = [];
  for (const { path } of routes.filter((one) => !one.writes && !isOwn(one.path))) {
    const plain = said(await scene.call(path, {}));
    const large = said(await scene.call(path, '{"nobody_reads_it": 12345678901234567890123}'));
    if (large !== plain) wrong.push(`${path}: ${large}, not ${plain}`);
  }
  assert.deepEqual(wrong, []);
});

test('two keys that are equal are one, two that differ are refused, and a wrong one is a wrong one', async () => {
  const { url, appKey } = scene.service;
  const ask = async (path: string, headers: Record<string, string>) =>
    (await fetch(url + path, { method: 'POST', headers })).status;
  for (const path of ['/member/info', '/channel/list']) {
    const bearer = { authorization: `Bearer ${appKey}` };
    assert.equal(await ask(`${path}?app_key=${appKey}`, bearer), 200);
    assert.equal(await ask(`${path}?app_key=${appKey}`, { authorization: '' }), 200);
    assert.equal(await ask(`${path}?app_key=${appKey}&app_key=${appKey}`, {}), 200);
    for (const status of [
      await ask(`${path}?app_key=${appKey}x`, bearer),
      await ask(`${path}?app_key=${appKey}`, { authorization: 'Bearer x' }),
      await ask(`${path}?app_key=${appKey}&app_key=x`, {}),
    ]) {
      assert.ok(status === 400 || status === 401, String(status));
    }
  }
});

type Body = Readonly<Record<string, unknown>>;

/** The smallest body that the reference shows. */
function baseOf(route: Route): Body {
  const shape = shapeOf(route.request);
  const required = Object.keys(shape).filter((name) => shape[name]?.safeParse(undefined).success === false);
  return Object.fromEntries(required.map((name) => [name, samples[name] ?? 1]));
}

const samples: Body = {
  start_time: 1_780_000_000,
  end_time: 1_780_000_600,
  incident_id: '6a1f00c2d4e5f60718293a4b',
  alert_id: '6a1f00c2d4e5f60718293a4b',
};

/** What the service makes of a body before its schema sees it, and what the schema says. */
function normalizedBy(route: Route, body: Body): { data?: unknown; error?: string } {
  const result = route.request.safeParse(normalize(route.request, body).value);
  return result.success ? { data: result.data } : { error: result.error.message };
}

/** Every optional field at every depth, with each kind of nothing that its type could be sent as. */
function* shellsOf(
  schema: z.ZodType,
  within: (base: Body, inner: unknown) => Body = (base, inner) => ({ ...base, ...(inner as Body) }),
): Generator<[place: (base: Body, shell: unknown) => Body, shell: unknown]> {
  for (const [name, field] of Object.entries(shapeOf(schema))) {
    const place = (base: Body, shell: unknown) => within(base, { [name]: shell });
    const inner = shapeOf(field);
    const isObject = Object.keys(inner).length > 0;
    if (field.safeParse(undefined).success) {
      for (const shell of [null, '', ...(isObject ? [{}, shellOf(field)] : [])]) {
        if (field.safeParse(shell).success) continue;
        yield [place, shell];
      }
      if (isObject) yield* shellsOf(field, place);
    }
  }
}

/** A structure with all its members, none of them set. */
function shellOf(schema: z.ZodType): Body {
  return Object.fromEntries(
    Object.entries(shapeOf(schema)).map(([name, field]) => {
      const inner = Object.keys(shapeOf(field)).length > 0 ? shellOf(field) : null;
      return [name, inner];
    }),
  );
}

function* enumerationsOf(schema: z.ZodType): Generator<[name: string, words: string[]]> {
  for (const [name, field] of Object.entries(shapeOf(schema))) {
    const inner = bare(field);
    if (inner instanceof z.ZodEnum) yield [name, inner.options.map(String)];
  }
}

function shapeOf(schema: z.ZodType): Readonly<Record<string, z.ZodType>> {
  const inner = bare(schema);
  return inner instanceof z.ZodObject ? inner.shape : {};
}

function bare(schema: z.ZodType): z.ZodType {
  if (schema instanceof z.ZodPipe) return bare(schema.def.in as z.ZodType);
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable || schema instanceof z.ZodDefault) {
    return bare(schema.def.innerType as z.ZodType);
  }
  return schema;
}
