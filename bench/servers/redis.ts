import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from 'node:net';
import { freePort, missingCommand, temporaryFolder } from '../../test/counterparts/program.ts';
import { alive, endProcess, endsWithUs } from '../child.ts';
import { NotRunnable } from '../contestants/contestant.ts';

const readyMaxMs = 10_000;

/** `always`: each write is on the disk before its answer · `everysec`: a second of them may be lost. */
export type Sync = 'always' | 'everysec';

/** Starts a Redis of the machine, with an append-only file that is synced as asked. */
export async function startRedis(sync: Sync): Promise<{ url: string; stop(): Promise<void> }> {
  const missing = missingCommand('redis-server', 'redis-server');
  if (missing !== undefined) throw new NotRunnable(missing);
  const folder = await temporaryFolder('bench-redis');
  const port = await freePort();
  const settings = ['--save', '', '--appendonly', 'yes', '--appendfsync', sync, '--dir', folder.path];
  const child = spawn('redis-server', ['--port', String(port), '--bind', '127.0.0.1', ...settings], {
    stdio: 'ignore',
  });
  endsWithUs(() => alive(child));
  const stop = async () => {
    await endProcess(child);
    await folder.remove();
  };
  const until = performance.now() + readyMaxMs;
  while (!(await accepts(port))) {
    if (performance.now() > until) {
      await stop();
      throw new NotRunnable(`redis-server was not ready within ${readyMaxMs} ms`);
    }
    await sleep(50);
  }
  return { url: `redis://127.0.0.1:${port}`, stop };
}

async function accepts(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  const failed = once(socket, 'error').then(() => false);
  const accepted = await Promise.race([once(socket, 'connect').then(() => true), failed]).catch(() => false);
  socket.destroy();
  return accepted;
}
