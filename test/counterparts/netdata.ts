import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort, missingCommand, temporaryFolder } from './program.ts';

const command = 'netdata';
const readyMaxMs = 40_000;
const pollMs = 100;

export interface Netdata {
  /** Sets the pressure of the pump, for which there is one alert: above 3 a warning, above 5 critical. */
  measure(pressure: number): void;
  stop(): Promise<void>;
}

/** Starts a real Netdata that measures one thing, with the notification settings that our page says to paste. */
export async function startNetdata(notifySettings: string): Promise<Netdata> {
  const folder = await temporaryFolder('netdata');
  const at = (name: string) => join(folder.path, name);
  const [web, statsd] = [await freePort(), await freePort()];
  for (const name of ['health.d', 'none', 'cache', 'lib', 'log']) await mkdir(at(name));
  await writeFile(at('.opt-out-from-anonymous-statistics'), '');
  await writeFile(at('netdata.conf'), settings(at, web, statsd));
  await writeFile(at('health.d/pump.conf'), alertOfPump);
  await writeFile(at('health_alarm_notify.conf'), notifySettings);
  const child = spawn(command, ['-D', '-c', at('netdata.conf')], { cwd: folder.path, stdio: 'ignore' });
  const socket = createSocket('udp4');
  // Values that are sent once are gone when the collector is not ready, or the alert is not evaluated yet.
  let pressure = 1;
  const sending = setInterval(() => socket.send(`pump:${pressure}|g`, statsd, '127.0.0.1'), 500);
  const stop = async () => {
    clearInterval(sending);
    socket.close();
    if (child.exitCode === null && child.signalCode === null) {
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      const kill = setTimeout(() => child.kill('SIGKILL'), 5_000);
      await ended;
      clearTimeout(kill);
    }
    await folder.remove();
  };
  try {
    await untilClear(`http://127.0.0.1:${web}/api/v1/alarms?all`);
  } catch (error) {
    const log = await readFile(at('log/error.log'), 'utf8').catch(() => '');
    await stop();
    throw new Error(`netdata did not become ready; its log:\n${log.slice(-4000)}`, { cause: error });
  }
  return {
    measure(next) {
      pressure = next;
    },
    stop,
  };
}

export function missingNetdata(): string | undefined {
  return missingCommand(command, 'netdata') ?? missingCommand('curl', 'curl');
}

/** The settings in the page of docs/senders, with the address of a service. */
export async function notifySettingsOf(page: string, url: string, key: string): Promise<string> {
  const [, block = ''] = /```bash\n(SEND_CUSTOM[^`]*)```/.exec(await readFile(page, 'utf8')) ?? [];
  return block.replaceAll('http://tocsin.example.test:8080', url).replaceAll('=KEY', `=${key}`);
}

async function untilClear(url: string): Promise<void> {
  const deadline = performance.now() + readyMaxMs;
  while (performance.now() < deadline) {
    const answer = await fetch(url).catch(() => undefined);
    if (/"status": ?"CLEAR"/.test((await answer?.text()) ?? '')) return;
    await sleep(pollMs);
  }
  throw new Error(`the alert was not evaluated within ${readyMaxMs} ms`);
}

function settings(at: (name: string) => string, web: number, statsd: number): string {
  const off =
    'proc diskspace cgroups tc idlejitter timex charts.d apps perf slabinfo python.d go.d ioping fping nfacct';
  return `[global]
  run as user = ${userInfo().username}
  hostname = web-9
[directories]
  config = ${at('')}
  log = ${at('log')}
  cache = ${at('cache')}
  lib = ${at('lib')}
  health config = ${at('health.d')}
  stock health config = ${at('none')}
[db]
  mode = ram
  retention = 300
[web]
  bind to = 127.0.0.1:${web}
[ml]
  enabled = no
[registry]
  enabled = no
[cloud]
  enabled = no
[statsd]
  bind to = udp:127.0.0.1:${statsd}
[plugins]
  enable running new plugins = no
${off
  .split(' ')
  .map((name) => `  ${name} = no\n`)
  .join('')}`;
}

/** The text is one that breaks a body which is put together without care. */
const alertOfPump = String.raw`
   alarm: pump_pressure
      on: statsd_pump.gauge
    calc: $gauge
   units: bar
   every: 1s
    warn: $this > 3
    crit: $this > 5
    info: pressure at C:\pump & "valve"
      to: sysadmin
`;
