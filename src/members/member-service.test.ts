import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { closing, createTestService, install } from '../../test/support/test-service.ts';
import { databases } from '../../test/support/databases.ts';
import type { Failure } from '../runtime/failure.ts';
import type { Invitation } from './member-service.ts';
import type { TeamChange } from './team-service.ts';

for (const { name, open } of databases) {
  suite(`members and teams on ${name}`, () => {
    test('an invited member waits until a key is made for it', async () => {
      await using database = closing(await open());
      const node = createTestService(database);
      await install(node);
      const { appKeys, members } = node.services;
      const [member] = await members.invite([invitation('grace@example.org', { phone: '555' })]);
      const memberId = member?.memberId ?? 0;
      assert.equal((await members.people()).member(memberId)?.status, 'pending');
      assert.equal(await members.actor(memberId), undefined);
      await appKeys.create(memberId, 'one', 'enabled');
      assert.deepEqual((await members.people()).member(memberId), {
        ...member,
        status: 'enabled',
        updatedAt: (await members.actor(memberId))?.updatedAt,
      });
      assert.deepEqual((await members.people()).person(memberId), {
        person_id: memberId,
        person_name: 'Somebody',
        email: 'grace@example.org',
      });
    });

    test('an address stands once, and all faults are named at once', async () => {
      await using database = closing(await open());
      const node = createTestService(database);
      await install(node);
      const emails = ['ada@example.org', 'new@example.org', 'new@example.org'];
      await assert.rejects(node.services.members.invite(emails.map((email) => invitation(email))), (error: Failure) => {
        assert.deepEqual(
          error.faults.map((fault) => fault.field),
          ['members[0].email', 'members[2].email'],
        );
        return true;
      });
      assert.equal((await node.services.members.people()).members.length, 1);
    });

    test('a deleted member is gone from every list, and its address can be invited again', async () => {
      await using database = closing(await open());
      const node = createTestService(database);
      await install(node);
      const { members, teams } = node.services;
      const [member] = await members.invite([invitation('grace@example.org')]);
      const memberId = member?.memberId ?? 0;
      const team = await teams.upsert(teamNamed('Web', { personIds: [memberId] }), 1);
      await members.remove(memberId);
      const people = await members.people();
      assert.equal(people.member(memberId), undefined);
      assert.equal(people.person(memberId), undefined);
      assert.deepEqual(people.team(team.teamId)?.personIds, []);
      await assert.rejects(members.remove(memberId), { code: 'ResourceNotFound' });
      await members.invite([invitation('grace@example.org')]);
    });

    test('the last administrator can neither be deleted nor lose the role, also in a race', async () => {
      await using database = closing(await open());
      const node = createTestService(database);
      await install(node);
      const { appKeys, members } = node.services;
      const [ada] = (await members.people()).members;
      const [grace] = await members.invite([invitation('grace@example.org', { role: 'admin' })]);
      const [first, second] = [ada?.memberId ?? 0, grace?.memberId ?? 0];
      await assert.rejects(members.remove(first), { code: 'BadRequest' }, 'an invited one cannot act yet');
      await appKeys.create(second, 'one', 'enabled');
      const results = await Promise.allSettled([members.remove(first), members.changeRole(second, 'viewer')]);
      assert.deepEqual(results.map((result) => result.status).sort(), ['fulfilled', 'rejected']);
      const admins = (await members.people()).members.filter((member) => member.role === 'admin');
      assert.equal(admins.length, 1);
    });

    test('a member is found by whatever is known of them, and all of it has to fit', async () => {
      await using database = closing(await open());
      const node = createTestService(database);
      await install(node);
      const { members } = node.services;
      const [grace, twin] = await members.invite([
        invitation('grace@example.org', { phone: '555', refId: 'g-1' }),
        invitation('twin@example.org', { phone: '556' }),
      ]);
      for (const identity of [
        { memberId: grace?.memberId },
        { email: 'grace@example.org' },
        { phone: '555' },
        { refId: 'g-1' },
        { name: 'Somebody', phone: '555', refId: '' },
      ]) {
        assert.equal((await members.identified(identity)).memberId, grace?.memberId, JSON.stringify(identity));
      }
      await assert.rejects(members.identified({ name: 'Somebody' }), { message: /2 members fit/ });
      await assert.rejects(members.identified({ email: 'grace@example.org', phone: '556' }), {
        code: 'ResourceNotFound',
      });
      await assert.rejects(members.identified({ name: '', email: undefined }), { code: 'InvalidParameter' });
      await members.remove(twin?.memberId ?? 0);
      assert.equal((await members.identified({ name: 'Somebody' })).memberId, grace?.memberId);
    });

    test('a profile keeps absent fields, and an address is unique', async () => {
      await using database = closing(await open());
      const node = createTestService(database);
      await install(node);
      const { members } = node.services;
      const [grace] = await members.invite([invitation('grace@example.org', { phone: '555' })]);
      const memberId = grace?.memberId ?? 0;
      await members.changeProfile(memberId, { name: 'Grace', timeZone: 'Asia/Shanghai', email: undefined });
      const changed = (await members.people()).member(memberId);
      assert.deepEqual(
        [changed?.name, changed?.timeZone, changed?.email, changed?.phone],
        ['Grace', 'Asia/Shanghai', 'grace@example.org', '555'],
      );
      await members.changeProfile(memberId, { email: 'grace@example.org' });
      await assert.rejects(members.changeProfile(memberId, { email: 'ada@example.org' }), {
        faults: [
          {
            field: 'updates.email',
            message: 'another member has this address: each address stands once',
            code: 'taken',
          },
        ],
      });
    });

    test('another role and a deletion end every session, and a deletion takes the password too', async () => {
      await using database = closing(await open());
      const node = createTestService(database);
      await install(node);
      const { members, sessions } = node.services;
      const [grace] = await members.invite([invitation('grace@example.org')]);
      const memberId = grace?.memberId ?? 0;
      const visitor = { requestId: 'r', address: '192.0.2.1', agent: '' };
      const begun = async () => sessions.redeem((await sessions.invite(memberId)).token, visitor);
      const first = await begun();
      await members.changeRole(memberId, 'viewer');
      assert.notEqual(await sessions.authenticate(first.token), undefined, 'the same role changes nothing');
      await members.changeRole(memberId, 'responder');
      assert.equal(await sessions.authenticate(first.token), undefined);
      const second = await begun();
      const by = { current: '', next: 'Vier Birnen + 1 Velo', address: visitor.address };
      await sessions.setPassword(second.member, second.session, by);
      await members.remove(memberId);
      assert.equal(await sessions.authenticate(second.token), undefined);
      assert.deepEqual(await database.read.selectFrom('password').selectAll().execute(), []);
    });

    test('a team keeps absent fields, and its people are replaced as a whole', async () => {
      await using database = closing(await open());
      const node = createTestService(database);
      await install(node);
      const { members, teams } = node.services;
      const [grace, linus] = await members.invite([
        invitation('grace@example.org'),
        invitation('linus@example.org', { phone: '555' }),
      ]);
      const [graceId, linusId] = [grace?.memberId ?? 0, linus?.memberId ?? 0];
      const made = await teams.upsert(teamNamed('Web', { description: 'the web', emails: ['Grace@example.org'] }), 1);
      assert.deepEqual(made.personIds, [graceId]);
      await teams.upsert(teamNamed('Site', { teamId: made.teamId }), 2);
      const renamed = (await members.people()).team(made.teamId);
      assert.deepEqual(
        [renamed?.name, renamed?.description, renamed?.personIds, renamed?.updatedBy],
        ['Site', 'the web', [graceId], 2],
      );
      await teams.upsert(teamNamed('Site', { teamId: made.teamId, phones: ['555'] }), 2);
      const people = await members.people();
      assert.deepEqual(people.team(made.teamId)?.personIds, [linusId]);
      assert.deepEqual(people.teamIdsOf(linusId), [made.teamId]);
    });

    test('a team name stands once, unless the caller means the team that has it', async () => {
      await using database = closing(await open());
      const node = createTestService(database);
      await install(node);
      const { members, teams } = node.services;
      const web = await teams.upsert(teamNamed('Web'), 1);
      await assert.rejects(teams.upsert(teamNamed('Web'), 1), { code: 'InvalidParameter' });
      const again = await teams.upsert(teamNamed('Web', { resetIfNameExists: true, description: 'anew' }), 1);
      assert.equal(again.teamId, web.teamId);
      await assert.rejects(
        teams.upsert(teamNamed('DB', { personIds: [7], emails: ['nobody@example.org'] }), 1),
        (error: Failure) => {
          assert.deepEqual(
            error.faults.map((fault) => fault.field),
            ['person_ids[0]', 'emails[0]'],
          );
          return true;
        },
      );
      await teams.remove({ name: 'Web' }, 1);
      assert.deepEqual((await members.people()).teams, []);
      await assert.rejects(teams.remove({ teamId: web.teamId }, 1), { code: 'ResourceNotFound' });
      await teams.upsert(teamNamed('Web'), 1);
    });
  });
}

function invitation(email: string, changes: Partial<Invitation> = {}): Invitation {
  const blank = { countryCode: '', phone: '', locale: 'en-US', timeZone: 'UTC', refId: '' };
  return { name: 'Somebody', email, role: 'viewer', ...blank, ...changes };
}

function teamNamed(name: string, changes: Partial<TeamChange> = {}): TeamChange {
  return {
    teamId: undefined,
    name,
    description: undefined,
    refId: undefined,
    personIds: undefined,
    emails: undefined,
    phones: undefined,
    resetIfNameExists: false,
    ...changes,
  };
}
