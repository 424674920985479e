import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { browserClient, type BrowserClient } from '../support/browser-client.ts';
import { emptyPostgres } from '../support/empty-postgres.ts';
import { startService, type Service } from '../support/service.ts';
import { temporaryFolder } from '../counterparts/program.ts';

const good = 'Vier Birnen + 1 Velo';
const root = join(import.meta.dirname, '..', '..');

for (const database of ['sqlite', 'postgres'] as const) {
  describe(`signing in, on ${database}`, () => {
    const stack = new AsyncDisposableStack();
    let service: Service;
    let folder: string;
    let ada: BrowserClient;
    /** The link that the first start printed. */
    let firstToken: string;

    before(async () => {
      const data = await temporaryFolder('signing-in');
      stack.defer(() => data.remove());
      folder = data.path;
      const url = database === 'postgres' ? { databaseUrl: stack.use(await emptyPostgres('signing_in')).url } : {};
      service = await startService({ folder, database, ...url, until: /sign-in\/link#/ });
      stack.defer(() => service.stop());
      firstToken = tokenIn(service.logs.join('\n'));
      ada = browserClient(service.url);
    });
    after(() => stack.disposeAsync());

    test('the first start prints a link to a page; opening the page spends nothing, redeeming it signs in', async () => {
      assert.ok(service.logs.some((line) => line.endsWith('there is an administrator now, admin@example.org.')));
      const page = await ada.get('/sign-in/link');
      assert.ok([200, 503].includes(page.status), 'a page, built or not');
      assert.equal(ada.cookie, '');
      const come = await ada.call('/session/link/redeem', { token: firstToken });
      assert.equal(come.status, 200, come.text);
      const { person, role, must_set_password } = come.data as { person: { email: string } } & Record<string, unknown>;
      assert.deepEqual([person.email, role, must_set_password], ['admin@example.org', 'admin', true]);
      assert.match(ada.setCookie, /^tocsin=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax; Max-Age=2592000$/);
      const again = await browserClient(service.url).call('/session/link/redeem', { token: firstToken });
      assert.deepEqual([again.status, again.error.code], [401, 'Unauthorized']);
      assert.match(again.error.message, /used already/);
    });

    test('the session does what its member may, and says who that is', async () => {
      const { data } = await ada.call('/session/info');
      assert.deepEqual(
        [data['role'], data['account_name'], data['history_days'], data['features'], data['setup']],
        [
          'admin',
          'Tocsin',
          7,
          { filters: false, templates: false, rehearse: true, replay: true },
          { channel: false, source: false, webhook: false, pushed: false },
        ],
      );
      const made = await ada.call('/channel/create', { channel_name: 'Web shop' });
      assert.equal(made.status, 200, made.text);
      const after = (await ada.call('/session/info')).data['setup'] as object;
      assert.deepEqual(after, { channel: true, source: false, webhook: false, pushed: false });
    });

    test('a request that no page of the service sent is refused, whatever the cookie', async () => {
      const refused: Record<string, Readonly<Record<string, string>>> = {
        'another origin': { origin: 'https://evil.example' },
        'the opaque origin of a sandboxed frame': { origin: 'null' },
        'another port': { origin: 'http://127.0.0.1:1' },
        'https in place of http': { origin: service.url.replace('http:', 'https:') },
        'no origin': { origin: '' },
        'cross-site, whatever the origin': { 'sec-fetch-site': 'cross-site' },
        'same-site is not same-origin': { 'sec-fetch-site': 'same-site' },
        'typed into the address bar': { 'sec-fetch-site': 'none' },
      };
      for (const [what, headers] of Object.entries(refused)) {
        const { status, error } = await ada.call('/channel/list', {}, headers);
        assert.deepEqual([status, error.code], [403, 'AccessDenied'], what);
      }
      const allowed = { 'sec-fetch-site': 'same-origin', origin: '' };
      assert.equal((await ada.call('/channel/list', {}, allowed)).status, 200);
    });

    test("a form of another site cannot be JSON, and a foreign Host is nobody's", async () => {
      for (const type of ['application/x-www-form-urlencoded', 'text/plain', 'multipart/form-data; boundary=x']) {
        const { status, error } = await ada.call('/channel/list', {}, { 'content-type': type });
        assert.deepEqual([status, error.code], [400, 'InvalidContentType'], type);
      }
      const rebound = await ada.call('/channel/list', {}, { host: 'evil.example', origin: 'http://evil.example' });
      assert.deepEqual([rebound.status, rebound.error.code], [403, 'AccessDenied']);
      const created = await browserClient(service.url).call(
        '/session/create',
        { email: 'admin@example.org', password: good },
        { origin: 'https://evil.example' },
      );
      assert.equal(created.status, 403, 'another site signs nobody in');
    });

    test('a key in the request counts before the cookie, good or not', async () => {
      const key = `Bearer ${service.appKey}`;
      assert.equal((await ada.call('/session/list', {}, { authorization: key, origin: '' })).status, 200);
      assert.equal((await ada.call('/session/list', {}, { authorization: 'Bearer wrong' })).status, 401);
      assert.equal((await ada.call('/session/list?app_key=wrong')).status, 401);
      const { cookie } = ada;
      ada.cookie = `${cookie}; ${cookie}`;
      assert.equal((await ada.call('/session/list')).status, 401, 'two of the name, of which one may be planted');
      ada.cookie = `theme=dark; ${cookie}; other=tocsin=x`;
      assert.equal((await ada.call('/session/list')).status, 200);
      ada.cookie = cookie;
    });

    test('a password is set once its rules hold, ends other sessions, and then signs in', async () => {
      const other = await linkedBrowser('admin@example.org');
      const short = await ada.call('/member/password/set', { new_password: 'short' });
      assert.deepEqual([short.status, short.error.faults?.map(({ field }) => field)], [400, ['new_password']]);
      const set = await ada.call('/member/password/set', { new_password: good });
      assert.equal(set.status, 200, set.text);
      assert.equal((await other.call('/session/info')).status, 401);
      assert.equal((await ada.call('/session/info')).status, 200);
      const browser = browserClient(service.url);
      for (const wrong of [
        { email: 'admin@example.org', password: `${good}!` },
        { email: 'nobody@example.org', password: good },
      ]) {
        const { status, error } = await browser.call('/session/create', wrong);
        assert.deepEqual([status, error.message], [401, 'wrong email or password']);
      }
      const come = await browser.call('/session/create', { email: ' Admin@Example.org ', password: good });
      assert.deepEqual([come.status, come.data['must_set_password']], [200, false]);
      assert.notEqual(browser.cookie, ada.cookie);
    });

    test('a session is listed, and ended from another browser', async () => {
      const other = await signedIn();
      const items = (await ada.call('/session/list')).data['items'] as {
        session_id: string;
        is_current: boolean;
        address: string;
        agent: string;
      }[];
      assert.equal(items.filter((item) => item.is_current).length, 1);
      assert.ok(items.every((item) => item.address.endsWith('127.0.0.1')));
      assert.ok(!JSON.stringify(items).includes(ada.cookie.slice('tocsin='.length)));
      const ended = await ada.call('/session/revoke', { all_others: true });
      assert.equal(ended.status, 200, ended.text);
      const { status, error } = await other.call('/session/info');
      assert.deepEqual([status, error.message], [401, 'this session has ended: sign in again']);
      assert.equal((await ada.call('/session/revoke', {})).status, 400);
    });

    test('signing out ends the session and takes the cookie away', async () => {
      const browser = await signedIn();
      const { cookie } = browser;
      assert.equal((await browser.call('/session/delete')).status, 200);
      assert.match(browser.setCookie, /^tocsin=; .*Max-Age=0$/);
      browser.cookie = cookie;
      assert.equal((await browser.call('/session/info')).status, 401);
    });

    test('an invited member comes in by a link, as a viewer, until the role changes', async () => {
      const invited = await ada.call('/member/invite', { members: [{ email: 'grace@example.org' }] });
      const [member] = invited.data['items'] as { member_id: number }[];
      const link = await ada.call('/session/link/create', { member_id: member?.member_id });
      const grace = browserClient(service.url);
      const come = await grace.call('/session/link/redeem', { token: tokenIn(String(link.data['url'])) });
      assert.deepEqual([come.data['role'], come.data['must_set_password']], ['viewer', true]);
      assert.ok(Number(link.data['expires_at']) > Date.now() / 1000 + 71 * 3600);
      const { status, error } = await grace.call('/channel/create', { channel_name: 'Other' });
      assert.deepEqual([status, error.message], [403, 'this needs the role admin; you have the role viewer']);
      assert.equal((await grace.call('/session/link/create', { member_id: member?.member_id })).status, 403);
      await ada.call('/member/update', { member_id: member?.member_id, role: 'responder' });
      assert.equal((await grace.call('/session/info')).status, 401, 'what was begun with other rights has ended');
    });

    test("one's own name, language and time zone are one's own to change", async () => {
      const changed = await ada.call('/member/info/reset', {
        member_name: 'Ada',
        locale: 'zh-CN',
        time_zone: 'Asia/Shanghai',
      });
      assert.equal(changed.status, 200, changed.text);
      const { data } = await ada.call('/session/info');
      const { person_name } = data['person'] as { person_name: string };
      assert.deepEqual([person_name, data['locale'], data['time_zone']], ['Ada', 'zh-CN', 'Asia/Shanghai']);
      for (const wrong of [{}, { time_zone: 'Mars/Olympus' }, { member_name: 'A' }, { locale: 'english' }]) {
        assert.equal((await ada.call('/member/info/reset', wrong)).status, 400, JSON.stringify(wrong));
      }
    });

    test('the command makes a link while the service runs, for the administrator or for a member', async () => {
      assert.notEqual((await linkedBrowser('grace@example.org')).cookie, '');
      assert.notEqual((await linkedBrowser('')).cookie, '');
      await assert.rejects(linkedBrowser('nobody@example.org'), /does not sign in: no member has the email "nobody@/);
      const elsewhere = await temporaryFolder('no-installation');
      await assert.rejects(command([], elsewhere.path), /there is no installation in/);
      assert.deepEqual(await readdir(elsewhere.path), [], 'it makes nothing');
      await elsewhere.remove();
    });

    test('sign-ins, failures, links and passwords are in the audit log with their address, and no secret is anywhere', async () => {
      const now = Math.floor(Date.now() / 1000);
      const window = { start_time: now - 600, end_time: now + 600, limit: 100 };
      const { data } = await ada.call('/audit/search', window);
      const docs = data['docs'] as { operation: string; ip: string; member_name: string; operation_name: string }[];
      const operations = new Set(docs.map((doc) => doc.operation));
      for (const wanted of ['session:link:redeem', 'session:create', 'session:refused', 'session:link:create']) {
        assert.ok(operations.has(wanted), wanted);
      }
      for (const wanted of ['member:password:set', 'session:revoke', 'session:delete', 'member:info:reset']) {
        assert.ok(operations.has(wanted), wanted);
      }
      assert.ok(docs.every((doc) => doc.ip.endsWith('127.0.0.1') && doc.operation_name !== ''));
      const secrets = [good, firstToken.split('.')[1] ?? '', ada.cookie.slice('tocsin='.length)];
      const kept = [JSON.stringify(docs), service.logs.filter((line) => !line.includes('sign-in/link#')).join('\n')];
      for (const file of await readdir(folder)) kept.push(await readFile(join(folder, file), 'latin1'));
      for (const secret of secrets) assert.ok(kept.every((text) => !text.includes(secret)));
    });

    test('a guesser is slowed down, and the right person still comes in from elsewhere', async () => {
      const guesser = browserClient(service.url);
      const statuses: number[] = [];
      for (let tries = 0; tries < 6; tries += 1) {
        statuses.push(
          (await guesser.call('/session/create', { email: 'grace@example.org', password: 'guess' })).status,
        );
      }
      assert.deepEqual(statuses, [401, 401, 401, 401, 401, 429]);
      const slowed = await guesser.call('/session/create', { email: 'grace@example.org', password: 'guess' });
      assert.ok(Number(slowed.headers['retry-after']) > 50);
      assert.equal((await signedIn()).cookie.length, 'tocsin='.length + 43, 'another person is not slowed down');
    });

    /** A browser that came by a link of the command. */
    async function linkedBrowser(email: string): Promise<BrowserClient> {
      const { stdout } = await command(email === '' ? [] : ['--email', email], folder);
      const browser = browserClient(service.url);
      const come = await browser.call('/session/link/redeem', { token: tokenIn(stdout) });
      if (come.status !== 200) throw new Error(come.error.message);
      return browser;
    }

    async function signedIn(): Promise<BrowserClient> {
      const browser = browserClient(service.url);
      const come = await browser.call('/session/create', { email: 'admin@example.org', password: good });
      assert.equal(come.status, 200, come.text);
      return browser;
    }
  });
}

test('a password of the settings signs in after the first start, and a bad one starts nothing', async (t) => {
  const folder = await temporaryFolder('admin-password');
  t.after(() => folder.remove());
  const start = (password: string) =>
    startService({ folder: folder.path, database: 'sqlite', env: { TOCSIN_ADMIN_PASSWORD: password } });
  await assert.rejects(start('correct-horse-battery'), /TOCSIN_ADMIN_PASSWORD: is one of the passwords/);
  await assert.rejects(start('admin@example.org'), /TOCSIN_ADMIN_PASSWORD: must not contain your email/);
  const data = join(folder.path, 'data');
  const both = { TOCSIN_ADMIN_PASSWORD: 'correct-horse-battery', TOCSIN_ADMIN_EMAIL: '' };
  await assert.rejects(
    startService({ folder: data, database: 'sqlite', env: both }),
    /TOCSIN_ADMIN_PASSWORD: is one of the passwords.*TOCSIN_ADMIN_EMAIL: is required beside/,
  );
  assert.ok(!existsSync(data), 'no folder is left behind');
  const service = await start(good);
  t.after(() => service.stop());
  const browser = browserClient(service.url);
  const come = await browser.call('/session/create', { email: 'admin@example.org', password: good });
  assert.equal(come.status, 200, come.text);
  assert.ok(!service.logs.some((line) => line.includes('sign-in/link#')), 'there is a way in already');
});

test('behind https the cookie is bound to the host, and the published address is our own', async (t) => {
  const folder = await temporaryFolder('behind-https');
  t.after(() => folder.remove());
  const env = { TOCSIN_PUBLIC_URL: 'https://tocsin.example.org', TOCSIN_ADMIN_PASSWORD: good };
  const service = await startService({ folder: folder.path, database: 'sqlite', env });
  t.after(() => service.stop());
  const browser = browserClient(service.url);
  const published = { host: 'tocsin.example.org', origin: 'https://tocsin.example.org' };
  const who = { email: 'admin@example.org', password: good };
  assert.equal((await browser.call('/session/create', who, published)).status, 200);
  assert.match(
    browser.setCookie,
    /^__Host-tocsin=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax; Max-Age=2592000; Secure$/,
  );
  assert.equal((await browser.call('/session/info', {}, published)).status, 200);
  const renamed = browser.cookie.replace('__Host-', '');
  const planted = await browser.call('/session/info', {}, { ...published, cookie: renamed });
  assert.equal(planted.status, 401, 'a page of http could have planted it');
  const rewritten = await browser.call('/session/info', {}, { origin: 'https://tocsin.example.org' });
  assert.equal(rewritten.status, 200, 'the proxy may put another Host in');
});

function tokenIn(text: string): string {
  const [, token = ''] = /\/sign-in\/link#(\S+)/.exec(text) ?? [];
  return token;
}

function command(options: readonly string[], folder: string): Promise<{ stdout: string }> {
  const env = { PATH: process.env['PATH'], TOCSIN_DATA: folder };
  return promisify(execFile)(process.execPath, ['dist/tocsin.js', 'sign-in-link', ...options], { cwd: root, env });
}
