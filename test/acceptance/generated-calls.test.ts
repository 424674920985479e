import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { missingCommand, skipWithout, temporaryFolder } from '../counterparts/program.ts';
import { unannounced, type Document } from '../support/announced-refusals.ts';
import { startTestApp } from '../support/test-app.ts';

/*
 * Calls that a program generates from the description: such as it allows, and such as it forbids. `GENERATED_CALLS=50`
 * makes so many of each operation; by default two of some,
 * the same in each run.
 */

const wanted = Number(process.env['GENERATED_CALLS'] ?? '0');
const examplesMax = wanted > 0 ? wanted : 2;
const some =
  '^/(incident|alert|channel|field|route|team|member|change|webhook)/(list|info|infos|feed|create|assign|upsert|info/reset)$';
/** Everything but what takes away the caller, its keys or its webhooks, or needs the key of an integration. */
const all =
  '^/(incident|alert|alert-event|change|channel|field|route|team|member|audit|datasource|integration|system|webhook)/';
const never = '^/(member/(delete|password)|webhook/(delete|test)|channel/list-by-integration)';

for (const key of ['bearer', 'app_key'] as const) {
  test(
    `generated calls with the key as ${key} are taken or refused as the description says, without an error of the service`,
    {
      ...skipWithout(missingCommand('schemathesis', '') && 'schemathesis is not installed: pip install schemathesis'),
      timeout: wanted > 0 ? 3_600_000 : 300_000,
    },
    async (t) => {
      const app = await startTestApp({ env: { TOCSIN_API_RATE: '0' } });
      t.after(() => app.stop());
      const folder = await temporaryFolder('generated');
      t.after(() => folder.remove());
      const { service } = app;
      const { text } = await app.call('/openapi.json', {}, { method: 'GET', key: '' });
      await writeFile(join(folder.path, 'openapi.json'), text);
      const secret = key === 'bearer' ? `bearer = "${service.appKey}"` : `api_key = "${service.appKey}"`;
      await writeFile(join(folder.path, 'schemathesis.toml'), `[auth.openapi.${key}]\n${secret}\n`);
      const checks = ['not_a_server_error', 'status_code_conformance', 'response_schema_conformance'];
      const both = ['negative_data_rejection', 'positive_data_acceptance'];
      const ran = await promisify(execFile)(
        'schemathesis',
        [
          'run',
          'openapi.json',
          '--url',
          service.url,
          '--phases=fuzzing',
          `--max-examples=${examplesMax}`,
          ...(wanted > 0 ? [] : ['--seed=1', '--generation-deterministic']),
          '--workers=1',
          '--continue-on-failure',
          '--no-color',
          `--checks=${[...checks, ...both].join(',')}`,
          `--include-path-regex=${wanted > 0 ? all : some}`,
          `--exclude-path-regex=${never}`,
        ],
        { cwd: folder.path, maxBuffer: 256 * 1024 * 1024 },
      ).catch((error: unknown) => error as { stdout: string });
      assert.match(ran.stdout, /\d+ generated/, ran.stdout.slice(-3000));
      assert.deepEqual(unannounced(ran.stdout, JSON.parse(text) as Document), []);
    },
  );
}
