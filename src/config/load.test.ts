import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, test } from 'node:test';
import { requireUsable } from '../access/first-start.ts';
import { Failure } from '../runtime/failure.ts';
import { exampleFile } from './example.ts';
import { printable, readConfig } from './load.ts';
import { egressThreadsOf, firstStart } from './room-settings.ts';
import { settings, type Config } from './settings.ts';

function messageOf(env: Record<string, string>, text?: string): string {
  try {
    readConfig({ env, file: text === undefined ? undefined : { path: 'tocsin.toml', text } });
  } catch (error) {
    assert.ok(error instanceof Failure);
    return error.message;
  }
  return '';
}

describe('settings', () => {
  test('nothing has to be set', () => {
    const config = readConfig({ env: { PATH: '/bin', TOCSIN_DATA: '' } });
    assert.deepEqual(config.listen, { host: '127.0.0.1', port: 8567 });
    assert.equal(config.data, './data');
    assert.equal(config.databaseUrl, '');
    assert.equal(config.historyDays, 7);
    assert.equal(config.eventHours, 24);
    assert.deepEqual(config.egressAllow, []);
  });

  test('threads that send are as many as the cores have room for, unless a number is set', () => {
    const automatic = readConfig({ env: {} }).egressThreads;
    assert.deepEqual(
      [1, 2, 3, 4, 5, 6, 64].map((cores) => egressThreadsOf(automatic, cores)),
      [0, 0, 2, 3, 4, 4, 4],
    );
    for (const text of ['0', '4']) {
      const set = readConfig({ env: { TOCSIN_EGRESS_THREADS: text } }).egressThreads;
      assert.equal(egressThreadsOf(set, 2), Number(text));
    }
    for (const text of ['5', '-1', '1.5', 'many']) {
      assert.match(messageOf({ TOCSIN_EGRESS_THREADS: text }), /it takes auto, or a whole number from 0 to 4/);
    }
  });

  test('the environment wins over the file', () => {
    const text = 'listen = "[::]:80"\nhistory_days = 30\negress_allow = ["10.0.0.0/8", "hooks.internal:8080"]\n';
    const config = readConfig({ env: { TOCSIN_HISTORY_DAYS: '14' }, file: { path: 'tocsin.toml', text } });
    assert.deepEqual(config.listen, { host: '::', port: 80 });
    assert.equal(config.historyDays, 14);
    assert.deepEqual(config.egressAllow, ['10.0.0.0/8', 'hooks.internal:8080']);
  });

  test('everything that is wrong is said at once, with what would be right', () => {
    const message = messageOf(
      { TOCSIN_LISTEN: '8567', TOCSIN_HISTORY_DAY: '7', TOCSIN_SECRET_KEY: 'short', TOCSIN_TOTALLY_ELSE: '1' },
      '# head\nevent_hours = 0\nlog_levle = "info"\n"log_level" = "loud"\ndata = 2026-01-01\n\n[table]\nlisten = ""',
    );
    for (const words of [
      'TOCSIN_LISTEN is not host:port: it takes host:port, for example 0.0.0.0:8567',
      'TOCSIN_HISTORY_DAY is not a setting; did you mean TOCSIN_HISTORY_DAYS?',
      'TOCSIN_TOTALLY_ELSE is not a setting\n',
      'TOCSIN_SECRET_KEY does not have 32 bytes',
      'tocsin.toml line 2: event_hours is not within 1 and 8760',
      'tocsin.toml line 3: log_levle is not a setting; did you mean log_level?',
      'tocsin.toml line 4: log_level is none of them: it takes one of debug, info, warn, error, for example debug',
      'tocsin.toml line 5: data must be "text", a whole number, true, false or ["a", "b"]',
      'tocsin.toml line 7: table is not a setting',
    ]) {
      assert.ok(message.includes(words), `${words}\nis not in\n${message}`);
    }
  });

  const bad: [name: string, value: string][] = [
    ['TOCSIN_LISTEN', 'localhost:99999'],
    ['TOCSIN_LISTEN', 'http://localhost:80'],
    ['TOCSIN_PUBLIC_URL', 'tocsin.example.org'],
    ['TOCSIN_PUBLIC_URL', 'ftp://tocsin.example.org'],
    ['TOCSIN_DATABASE_URL', 'mysql://db/tocsin'],
    ['TOCSIN_DATABASE_PREPARE', 'yes'],
    ['TOCSIN_DATABASE_PREPARE', 'AUTO'],
    ['TOCSIN_HISTORY_DAYS', '7d'],
    ['TOCSIN_HISTORY_DAYS', '-1'],
    ['TOCSIN_HISTORY_DAYS', '1e3'],
    ['TOCSIN_TRUSTED_HOSTS', 'a.example,*'],
    ['TOCSIN_EGRESS_ALLOW', '10.0.0.0'],
    ['TOCSIN_APP_KEY', 'short'],
    ['TOCSIN_ADMIN_PASSWORD', 'admin'],
    ['TOCSIN_ADMIN_EMAIL', 'notanemail'],
    ['TOCSIN_ADMIN_EMAIL', 'ops@example'],
  ];
  for (const [name, value] of bad) {
    test(`${name}=${value} is refused`, () => {
      assert.match(messageOf({ [name]: value }), new RegExp(name));
    });
  }

  test('the address of the first administrator is one that the members may have, whatever is around it', () => {
    assert.match(
      messageOf({ TOCSIN_ADMIN_EMAIL: 'notanemail' }),
      /TOCSIN_ADMIN_EMAIL is not an email address: it takes an email address, for example ops@example\.org/,
    );
    assert.equal(readConfig({ env: { TOCSIN_ADMIN_EMAIL: ' Ops@Example.org ' } }).adminEmail, 'Ops@Example.org');
    assert.equal(readConfig({ env: {} }).adminEmail, '');
  });

  test('statements have names unless that is switched off', () => {
    const read = (env: Record<string, string>) => readConfig({ env }).databasePrepare;
    assert.deepEqual([{}, ...['auto', 'on', 'off'].map((value) => ({ TOCSIN_DATABASE_PREPARE: value }))].map(read), [
      'auto',
      'auto',
      'on',
      'off',
    ]);
  });

  const broken: [text: string, place: string][] = [
    ['data = "x"\nlisten = = 1', 'tocsin.toml line 2, column 10: '],
    ['data = "x"\n\ndata = "y"', 'tocsin.toml line 3, column 1: '],
    ['listen = "open', 'tocsin.toml line 1, column 10: '],
    ['listen = text', 'tocsin.toml line 1, column 10: '],
    ['account_id = 99999999999999999999', 'tocsin.toml line 1, column 14: '],
  ];
  for (const [text, place] of broken) {
    test(`a file that is not TOML is refused with its place, beside every other fault: ${JSON.stringify(text)}`, () => {
      const message = messageOf({ TOCSIN_LISTEN: '8567' }, text);
      assert.ok(message.includes(place), message);
      assert.match(message, /TOCSIN_LISTEN is not host:port/);
    });
  }

  test('values of a file are texts, whole numbers, switches and lists of texts, and nothing else', () => {
    const read = (line: string) => messageOf({}, line);
    assert.equal(read('account_name = \'C:\\data\' # comment\negress_allow = [\n  "10.0.0.0/8", # long\n]\n'), '');
    assert.equal(read('history_days = 14\r\naccount_name = ""\r\n'), '');
    for (const value of ['1.5', '[1, 2]', '{ a = 1 }', '2026-01-01', '[["a"]]']) {
      assert.match(read(`data = ${value}`), /line 1: data must be/, value);
    }
    assert.match(read('a.b = 1'), /line 1: a is not a setting/);
    assert.match(read('[history_days]\na = 1'), /line 1: history_days must be/);
  });

  test('no message repeats a secret', () => {
    assert.doesNotMatch(messageOf({}, 'app_key = "hunter2'), /hunter2/);
    assert.doesNotMatch(messageOf({ TOCSIN_APP_KEY: 'hunter2', TOCSIN_DATABASE_URL: 'hunter2' }), /hunter2/);
  });

  test('secrets are hidden when settings are shown', () => {
    const env = {
      TOCSIN_SECRET_KEY: 'ab'.repeat(32),
      TOCSIN_APP_KEY: 'hunter2'.repeat(6),
      TOCSIN_ADMIN_PASSWORD: 'hunter2hunter2',
      TOCSIN_DATABASE_URL: 'postgres://tocsin:hunter2@db/tocsin?password=hunter2',
      TOCSIN_EGRESS_PROXY: 'http://user:hunter2@proxy:3128',
    };
    const shown = printable({ env });
    assert.doesNotMatch(JSON.stringify(shown), /hunter2|abab/);
    assert.equal(shown['TOCSIN_DATABASE_URL'], 'postgres://(hidden)@db/tocsin?(hidden)');
    assert.equal(shown['TOCSIN_SECRET_KEY'], '(set, hidden)');
    assert.equal(shown['TOCSIN_LISTEN'], '127.0.0.1:8567');
  });

  test('names for tests are let through', () => {
    assert.equal(messageOf({ TOCSIN_TEST_CRASH: 'x', TOCSIN_CONFIG: 'other.toml' }), '');
  });
});

describe('the example file', () => {
  test('the committed config.example.toml is what exampleFile() gives now', async () => {
    assert.equal(await readFile('config.example.toml', 'utf8'), exampleFile());
  });

  test('every line of it is a setting that reads, once its # is taken away', () => {
    const text = exampleFile().replaceAll(/^# (?=[a-z_]+ = )/gm, '');
    assert.equal(messageOf({}, text), '');
    assertSecretsRefused(readConfig({ env: {}, file: { path: 'tocsin.toml', text } }));
  });

  test('the example that a message shows for each setting is one that it takes', () => {
    const env = Object.fromEntries(Object.values(settings).map(({ name, example }) => [name, example]));
    assert.equal(messageOf(env), '');
    assertSecretsRefused(readConfig({ env }));
  });
});

/** A first start takes every example but those of secrets, which everybody can read. */
function assertSecretsRefused(config: Config): void {
  const first = firstStart(config);
  assert.throws(
    () => requireUsable(first),
    ({ message }: Error) =>
      /TOCSIN_ADMIN_PASSWORD: is the example, .*TOCSIN_APP_KEY: is the example, /.test(message) &&
      (message.match(/TOCSIN_/g) ?? []).length === 2,
  );
  requireUsable({ ...first, administratorPassword: '', appKey: '' });
}
