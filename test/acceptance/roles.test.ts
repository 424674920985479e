import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startScene } from '../support/scene.ts';
import type { Scene } from '../support/scene.ts';

/**
 * Every operation that the running service describes, with the least role that may call it and whether it changes
 * something. An operation without a line here fails: whoever adds one has to say who may call it.
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
  '/incident/comment': ['responder', 'writes'],
  '/incident/create': ['responder', 'writes'],
  '/incident/custom-action/do': ['responder', 'writes'],
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
  '/incident/title/reset': ['responder', 'writes'],
  '/incident/unack': ['responder', 'writes'],
  '/incident/wake': ['responder', 'writes'],
  '/integration/create': ['admin', 'writes'],
  '/integration/delete': ['admin', 'writes'],
  '/integration/info': ['viewer', 'reads'],
  '/integration/list': ['viewer', 'reads'],
  '/integration/update': ['admin', 'writes'],
  '/member/delete': ['admin', 'writes'],
  '/member/info': ['viewer', 'reads'],
  '/member/invite': ['admin', 'writes'],
  '/member/list': ['viewer', 'reads'],
  '/member/update': ['admin', 'writes'],
  '/person/app-key/create': ['viewer', 'writes'],
  '/person/app-key/delete': ['viewer', 'writes'],
  '/person/app-key/disable': ['viewer', 'writes'],
  '/person/app-key/enable': ['viewer', 'writes'],
  '/person/app-key/list': ['viewer', 'reads'],
  '/person/app-key/name/reset': ['viewer', 'writes'],
  '/person/infos': ['viewer', 'reads'],
  '/route/info': ['viewer', 'reads'],
  '/route/list': ['viewer', 'reads'],
  '/route/upsert': ['admin', 'writes'],
  '/team/delete': ['admin', 'writes'],
  '/team/info': ['viewer', 'reads'],
  '/team/infos': ['viewer', 'reads'],
  '/team/list': ['viewer', 'reads'],
  '/team/upsert': ['admin', 'writes'],
  '/webhook/create': ['admin', 'writes'],
  '/webhook/delete': ['admin', 'writes'],
  '/webhook/disable': ['admin', 'writes'],
  '/webhook/enable': ['admin', 'writes'],
  '/webhook/history/detail': ['viewer', 'reads'],
  '/webhook/history/list': ['viewer', 'reads'],
  '/webhook/history/resend': ['responder', 'writes'],
  '/webhook/info': ['viewer', 'reads'],
  '/webhook/list': ['viewer', 'reads'],
  '/webhook/pause': ['responder', 'writes'],
  '/webhook/resume': ['responder', 'writes'],
  '/webhook/secret/rotate': ['admin', 'writes'],
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

let scene: Scene;
let operations: Map<string, Operation>;
const keys = new Map<Role, string>();

before(async () => {
  scene = await startScene({ env: { TOCSIN_API_RATE: '0' } });
  keys.set('admin', scene.service.appKey);
  for (const role of ['viewer', 'responder'] as const) keys.set(role, await keyOf(role));
  const { text } = await scene.call('/openapi.json', {}, { method: 'GET', key: '' });
  const { paths } = JSON.parse(text) as { paths: Record<string, { post?: Operation }> };
  // What has a security of its own asks for no app key: sources send with theirs, and monitors only look.
  operations = new Map(
    Object.entries(paths).flatMap(([path, { post }]) =>
      post === undefined || post.security !== undefined ? [] : [[path, post] as const],
    ),
  );
});
after(() => scene.stop());

async function keyOf(role: 'viewer' | 'responder'): Promise<string> {
  const invited = await scene.service.api('/member/invite', { members: [{ email: `${role}@example.org` }] });
  const id = (invited['items'] as { member_id: number }[])[0]?.member_id;
  await scene.service.api('/member/update', { member_id: id, role });
  const made = await scene.service.api('/person/app-key/create', { key_name: role, person_id: id });
  return String(made['key']);
}

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
      // A body that no operation takes, so that whoever may call it changes nothing.
      const { status, error } = await scene.call(path, [], { key: keys.get(role) ?? '' });
      const allowed = roles.indexOf(role) >= roles.indexOf(least);
      const answer = `${status} ${error?.code ?? 'ok'}`;
      if (answer !== (allowed ? '400 InvalidParameter' : '403 AccessDenied')) wrong.push(`${path} ${role}: ${answer}`);
    }
  }
  assert.deepEqual(wrong, []);
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

test('what is no operation is not there, with a key or without', async () => {
  for (const key of ['', scene.service.appKey]) {
    const { status, error } = await scene.call('/webhook/erase', {}, { key });
    assert.deepEqual([status, error?.code], [404, 'RouteNotFound']);
  }
});
