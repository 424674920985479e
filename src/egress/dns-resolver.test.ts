import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemResolver, type NameService } from './dns-resolver.ts';

const unknown = Object.assign(new Error('queryA ENOTFOUND'), { code: 'ENOTFOUND' });
const silent = Object.assign(new Error('queryA ETIMEOUT'), { code: 'ETIMEOUT' });

test('the hosts file comes before DNS, and names match without regard to case', async () => {
  const resolver = resolverOf({ hostsFile: '127.0.0.9 first Second # Third\n# 127.0.0.8 third\n::1 second' });
  assert.deepEqual(await resolver.resolve('SECOND'), ['127.0.0.9', '::1']);
  assert.deepEqual(await resolver.resolve('third'), ['10.0.0.1']);
});

test('a name that DNS does not know is asked of the system, one whose servers are silent is not', async () => {
  let lookups = 0;
  const resolver = resolverOf({
    query: (host) => Promise.reject(host === 'silent.test' ? silent : unknown),
    lookup: () => {
      lookups += 1;
      return Promise.resolve(['10.0.0.2']);
    },
  });
  assert.deepEqual(await resolver.resolve('short'), ['10.0.0.2']);
  await assert.rejects(resolver.resolve('silent.test'), silent);
  assert.equal(lookups, 1);
});

test('an answer serves a burst and is then asked for anew; a failure is not remembered', async () => {
  let now = 0;
  let queries = 0;
  const resolver = resolverOf({
    query: () => {
      queries += 1;
      return queries === 1 ? Promise.reject(silent) : Promise.resolve([`10.0.0.${queries}`]);
    },
    now: () => now,
  });
  await assert.rejects(resolver.resolve('a.test'));
  const burst = await Promise.all([resolver.resolve('a.test'), resolver.resolve('A.test')]);
  assert.deepEqual(burst, [['10.0.0.2'], ['10.0.0.2']]);
  now = 5_000;
  assert.deepEqual(await resolver.resolve('a.test'), ['10.0.0.3']);
});

test('no more than two names are with the system at the same time', async () => {
  let running = 0;
  let most = 0;
  const release: (() => void)[] = [];
  const resolver = resolverOf({
    query: () => Promise.reject(unknown),
    lookup: async () => {
      running += 1;
      most = Math.max(most, running);
      await new Promise<void>((resume) => release.push(resume));
      running -= 1;
      return ['10.0.0.2'];
    },
  });
  const all = Promise.all(Array.from({ length: 5 }, (_, index) => resolver.resolve(`name${index}`)));
  for (let done = 0; done < 5; done += 1) {
    while (release.length === 0) await Promise.resolve();
    release.shift()?.();
  }
  assert.equal((await all).length, 5);
  assert.equal(most, 2);
});

interface Answers {
  readonly query?: NameService['query'];
  readonly lookup?: NameService['lookup'];
  readonly hostsFile?: string;
  readonly now?: () => number;
}

function resolverOf({ query, lookup, hostsFile = '', now = () => 0 }: Answers) {
  return systemResolver(
    { now, monotonic: now },
    {
      query: query ?? (() => Promise.resolve(['10.0.0.1'])),
      lookup: lookup ?? (() => Promise.reject(unknown)),
      hostsFile: () => Promise.resolve(hostsFile),
    },
  );
}
