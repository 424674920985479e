import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { sign } from '#receiver';
import { skipWithout } from '../counterparts/program.ts';

const page = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'guides', 'receivers.md'), 'utf8');
const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;

interface Language {
  readonly name: string;
  readonly fence: string;
  readonly file: string;
  readonly run: (file: string) => readonly [string, ...string[]];
  readonly missing: string | undefined;
}

const languages: readonly Language[] = [
  {
    name: 'JavaScript',
    fence: 'js',
    file: 'receiver.mjs',
    run: (file) => [process.execPath, file],
    missing: undefined,
  },
  {
    name: 'Python',
    fence: 'python',
    file: 'receiver.py',
    run: (file) => ['python3', file],
    missing: missing('python3'),
  },
  {
    name: 'Go',
    fence: 'go',
    file: 'receiver.go',
    run: (file) => ['go', 'run', file],
    missing: missing('go', 'version'),
  },
];

for (const language of languages) {
  test(
    `the ${language.name} receiver of the guide refuses what is not signed and applies each event once, in order`,
    skipWithout(language.missing),
    async (t) => {
      const receiver = await start(language);
      t.after(() => receiver.stop());
      assert.equal(await receiver.push(2, 'i_ack'), 204);
      assert.equal(await receiver.line(), 'i_ack disk full');
      assert.equal(await receiver.push(2, 'i_ack'), 204);
      assert.equal(await receiver.push(1, 'i_new'), 204);
      assert.equal(
        await receiver.push(3, 'i_rslv', { secret: `whsec_${Buffer.alloc(32, 8).toString('base64')}` }),
        401,
      );
      assert.equal(await receiver.push(3, 'i_rslv', { ageSeconds: 600 }), 401);
      assert.equal(await receiver.push(3, 'i_rslv'), 204);
      assert.equal(await receiver.line(), 'i_rslv disk full');
    },
  );
}

for (const language of languages) {
  test(
    `the ${language.name} receiver of the guide does not start without a secret, and says what is missing`,
    skipWithout(language.missing),
    (t) => {
      const folder = mkdtempSync(join(tmpdir(), 'tocsin-guide-'));
      t.after(() => rmSync(folder, { recursive: true, force: true }));
      const file = join(folder, language.file);
      writeFileSync(file, codeOf(language.fence));
      const [program, ...args] = language.run(file);
      const env = { ...process.env, WEBHOOK_SECRET: '', PORT: '0' };
      const { status, stderr } = spawnSync(program, args, {
        cwd: folder,
        env,
        encoding: 'utf8',
        timeout: endsWithinMs,
      });
      assert.equal(status, 1, stderr);
      assert.match(stderr, /set WEBHOOK_SECRET to the secret/);
    },
  );
}

/** For one that starts all the same; `go run` compiles first. */
const endsWithinMs = 60_000;

async function start(language: Language) {
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-guide-'));
  const file = join(folder, language.file);
  writeFileSync(file, codeOf(language.fence));
  const [program, ...args] = language.run(file);
  const child = spawn(program, args, {
    cwd: folder,
    env: { ...process.env, WEBHOOK_SECRET: secret, PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
    // `go run` starts another process: the whole group ends together.
    detached: true,
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const line = async (): Promise<string | undefined> => (await lines.next()).value;
  const port = /^listening (\d+)$/.exec((await line()) ?? '')?.[1];
  assert.ok(port !== undefined, 'the receiver did not say where it listens');
  return {
    line,
    async push(sequence: number, type: string, { secret: key = secret, ageSeconds = 0 } = {}): Promise<number> {
      const incident = { incident_id: '0123456789abcdef01234567', title: 'disk full' };
      const body = JSON.stringify({ event_type: type, event_time: 1_780_000_000_000 + sequence, incident });
      const id = String(sequence).padStart(32, '0');
      const timestamp = Math.floor(Date.now() / 1000) - ageSeconds;
      const answer = await fetch(`http://127.0.0.1:${port}/hook`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'tocsin-sequence': String(sequence),
          'webhook-id': id,
          'webhook-timestamp': String(timestamp),
          'webhook-signature': sign({ id, timestamp, body }, key),
        },
        body,
      });
      return answer.status;
    },
    stop(): void {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function codeOf(fence: string): string {
  const block = new RegExp(`^\`\`\`${fence}\\n([^]*?)^\`\`\``, 'm').exec(page)?.[1];
  assert.ok(block !== undefined, `the guide has no code in ${fence}`);
  return block;
}

function missing(program: string, argument = '--version'): string | undefined {
  return spawnSync(program, [argument]).status === 0 ? undefined : `${program} is not installed`;
}
