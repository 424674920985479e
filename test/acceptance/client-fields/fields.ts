import assert from 'node:assert/strict';
import type { Json } from '../../support/service.ts';
import type { TestApp } from '../../support/test-app.ts';

/** A filter, its value, and the names of the items that it finds. */
export type Finding = readonly [field: string, value: unknown, found: readonly unknown[]];

/**
 * Sends the requests of API clients, the key in the query as they do, and notes each field whose effect was seen. A field that is
 * not known would be named in `tocsin-ignored-fields`, which fails every request here.
 */
export class ClientFields {
  readonly scene: TestApp;
  /** `path field`, a field inside others with dots; lists count as their items. */
  readonly seen = new Set<string>();

  constructor(scene: TestApp) {
    this.scene = scene;
  }

  async send(path: string, body: unknown, key = this.scene.service.appKey) {
    const answer = await fetch(`${this.scene.service.url}${path}?app_key=${key}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'user-agent': 'client/1.0' },
      body: JSON.stringify(body),
    });
    const { data, error } = (await answer.json()) as { data?: Json; error?: { message: string; faults?: Json[] } };
    return { status: answer.status, ignored: answer.headers.get('tocsin-ignored-fields') ?? '', data, error };
  }

  /** @returns the data. */
  async ask(path: string, body: unknown, key?: string): Promise<Json> {
    const { status, ignored, data, error } = await this.send(path, body, key);
    assert.equal(status, 200, `${path} ${JSON.stringify(body)}: ${error?.message}`);
    assert.equal(ignored, '', `${path} does not know ${ignored}`);
    return data ?? {};
  }

  async items(path: string, body: unknown): Promise<Json[]> {
    return (await this.ask(path, body))['items'] as Json[];
  }

  /** What the request sets is shown afterwards under the same names. */
  async stores(path: string, body: Json, read: (data: Json) => Promise<Json | undefined>): Promise<Json> {
    const data = await this.ask(path, body);
    const shown = await read(data);
    assert.deepEqual(reduced(shown, body), body, path);
    this.note(path, ...fieldsOf(body));
    return data;
  }

  /** A list without the filter finds something else than with it. */
  async finds(path: string, base: Json, nameOf: (item: Json) => unknown, rows: readonly Finding[]): Promise<void> {
    const all = (await this.items(path, base)).map(nameOf);
    for (const [field, value, found] of rows) {
      const names = (await this.items(path, { ...base, [field]: value })).map(nameOf);
      assert.deepEqual(names, found, `${path} ${field}`);
      assert.notDeepEqual(names, all, `${path} ${field} changes nothing`);
    }
    this.note(path, ...rows.map(([field]) => field));
  }

  /** Whatever `check` looks at has changed by the request. @param others fields whose effect it looks at, beside all of the body. */
  async does(path: string, body: Json, check: (data: Json) => Promise<void> | void): Promise<Json> {
    const data = await this.ask(path, body);
    await check(data);
    this.note(path, ...fieldsOf(body));
    return data;
  }

  /** The field cannot be had: the refusal names it. */
  async refuses(path: string, body: Json, ...fields: readonly string[]): Promise<void> {
    const { status, error } = await this.send(path, body);
    const named = (error?.faults ?? []).map(({ field }) => String(field).replaceAll(/\[\d+\]/g, ''));
    assert.equal(status, 400, `${path} ${JSON.stringify(body)}`);
    for (const field of fields)
      assert.ok(
        named.some((one) => one.startsWith(field)),
        `${path} ${field}: ${named.join()}`,
      );
    this.note(path, ...fields);
  }

  /** The field is passed over, and the answer says so. */
  async passesOver(path: string, body: Json, ...fields: readonly string[]): Promise<void> {
    const { status, ignored } = await this.send(path, body);
    assert.equal(status, 200);
    for (const field of fields) assert.ok(ignored.split(', ').includes(field), `${path} ${field}: ${ignored}`);
    this.note(path, ...fields);
  }

  note(path: string, ...fields: readonly string[]): void {
    for (const field of fields) this.seen.add(`${path} ${field}`);
  }
}

/** The names of a body's fields: `group.equals`, and `group` too. */
function fieldsOf(value: unknown, prefix = ''): string[] {
  if (Array.isArray(value)) return [...new Set(value.flatMap((one) => fieldsOf(one, prefix)))];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) => [prefix + name, ...fieldsOf(inner, `${prefix}${name}.`)]);
}

/** The part of an answer that the body has too. */
function reduced(shown: unknown, body: unknown): unknown {
  if (Array.isArray(shown) && Array.isArray(body)) return shown.map((one, index) => reduced(one, body[index]));
  if (typeof shown !== 'object' || shown === null || typeof body !== 'object' || body === null) return shown;
  return Object.fromEntries(
    Object.keys(body).map((name) => [name, reduced((shown as Json)[name], (body as Json)[name])]),
  );
}

export const seconds = () => Math.floor(Date.now() / 1000);
export const window = () => ({ start_time: seconds() - 3600, end_time: seconds() + 300 });
