import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { browserClient, type BrowserClient } from '../support/browser-client.ts';
import { startTestApp, type TestApp } from '../support/test-app.ts';

/**
 * Every operation that the running service describes, with the least role that may call it and whether it changes
 * something. An operation without a line here fails: a new one has to say who may call it.
 */
const expected: Readonly<Record<string, readonly [least: Role, effect: 'reads' | 'writes']>> = {
  '/account/info': ['viewer', 'reads'],
  '/alert/close': ['responder', 'writes'],
  '/alert/event/list': ['viewer', 'reads'],
  '/alert-event/list': ['viewer', 'reads'],
  '/alert/feed': ['viewer', 'reads'],
  '/alert/info': ['viewer', 'reads'],
  '/alert/list': ['viewer', 'reads'],
  '/alert/list-by-ids': ['viewer', 'reads'],
  '/alert/merge': ['responder', 'writes'],
  '/audit/operation/list': ['admin', 'reads'],
  '/audit/search': ['admin', 'reads'],
  '/change/list': ['viewer', 'reads'],
  '/channel/create': ['admin', 'writes'],
  '/channel/delete': ['admin', 'writes'],
  '/channel/disable': ['admin', 'writes'],
  '/channel/enable': ['admin', 'writes'],
  '/channel/escalate/rule/create': ['admin', 'writes'],
  '/channel/escalate/rule/delete': ['admin', 'writes'],
  '/channel/escalate/rule/disable': ['admin', 'writes'],
  '/channel/escalate/rule/enable': ['admin', 'writes'],
  '/channel/escalate/rule/info': ['viewer', 'reads'],
  '/channel/escalate/rule/list': ['viewer', 'reads'],
  '/channel/escalate/rule/update': ['admin', 'writes'],
  '/channel/info': ['viewer', 'reads'],
  '/channel/infos': ['viewer', 'reads'],
  '/channel/inhibit/rule/create': ['admin', 'writes'],
  '/channel/inhibit/rule/delete': ['admin', 'writes'],
  '/channel/inhibit/rule/disable': ['admin', 'writes'],
  '/channel/inhibit/rule/enable': ['admin', 'writes'],
  '/channel/inhibit/rule/list': ['viewer', 'reads'],
  '/channel/inhibit/rule/update': ['admin', 'writes'],
  '/channel/list': ['viewer', 'reads'],
  '/channel/silence/rule/create': ['admin', 'writes'],
  '/channel/silence/rule/delete': ['admin', 'writes'],
  '/channel/silence/rule/disable': ['admin', 'writes'],
  '/channel/silence/rule/enable': ['admin', 'writes'],
  '/channel/silence/rule/list': ['viewer', 'reads'],
  '/channel/silence/rule/update': ['admin', 'writes'],
  '/channel/unsubscribe/rule/create': ['admin', 'writes'],
  '/channel/unsubscribe/rule/delete': ['admin', 'writes'],
  '/channel/unsubscribe/rule/disable': ['admin', 'writes'],
  '/channel/unsubscribe/rule/enable': ['admin', 'writes'],
  '/channel/unsubscribe/rule/list': ['viewer', 'reads'],
  '/channel/unsubscribe/rule/update': ['admin', 'writes'],
  '/channel/update': ['admin', 'writes'],
  '/datasource/desc': ['viewer', 'reads'],
  '/datasource/list': ['viewer', 'reads'],
  '/datasource/upsert': ['admin', 'writes'],
  '/egress/info': ['viewer', 'reads'],
  '/field/create': ['admin', 'writes'],
  '/field/delete': ['admin', 'writes'],
  '/field/info': ['viewer', 'reads'],
  '/field/list': ['viewer', 'reads'],
  '/field/update': ['admin', 'writes'],
  '/incident/ack': ['responder', 'writes'],
  '/incident/alert/list': ['viewer', 'reads'],
  '/incident/assign': ['responder', 'writes'],
  '/incident/change/list': ['viewer', 'reads'],
  '/incident/comment': ['responder', 'writes'],
  '/incident/create': ['responder', 'writes'],
  '/incident/custom-action/do': ['responder', 'writes'],
  '/incident/custom-action/list': ['responder', 'reads'],
  '/incident/description/reset': ['responder', 'writes'],
  '/incident/disable-merge': ['responder', 'writes'],
  '/incident/feed': ['viewer', 'reads'],
  '/incident/field/reset': ['responder', 'writes'],
  '/incident/impact/reset': ['responder', 'writes'],
  '/incident/info': ['viewer', 'reads'],
  '/incident/list': ['viewer', 'reads'],
  '/incident/list-by-ids': ['viewer', 'reads'],
  '/incident/merge': ['responder', 'writes'],
  '/incident/past/list': ['viewer', 'reads'],
  '/incident/remove': ['admin', 'writes'],
  '/incident/reopen': ['responder', 'writes'],
  '/incident/reset': ['responder', 'writes'],
  '/incident/resolution/reset': ['responder', 'writes'],
  '/incident/resolve': ['responder', 'writes'],
  '/incident/responder/add': ['responder', 'writes'],
  '/incident/root-cause/reset': ['responder', 'writes'],
  '/incident/severity/reset': ['responder', 'writes'],
  '/incident/snooze': ['responder', 'writes'],
  '/incident/stats': ['viewer', 'reads'],
  '/incident/title/reset': ['responder', 'writes'],
  '/incident/unack': ['responder', 'writes'],
  '/incident/wake': ['responder', 'writes'],
  '/integration/create': ['admin', 'writes'],
  '/integration/delete': ['admin', 'writes'],
  '/integration/info': ['viewer', 'reads'],
  '/integration/key/rotate': ['admin', 'writes'],
  '/integration/list': ['viewer', 'reads'],
  '/integration/mapping/try': ['admin', 'reads'],
  '/integration/update': ['admin', 'writes'],
  '/member/delete': ['admin', 'writes'],
  '/member/info': ['viewer', 'reads'],
  '/member/info/reset': ['viewer', 'writes'],
  '/member/invite': ['admin', 'writes'],
  '/member/list': ['viewer', 'reads'],
  '/member/password/set': ['viewer', 'writes'],
  '/member/update': ['admin', 'writes'],
  '/person/app-key/create': ['viewer', 'writes'],
  '/person/app-key/delete': ['viewer', 'writes'],
  '/person/app-key/disable': ['viewer', 'writes'],
  '/person/app-key/enable': ['viewer', 'writes'],
  '/person/app-key/list': ['viewer', 'reads'],
  '/person/app-key/name/reset': ['viewer', 'writes'],
  '/person/infos': ['viewer', 'reads'],
  '/replay/cancel': ['responder', 'writes'],
  '/replay/info': ['viewer', 'reads'],
  '/replay/list': ['viewer', 'reads'],
  '/route/info': ['viewer', 'reads'],
  '/route/list': ['viewer', 'reads'],
  '/route/upsert': ['admin', 'writes'],
  '/session/delete': ['viewer', 'writes'],
  '/session/info': ['viewer', 'reads'],
  '/session/link/create': ['admin', 'writes'],
  '/session/list': ['viewer', 'reads'],
  '/session/revoke': ['viewer', 'writes'],
  '/system/info': ['admin', 'reads'],
  '/team/delete': ['admin', 'writes'],
  '/team/info': ['viewer', 'reads'],
  '/team/infos': ['viewer', 'reads'],
  '/team/list': ['viewer', 'reads'],
  '/team/upsert': ['admin', 'writes'],
  '/webhook/create': ['admin', 'writes'],
  '/webhook/delete': ['admin', 'writes'],
  '/webhook/disable': ['admin', 'writes'],
  '/webhook/enable': ['admin', 'writes'],
  '/webhook/explain': ['viewer', 'reads'],
  '/webhook/history/detail': ['viewer', 'reads'],
  '/webhook/history/list': ['viewer', 'reads'],
  '/webhook/history/resend': ['responder', 'writes'],
  '/webhook/history/summary': ['viewer', 'reads'],
  '/webhook/info': ['viewer', 'reads'],
  '/webhook/list': ['viewer', 'reads'],
  '/webhook/pause': ['responder', 'writes'],
  '/webhook/retry-now': ['responder', 'writes'],
  '/webhook/preview': ['admin', 'reads'],
  '/webhook/rehearse': ['admin', 'reads'],
  '/webhook/replay': ['responder', 'writes'],
  '/webhook/resume': ['responder', 'writes'],
  '/webhook/secret/rotate': ['admin', 'writes'],
  '/webhook/stats': ['viewer', 'reads'],
  '/webhook/test': ['admin', 'writes'],
  '/webhook/update': ['admin', 'writes'],
};

const roles = ['viewer', 'responder', 'admin'] as const;
type Role = (typeof roles)[number];

interface Operation {
  readonly description: string;
  readonly parameters?: readonly { readonly $ref: string }[];
  readonly security?: unknown;
}

let scene: TestApp;
let operations: Map<string, Operation>;
const keys = new Map<Role, string>();

before(async () => {
  scene = await startTestApp({ env: { TOCSIN_API_RATE: '0' } });
  keys.set('admin', scene.service.appKey);
  for (const role of ['viewer', 'responder'] as const) keys.set(role, await scene.keyOf(role));
  const { text } = await scene.call('/openapi.json', {}, { method: 'GET', key: '' });
  const { paths } = JSON.parse(text) as { paths: Record<string, { post?: Operation }> };
  // These ask for no app key: sources send with their key, and monitors only look.
  operations = new Map(
    Object.entries(paths).flatMap(([path, { post }]) =>
      post === undefined || post.security !== undefined ? [] : [[path, post] as const],
    ),
  );
});
after(() => scene.stop());

test('every operation says who may call it, and the table here says the same', () => {
  const described = Object.fromEntries(
    [...operations].map(([path, { description, parameters = [] }]) => {
      const least = /^Needs the role (\w+)\.$/.exec(description)?.[1];
      const effect = parameters.some(({ $ref }) => $ref === '#/components/parameters/IdempotencyKey')
        ? 'writes'
        : 'reads';
      return [path, [least, effect]];
    }),
  );
  assert.deepEqual(described, { ...expected });
});

test('every operation is refused to every role below its own, and to nobody above', async () => {
  const wrong: string[] = [];
  for (const [path, [least]] of Object.entries(expected)) {
    for (const role of roles) {
      // A body that no operation takes, so that an allowed call changes nothing.
      const { status, error } = await scene.call(path, [], { key: keys.get(role) ?? '' });
      const allowed = roles.indexOf(role) >= roles.indexOf(least);
      const answer = `${status} ${error?.code ?? 'ok'}`;
      if (answer !== (allowed ? '400 InvalidParameter' : '403 AccessDenied')) wrong.push(`${path} ${role}: ${answer}`);
    }
  }
  assert.deepEqual(wrong, []);
});

/** Signing in: the caller has no key yet. */
const openToAnyone = ['/session/create', '/session/link/redeem'];

test('a browser session may do what its member may, and no more', async () => {
  const members = await scene.service.api('/member/list', { limit: 100 });
  const browsers = new Map<Role, BrowserClient>();
  for (const role of roles) {
    const member = (members['items'] as { member_id: number; role: string }[]).find((one) => one.role === role);
    const { url } = await scene.service.api('/session/link/create', { member_id: member?.member_id });
    const browser = browserClient(scene.service.url);
    const [, token = ''] = String(url).split('#');
    assert.equal((await browser.call('/session/link/redeem', { token })).status, 200);
    browsers.set(role, browser);
  }
  const wrong: string[] = [];
  for (const [path, [least]] of Object.entries(expected)) {
    for (const role of roles) {
      const answer = await browsers.get(role)?.call(path, []);
      const allowed = roles.indexOf(role) >= roles.indexOf(least);
      const said = `${answer?.status} ${answer?.error.code}`;
      if (said !== (allowed ? '400 InvalidParameter' : '403 AccessDenied')) wrong.push(`${path} ${role}: ${said}`);
      const foreign = await browsers.get(role)?.call(path, [], { origin: 'https://evil.example' });
      if (foreign?.status !== 403) wrong.push(`${path} ${role} from another site: ${foreign?.status}`);
    }
  }
  assert.deepEqual(wrong, []);
});

test('only what signs people in is open to anyone, and it says so', async () => {
  const { text } = await scene.call('/openapi.json', {}, { method: 'GET', key: '' });
  const { paths } = JSON.parse(text) as { paths: Record<string, { post?: Operation }> };
  const open = Object.entries(paths).filter(
    ([, { post }]) => Array.isArray(post?.security) && post.security.length === 0,
  );
  assert.deepEqual(open.map(([path]) => path).sort(), openToAnyone);
  for (const [, { post }] of open) assert.equal(post?.description, 'Anyone may call it.');
});

test('no operation is open to somebody without a good key', async () => {
  const { sourceKey } = await scene.place();
  const wrong: string[] = [];
  for (const path of Object.keys(expected)) {
    // The keys of sources are for sending alerts, and read and configure nothing.
    const { status, error } = await scene.call(path, {}, { key: sourceKey });
    // A guesser is slowed down, which also is a refusal.
    if (status === 429) continue;
    if (status !== 401 || error?.code !== 'Unauthorized') wrong.push(`${path}: ${status} ${error?.code ?? 'ok'}`);
  }
  for (const path of ['/member/info', '/webhook/create', '/webhook/history/list']) {
    const { status } = await scene.call(path, {}, { key: '' });
    if (status !== 401 && status !== 429) wrong.push(`${path} without a key: ${status}`);
  }
  assert.deepEqual(wrong, []);
});

test('a refusal says which role is needed', async () => {
  const { error } = await scene.call('/webhook/create', {}, { key: keys.get('responder') ?? '' });
  assert.equal(error?.message, "this needs the role admin; the key's member has the role responder");
});

test('a path without an operation is 404, with a key or without', async () => {
  for (const key of ['', scene.service.appKey]) {
    const { status, error } = await scene.call('/webhook/erase', {}, { key });
    assert.deepEqual([status, error?.code], [404, 'RouteNotFound']);
  }
});
