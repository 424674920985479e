import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { closing } from '../../test/support/test-service.ts';
import { databases } from '../../test/support/databases.ts';
import type { Database } from '../database/database.ts';
import { notFound } from '../runtime/failure.ts';
import { systemIds } from '../runtime/ids.ts';
import { systemRandom } from '../runtime/random.ts';
import { Audit } from './audit.ts';
import { PasswordHasher } from './password.ts';
import { PasswordStore } from './password-store.ts';
import { ageMaxMs, idleMaxMs, seenEveryMs, sessionsMax, tokenHash } from './session.ts';
import { SessionService } from './session-service.ts';
import { SessionStore } from './session-store.ts';
import { createLinkSigner, invitationMs, oldestAdministrator, type LinkSubject } from './sign-in-link.ts';
import { triesPerMinute, triesPerMinuteOfAddress } from './sign-in-throttle.ts';

const ada = { memberId: 11, email: 'ada@example.org' };
const grace = { memberId: 12, email: 'grace@example.org' };
const good = 'Vier Birnen + 1 Velo';
const other = 'Sechs Dosen auf 2 Stufen';
const visitor = { requestId: 'r', address: '192.0.2.1', agent: 'a browser' };

function node(database: Database, key = 7) {
  const time = { now: 1_800_000_000_000 };
  const clock = { now: () => time.now, monotonic: () => time.now };
  const ids = systemIds(clock, systemRandom);
  const activated: number[] = [];
  const present = new Map([ada, grace].map((member) => [member.memberId, member]));
  const links = createLinkSigner([new Uint8Array(32).fill(key)], systemRandom);
  const passwords = new PasswordStore(database);
  const sessions = new SessionService({
    database,
    clock,
    ids,
    random: systemRandom,
    members: {
      find: async (subject: LinkSubject) => {
        if (subject === oldestAdministrator) return ada;
        return [...present.values()].find((one) => one.memberId === subject || one.email === subject);
      },
      activate: async (_tx, memberId) => {
        if (!present.has(memberId)) throw notFound('member', memberId);
        activated.push(memberId);
      },
    },
    sessions: new SessionStore(),
    passwords,
    hasher: new PasswordHasher(systemRandom),
    links,
    audit: new Audit({ database, clock, ids }),
  });
  const redeemed = (subject: LinkSubject) =>
    sessions.redeem(links.issue(subject, time.now, invitationMs).token, visitor);
  return { sessions, links, time, activated, present, redeemed, passwords };
}

async function auditOf(database: Database) {
  const rows = await database.read.selectFrom('audit_entry').selectAll().orderBy('audit_id').execute();
  return rows.map(({ operation, member_id, address, body_json }) => [operation, member_id, address, body_json]);
}

for (const { name, open } of databases) {
  suite(`sessions on ${name}`, () => {
    test('a link signs in once, and says that a password is missing', async () => {
      await using database = closing(await open());
      const { sessions, links, activated } = node(database);
      const { token } = links.issue(oldestAdministrator, 1_800_000_000_000, invitationMs);
      const come = await sessions.redeem(token, visitor);
      assert.deepEqual([come.member, come.mustSetPassword, activated], [ada, true, [ada.memberId]]);
      const session = await sessions.authenticate(come.token);
      assert.deepEqual(session, come.session);
      assert.deepEqual([session?.address, session?.agent, session?.method], ['192.0.2.1', 'a browser', 'link']);
      await assert.rejects(sessions.redeem(token, visitor), { code: 'Unauthorized', message: /used already/ });
      assert.deepEqual(await auditOf(database), [
        ['session:link:redeem', ada.memberId, '192.0.2.1', '{}'],
        ['session:refused', ada.memberId, '192.0.2.1', '{"tried":"session:link:redeem"}'],
      ]);
    });

    test('of several that use a link at the same moment, on any node, one comes in', async () => {
      await using database = closing(await open());
      const nodes = [node(database), node(database), node(database)];
      const { token } = nodes[0]?.links.issue(ada.email, 1_800_000_000_000, invitationMs) ?? { token: '' };
      const results = await Promise.allSettled(nodes.map(({ sessions }) => sessions.redeem(token, visitor)));
      assert.equal(results.filter((result) => result.status === 'fulfilled').length, 1);
    });

    test('a link that has expired, was changed, or is from another installation signs nobody in', async () => {
      await using database = closing(await open());
      const { sessions, links, time } = node(database);
      const { token } = links.issue(oldestAdministrator, time.now, 1000);
      const foreign = node(database, 8).links.issue(oldestAdministrator, time.now, 1000).token;
      const [body = '', mac = ''] = token.split('.');
      const forged = Buffer.from(Buffer.from(body, 'base64url').toString().replace('"administrator"', '12'));
      time.now += 1000;
      for (const wrong of [token, foreign, '', '.', `${body}.`, `.${mac}`, `${forged.toString('base64url')}.${mac}`]) {
        await assert.rejects(sessions.redeem(wrong, visitor), { code: 'Unauthorized' }, wrong);
        time.now += 60_000;
      }
      const fresh = links.issue(oldestAdministrator, time.now, 1000).token;
      for (const wrong of [`${fresh}.x`, `${fresh}x`, fresh.slice(0, -1), fresh.repeat(500)]) {
        await assert.rejects(sessions.redeem(wrong, visitor), { code: 'Unauthorized' });
      }
      time.now += 60_000;
      await sessions.redeem(links.issue(oldestAdministrator, time.now, 1000).token, visitor);
    });

    test('a link of somebody who is gone signs nobody in', async () => {
      await using database = closing(await open());
      const { sessions, links, present, time } = node(database);
      const { token } = await sessions.invite(grace.memberId);
      present.delete(grace.memberId);
      await assert.rejects(sessions.redeem(token, visitor), { code: 'Unauthorized', message: /has been deleted$/ });
      const typo = links.issue('nobody@example.org', time.now, 1000).token;
      await assert.rejects(sessions.redeem(typo, visitor), {
        message: /no member has the email "nobody@example\.org"/,
      });
      time.now += 60_000;
      await assert.rejects(sessions.redeem(typo, visitor), { message: /has expired/ });
      await assert.rejects(sessions.invite(grace.memberId), { code: 'ResourceNotFound' });
      assert.equal((await sessions.invite(ada.memberId)).expiresAt, time.now + 72 * 3_600_000);
    });

    test('a password signs in; a wrong one and an unknown email are refused in the same words', async () => {
      await using database = closing(await open());
      const { sessions, redeemed } = node(database);
      const first = await redeemed(ada.email);
      await sessions.setPassword(ada, first.session, { current: '', next: good, address: visitor.address });
      const { token } = await sessions.signIn(ada.email, good, visitor);
      assert.notEqual(token, first.token);
      assert.equal((await sessions.authenticate(token))?.memberId, ada.memberId);
      const refusal = { code: 'Unauthorized', message: 'wrong email or password' };
      await assert.rejects(sessions.signIn(ada.email, `${good}x`, visitor), refusal);
      await assert.rejects(sessions.signIn('nobody@example.org', good, visitor), refusal);
      await assert.rejects(sessions.signIn(grace.email, good, visitor), refusal, 'has no password yet');
      assert.deepEqual((await auditOf(database)).slice(1), [
        ['session:create', ada.memberId, '192.0.2.1', '{}'],
        ['session:refused', ada.memberId, '192.0.2.1', '{"tried":"session:create"}'],
        ['session:refused', 0, '192.0.2.1', '{"tried":"session:create"}'],
        ['session:refused', grace.memberId, '192.0.2.1', '{"tried":"session:create"}'],
      ]);
    });

    test('five wrong passwords a minute are compared, then not even the right one, and nobody is locked out', async () => {
      await using database = closing(await open());
      const { sessions, redeemed, time } = node(database);
      const { session } = await redeemed(ada.email);
      await sessions.setPassword(ada, session, { current: '', next: good, address: visitor.address });
      for (let tries = 0; tries < triesPerMinute; tries += 1) {
        await assert.rejects(sessions.signIn(ada.email, 'wrong', visitor), { code: 'Unauthorized' });
      }
      const refusal = { code: 'RequestTooFrequently', retryAfterSeconds: 60 };
      await assert.rejects(sessions.signIn(ada.email, good, visitor), refusal);
      await sessions.signIn(ada.email, good, { ...visitor, address: '192.0.2.2' });
      time.now += 60_000;
      await sessions.signIn(ada.email, good, visitor);
    });

    test('tries of strangers at the same address keep nobody out who has a link, and a used link has its own', async () => {
      await using database = closing(await open());
      const { sessions, links, time } = node(database);
      for (let tries = 0; tries < triesPerMinuteOfAddress; tries += 1) {
        await assert.rejects(sessions.redeem(`made.up${tries}`, visitor));
        await assert.rejects(sessions.signIn(`${tries}@example.org`, 'wrong', visitor));
      }
      await assert.rejects(sessions.redeem('made.up', visitor), { code: 'RequestTooFrequently' });
      const { token } = links.issue(grace.email, time.now, invitationMs);
      assert.equal((await sessions.redeem(token, visitor)).member, grace);
      for (let tries = 1; tries < triesPerMinute; tries += 1) {
        await assert.rejects(sessions.redeem(token, visitor), { code: 'Unauthorized' });
      }
      await assert.rejects(sessions.redeem(token, visitor), { code: 'RequestTooFrequently', retryAfterSeconds: 60 });
    });

    test('a member was last seen when one of their sessions was used, and not at all when signed in nowhere', async () => {
      await using database = closing(await open());
      const { sessions, redeemed, time } = node(database);
      const first = await redeemed(ada.email);
      const second = await redeemed(ada.email);
      time.now += seenEveryMs;
      await sessions.authenticate(first.token);
      assert.deepEqual([...(await sessions.lastSeen())], [[ada.memberId, time.now]]);
      for (const { session } of [first, second]) await sessions.revoke(ada.memberId, session.sessionId);
      assert.equal((await sessions.lastSeen()).size, 0);
    });

    test('a session ends a week after its last use, and after thirty days of use', async () => {
      await using database = closing(await open());
      const { sessions, redeemed, time } = node(database);
      const begun = time.now;
      const used = await redeemed(ada.email);
      const idle = await redeemed(ada.email);
      time.now = begun + idleMaxMs - 1;
      assert.notEqual(await sessions.authenticate(used.token), undefined);
      time.now = begun + idleMaxMs;
      assert.equal(await sessions.authenticate(idle.token), undefined);
      for (let day = 8; day < 30; day += 3) {
        time.now = begun + day * 86_400_000;
        assert.notEqual(await sessions.authenticate(used.token), undefined, `day ${day}`);
      }
      time.now = begun + ageMaxMs;
      assert.equal(await sessions.authenticate(used.token), undefined);
      assert.deepEqual(await sessions.listOf(ada.memberId), []);
    });

    test('a session is ended by its owner only, on every node at once', async () => {
      await using database = closing(await open());
      const [here, there] = [node(database), node(database)];
      const [one, two, three] = [
        await here.redeemed(ada.email),
        await here.redeemed(ada.email),
        await here.redeemed(grace.email),
      ];
      assert.equal((await there.sessions.listOf(ada.memberId)).length, 2);
      const revoked = here.sessions.revoke(grace.memberId, one.session.sessionId);
      await assert.rejects(revoked, { code: 'ResourceNotFound' });
      await here.sessions.revoke(ada.memberId, one.session.sessionId);
      assert.equal(await there.sessions.authenticate(one.token), undefined);
      const four = await here.redeemed(ada.email);
      await here.sessions.revokeOthers(ada.memberId, four.session.sessionId);
      assert.equal(await there.sessions.authenticate(two.token), undefined);
      assert.notEqual(await there.sessions.authenticate(four.token), undefined);
      assert.notEqual(await there.sessions.authenticate(three.token), undefined);
    });

    test('a new password ends all other sessions and every link that was handed out before', async () => {
      await using database = closing(await open());
      const { sessions, redeemed, time } = node(database);
      const { session, token } = await redeemed(ada.email);
      const elsewhere = await redeemed(ada.email);
      const ofGrace = await redeemed(grace.email);
      const handedOut = await sessions.invite(ada.memberId);
      time.now += 1;
      await sessions.setPassword(ada, session, { current: '', next: good, address: visitor.address });
      assert.equal(await sessions.authenticate(elsewhere.token), undefined);
      assert.notEqual(await sessions.authenticate(token), undefined);
      assert.notEqual(await sessions.authenticate(ofGrace.token), undefined);
      await assert.rejects(sessions.redeem(handedOut.token, visitor), { code: 'Unauthorized' });
      time.now += 1;
      assert.equal((await redeemed(ada.email)).mustSetPassword, false);
    });

    test('who came by a password, or with a key, has to know it to change it', async () => {
      await using database = closing(await open());
      const { sessions, redeemed } = node(database);
      const by = (current: string, next: string) => ({ current, next, address: visitor.address });
      const refused = (fields: string[]) => (error: { faults: { field: string }[] }) => {
        assert.deepEqual(
          error.faults.map(({ field }) => field),
          fields,
        );
        return true;
      };
      await assert.rejects(sessions.setPassword(ada, undefined, by('', good)), refused(['current_password']));
      const link = await redeemed(ada.email);
      await assert.rejects(sessions.setPassword(ada, link.session, by('', 'short')), refused(['new_password']));
      await sessions.setPassword(ada, link.session, by('', good));
      const { session } = await sessions.signIn(ada.email, good, visitor);
      const both = refused(['new_password', 'current_password']);
      await assert.rejects(sessions.setPassword(ada, session, by('wrong', 'short')), both);
      await sessions.setPassword(ada, session, by(good, other));
      await assert.rejects(sessions.signIn(ada.email, good, visitor), { code: 'Unauthorized' });
      await sessions.signIn(ada.email, other, visitor);
    });

    test('the most sessions of a member: one more ends the one that was not used for longest', async () => {
      await using database = closing(await open());
      const { sessions, redeemed, time } = node(database);
      const first = await redeemed(ada.email);
      for (let count = 1; count < sessionsMax; count += 1) {
        time.now += 60_000;
        await redeemed(ada.email);
      }
      assert.equal((await sessions.listOf(ada.memberId)).length, sessionsMax);
      assert.notEqual(await sessions.authenticate(first.token), undefined, 'is used, and so not the oldest any more');
      time.now += 60_000;
      await redeemed(ada.email);
      assert.equal((await sessions.listOf(ada.memberId)).length, sessionsMax);
      assert.notEqual(await sessions.authenticate(first.token), undefined);
    });

    test('no row holds a token or a password', async () => {
      await using database = closing(await open());
      const { sessions, redeemed } = node(database);
      const { session, token } = await redeemed(ada.email);
      await sessions.setPassword(ada, session, { current: '', next: good, address: visitor.address });
      const rows = JSON.stringify([
        await database.read.selectFrom('session').selectAll().execute(),
        await database.read.selectFrom('password').selectAll().execute(),
        await database.read.selectFrom('spent_link').selectAll().execute(),
        await database.read.selectFrom('audit_entry').selectAll().execute(),
      ]);
      assert.ok(rows.includes(tokenHash(token)));
      assert.ok(!rows.includes(token));
      assert.ok(!rows.includes(good));
    });
  });
}
