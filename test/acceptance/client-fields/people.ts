import assert from 'node:assert/strict';
import type { Json } from '../../support/service.ts';
import { seconds, type ClientFields } from './fields.ts';

/** Members, people and teams, and the audit log of changes. */
export async function people(client: ClientFields): Promise<void> {
  const ada = await client.ask('/member/info', {});
  await members(client, Number(ada['member_id']));
  await teams(client, Number(ada['member_id']));
  await audit(client, Number(ada['member_id']));
}

async function members(client: ClientFields, adaId: number): Promise<void> {
  const byEmail = async (email: unknown) => {
    const all = await client.items('/member/list', { limit: 100 });
    return all.find((one) => one['email'] === email);
  };
  const grace: Json = {
    member_name: 'Grace Hopper',
    email: 'grace@example.org',
    phone: '15112346519',
    country_code: 'CN',
    locale: 'en-GB',
    time_zone: 'Europe/London',
    ref_id: 'hr-1',
  };
  await client.does('/member/invite', { members: [{ ...grace, role_ids: [2] }], from: 'n9e' }, async () => {
    const shown = await byEmail('grace@example.org');
    const { phone: _phone, ...rest } = grace;
    for (const [name, value] of Object.entries(rest)) assert.equal(shown?.[name], value, name);
    // `from` only says who asks.
    assert.deepEqual([shown?.['phone'], shown?.['account_role_ids']], ['151****6519', [2]]);
  });
  for (const member_name of ['Second', 'Third', 'Fourth', 'Fifth']) {
    const email = `${member_name.toLowerCase()}@example.org`;
    await client.ask('/member/invite', {
      members: [{ member_name, email, phone: `1390000${member_name.length}111`, ref_id: `hr-${member_name}` }],
    });
  }
  const name = (one: Json) => one['member_name'];
  const pair = { query: 'example.org', limit: 2 };
  const [first, second] = (await client.items('/member/list', { ...pair, asc: true })).map(name);
  await client.finds('/member/list', { ...pair, asc: true }, name, [
    ['query', 'grace@example', ['Grace Hopper']],
    ['role_id', 2, ['Grace Hopper']],
    ['limit', 1, [first]],
  ]);
  const listed = await client.ask('/member/list', { limit: 1, query: 'example.org', asc: true });
  const next = { limit: 1, query: 'example.org', asc: true, search_after_ctx: listed['search_after_ctx'] };
  assert.deepEqual((await client.items('/member/list', next)).map(name), [second]);
  assert.deepEqual(
    (await client.items('/member/list', { limit: 1, p: 2, query: 'example.org', asc: true })).map(name),
    [second],
  );
  client.note('/member/list', 'p', 'search_after_ctx');

  await profile(client, byEmail);
  const infos = await client.items('/person/infos', { person_ids: [adaId, 1] });
  assert.deepEqual(
    infos.map((one) => one['person_id']),
    [adaId],
  );
  client.note('/person/infos', 'person_ids');

  const changed = (asc: boolean) => client.items('/member/list', { limit: 100, orderby: 'updated_at', asc });
  assert.equal((await changed(true)).at(-1)?.['member_id'], adaId, 'the caller was changed last');
  assert.equal((await changed(false))[0]?.['member_id'], adaId);
  client.note('/member/list', 'orderby', 'asc');
  const gone = async (body: Json, email: string) =>
    client.does('/member/delete', body, async () => assert.equal(await byEmail(email), undefined, email));
  await gone({ ref_id: 'hr-Second', is_force: true }, 'second@example.org');
  await gone({ email: 'third@example.org' }, 'third@example.org');
  await gone({ member_name: 'Fourth' }, 'fourth@example.org');
  await client.refuses('/member/delete', { phone: '1390000' });
  await gone({ phone: '13900005111', country_code: '' }, 'fifth@example.org');
  const wrong = await client.send('/member/delete', { email: 'grace.m@example.org', country_code: 'DE' });
  assert.equal(wrong.status, 400, 'the country does not fit');
  client.note('/member/delete', 'country_code');
  const grace2 = await byEmail('grace.m@example.org');
  await gone({ member_id: grace2?.['member_id'] }, 'grace.m@example.org');
}

/** Whose profile changes: by each thing that is known of a member. */
async function profile(client: ClientFields, byEmail: (email: unknown) => Promise<Json | undefined>): Promise<void> {
  const reset = '/member/info/reset';
  const member = await byEmail('grace@example.org');
  const named = [
    { member_id: member?.['member_id'] },
    { email: 'grace@example.org' },
    { phone: '15112346519', country_code: 'CN' },
    { ref_id: 'hr-1' },
    { member_name: 'Grace Hopper', from: 'terraform' },
  ];
  for (const [index, identity] of named.entries()) {
    const time_zone = ['Asia/Tokyo', 'Asia/Seoul', 'Asia/Kolkata', 'Asia/Dubai', 'Asia/Tehran'][index];
    await client.does(reset, { ...identity, updates: { time_zone } }, async () =>
      assert.equal((await byEmail('grace@example.org'))?.['time_zone'], time_zone),
    );
  }
  const updates = {
    member_name: 'Grace M. Hopper',
    email: 'grace.m@example.org',
    phone: '15112340000',
    country_code: 'US',
    locale: 'en-US',
    ref_id: 'hr-2',
  };
  await client.does(reset, { ref_id: 'hr-1', updates }, async () => {
    const { phone: _phone, ...rest } = updates;
    const shown = await byEmail('grace.m@example.org');
    for (const [name, value] of Object.entries(rest)) assert.equal(shown?.[name], value, name);
    assert.equal(shown?.['phone'], '151****0000');
  });
  const flat = { member_name: 'Grace H', email: 'grace.h@example.org', phone: '15112341111', country_code: 'FR' };
  await client.does(reset, { member_id: member?.['member_id'], ...flat, time_zone: 'Asia/Tokyo' }, async () => {
    const shown = await byEmail('grace.h@example.org');
    assert.equal(shown?.['member_id'], member?.['member_id'], 'without updates, member_id says whose profile it is');
    const { member_name, phone, country_code, time_zone } = shown ?? {};
    assert.deepEqual([member_name, phone, country_code, time_zone], ['Grace H', '151****1111', 'FR', 'Asia/Tokyo']);
  });
  const empty = { member_name: '', phone: '', country_code: '', locale: '', time_zone: '', ref_id: '' };
  await client.does(
    reset,
    { member_id: member?.['member_id'], updates: { ...empty, email: 'grace.h@example.org' } },
    async () => {
      const { phone, ref_id } = (await byEmail('grace.h@example.org')) ?? {};
      assert.deepEqual([phone, ref_id], ['151****1111', 'hr-2'], 'nor in updates');
    },
  );
  await client.does(reset, { member_id: member?.['member_id'], ...empty, email: 'grace.m@example.org' }, async () => {
    const { member_name, phone, time_zone, ref_id } = (await byEmail('grace.m@example.org')) ?? {};
    const kept = ['Grace H', '151****1111', 'Asia/Tokyo', 'hr-2'];
    assert.deepEqual([member_name, phone, time_zone, ref_id], kept, 'an empty text changes nothing');
  });
  const refused = await client.send(reset, { member_id: member?.['member_id'], email: '' });
  assert.equal(refused.status, 400, 'nothing changes');
  await client.passesOver(reset, { locale: 'en-US', avatar: 'https://img' }, 'avatar');
  await client.does(reset, { member_name: 'Ada L', locale: 'de-DE', time_zone: 'Europe/Berlin' }, async () => {
    const me = await client.ask('/member/info', {});
    assert.deepEqual([me['member_name'], me['locale'], me['time_zone']], ['Ada L', 'de-DE', 'Europe/Berlin']);
  });
}

async function teams(client: ClientFields, adaId: number): Promise<void> {
  const [invited] = await client.items('/member/invite', {
    members: [{ member_name: 'Linus', email: 'linus@example.org', phone: '17712345678', country_code: 'FI' }],
  });
  const linusId = Number(invited?.['member_id']);
  const info = (data: Json) => client.ask('/team/info', { team_id: data['team_id'] });
  const first = { team_name: 'Web team', description: 'pages', ref_id: 'tf-web', person_ids: [adaId] };
  const { team_id } = await client.stores('/team/upsert', first, info);
  await client.does('/team/upsert', { team_name: 'Mail team', emails: ['linus@example.org'] }, async (made) => {
    assert.deepEqual((await info(made))['person_ids'], [linusId]);
  });
  for (const country of ['country_code', 'countryCode']) {
    const byPhone = { team_name: 'Phone team', phones: ['17712345678'], reset_if_name_exist: true };
    await client.does('/team/upsert', { ...byPhone, [country]: 'FI' }, async (made) => {
      assert.deepEqual((await info(made))['person_ids'], [linusId]);
    });
    await client.refuses('/team/upsert', { ...byPhone, [country]: 'DE' }, 'phones');
  }
  await client.does(
    '/team/upsert',
    { team_name: 'Web team', description: 'x', reset_if_name_exist: true },
    async (made) => assert.deepEqual([made['team_id'], (await info(made))['description']], [team_id, 'x']),
  );
  await client.does('/team/upsert', { team_id, team_name: 'Web team 2', person_ids: [adaId, linusId] }, async () =>
    assert.equal((await info({ team_id }))['team_name'], 'Web team 2'),
  );
  for (const named of [{ team_id }, { team_name: 'Web team 2' }, { ref_id: 'tf-web' }]) {
    await client.does('/team/info', named, (shown) => assert.equal(shown['team_name'], 'Web team 2'));
  }
  const name = (one: Json) => one['team_name'];
  await client.finds('/team/list', { query: 'team', limit: 3, orderby: 'team_name', asc: true }, name, [
    ['asc', false, ['Web team 2', 'Phone team', 'Mail team']],
    ['limit', 1, ['Mail team']],
    ['orderby', 'created_at', ['Web team 2', 'Mail team', 'Phone team']],
    ['person_id', adaId, ['Web team 2']],
    ['query', 'phone', ['Phone team']],
  ]);
  const page = { query: 'team', limit: 1, orderby: 'team_name', asc: true };
  const { search_after_ctx } = await client.ask('/team/list', page);
  for (const further of [{ p: 2 }, { search_after_ctx }]) {
    assert.deepEqual((await client.items('/team/list', { ...page, ...further })).map(name), ['Phone team']);
    client.note('/team/list', ...Object.keys(further));
  }
  await client.does('/team/infos', { team_ids: [team_id, 1] }, (data) =>
    assert.deepEqual((data['items'] as Json[]).map(name), ['Web team 2']),
  );
  for (const named of [{ team_id }, { team_name: 'Mail team' }]) {
    await client.does('/team/delete', named, async () =>
      assert.equal((await client.send('/team/info', named)).status, 400),
    );
  }
  await client.ask('/team/upsert', { team_name: 'Phone team', ref_id: 'by-ref', reset_if_name_exist: true });
  await client.does('/team/delete', { ref_id: 'by-ref' }, async () =>
    assert.deepEqual(await client.items('/team/list', { query: 'Phone team' }), []),
  );
}

async function audit(client: ClientFields, adaId: number): Promise<void> {
  const path = '/audit/search';
  const window = { start_time: seconds() - 600, end_time: seconds() + 60, limit: 100 };
  const lines = async (more: Json) => (await client.ask(path, { ...window, ...more }))['docs'] as Json[];
  const all = await lines({});
  const [{ request_id: requestId, operation } = {} as Json] = all;
  assert.ok(all.length > 5);
  assert.deepEqual(
    (await lines({ request_id: requestId })).map((one) => one['request_id']),
    [requestId],
  );
  const some = await lines({ operations: [operation] });
  assert.ok(some.length > 0 && some.length < all.length && some.every((one) => one['operation'] === operation));
  assert.deepEqual(await lines({ person_id: adaId + 1 }), []);
  assert.deepEqual(await lines({ is_write: false }), []);
  assert.ok((await lines({ is_dangerous: true })).length < all.length);
  assert.deepEqual(await lines({ start_time: seconds() + 30 }), []);
  assert.deepEqual(await lines({ start_time: seconds() - 900, end_time: seconds() - 600 }), []);
  const first = await client.ask(path, { ...window, limit: 1 });
  const second = await client.ask(path, { ...window, limit: 1, search_after_ctx: first['search_after_ctx'] });
  assert.deepEqual([first['docs'], second['docs']], [all.slice(0, 1), all.slice(1, 2)]);
  const fields = ['start_time', 'end_time', 'limit', 'search_after_ctx', 'request_id', 'operations', 'person_id'];
  client.note(path, ...fields, 'is_write', 'is_dangerous');
}
