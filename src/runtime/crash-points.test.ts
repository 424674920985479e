import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';

test('the process dies as by kill -9 on the pass that the plan names, and not before', () => {
  const script = `
    import { crashPoints } from ${JSON.stringify(new URL('crash-points.ts', import.meta.url).href)};
    const at = crashPoints('recover.mid, send.after-claim:3');
    for (let pass = 1; pass <= 5; pass += 1) {
      at('send.before-write');
      at('send.after-claim');
      console.log(pass);
    }`;
  const child = spawnSync(process.execPath, ['--input-type=module', '--eval', script], { encoding: 'utf8' });
  assert.deepEqual([child.signal, child.stdout], ['SIGKILL', '1\n2\n']);
});
