import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, chmod, mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { missingCommand, temporaryFolder } from './program.ts';

const command = 'nagios4';
const readyMaxMs = 40_000;
const pollMs = 50;
const returnCodes = { OK: 0, WARNING: 1, CRITICAL: 2, UNKNOWN: 3 } as const;

export interface Nagios {
  /** What a check of the service HTTP on the host web-1 has found. */
  report(state: keyof typeof returnCodes, output: string): Promise<void>;
  stop(): Promise<void>;
}

/** Starts a real Nagios with one host and one passive service, and the configuration that our page says to paste. */
export async function startNagios(page: string): Promise<Nagios> {
  const folder = await temporaryFolder('nagios');
  const at = (name: string) => join(folder.path, name);
  // It becomes the user that owns nothing here.
  await chmod(folder.path, 0o777);
  for (const name of ['results', 'tmp']) {
    await mkdir(at(name));
    await chmod(at(name), 0o777);
  }
  await writeFile(at('objects.cfg'), `${page}\n${objects}`);
  await writeFile(at('nagios.cfg'), settings(at));
  const child = spawn(command, [at('nagios.cfg')], { cwd: folder.path, stdio: ['ignore', 'pipe', 'pipe'] });
  const printed: string[] = [];
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => printed.push(chunk.toString()));
  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null) {
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
    }
    await folder.remove();
  };
  try {
    await untilPipe(at('command'));
  } catch (error) {
    await stop();
    throw new Error(`nagios4 did not become ready; it printed:\n${printed.join('')}`, { cause: error });
  }
  return {
    async report(state, output) {
      const now = Math.floor(Date.now() / 1000);
      const line = `[${now}] PROCESS_SERVICE_CHECK_RESULT;web-1;HTTP;${returnCodes[state]};${output}\n`;
      await appendFile(at('command'), line);
    },
    stop,
  };
}

export function missingNagios(): string | undefined {
  return missingCommand(command, 'nagios4-core') ?? missingCommand('curl', 'curl');
}

/** The configuration in the page of docs/senders, with the address of a service. */
export async function configurationOf(page: string, url: string, key: string): Promise<string> {
  const text = await readFile(page, 'utf8');
  const [, block = ''] = /```\n(define command[^`]*)```/.exec(text) ?? [];
  return block.replaceAll('http://tocsin.example.test:8080', url).replaceAll('/KEY', `/${key}`);
}

async function untilPipe(path: string): Promise<void> {
  const deadline = performance.now() + readyMaxMs;
  while (performance.now() < deadline) {
    const found = await stat(path).catch(() => undefined);
    if (found?.isFIFO() === true) return;
    await sleep(pollMs);
  }
  throw new Error(`no command pipe within ${readyMaxMs} ms`);
}

function settings(at: (name: string) => string): string {
  return Object.entries({
    cfg_file: at('objects.cfg'),
    log_file: at('nagios.log'),
    object_cache_file: at('objects.cache'),
    precached_object_file: at('objects.precache'),
    status_file: at('status.dat'),
    state_retention_file: at('retention.dat'),
    check_result_path: at('results'),
    temp_path: at('tmp'),
    temp_file: at('nagios.tmp'),
    lock_file: at('nagios.lock'),
    command_file: at('command'),
    query_socket: at('query'),
    check_external_commands: '1',
    enable_notifications: '1',
    accept_passive_service_checks: '1',
    check_for_updates: '0',
    illegal_macro_output_chars: '`~$&|\'"<>',
  })
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
}

const objects = `
define timeperiod {
  timeperiod_name 24x7
  alias always
  sunday 00:00-24:00
  monday 00:00-24:00
  tuesday 00:00-24:00
  wednesday 00:00-24:00
  thursday 00:00-24:00
  friday 00:00-24:00
  saturday 00:00-24:00
}
define command {
  command_name no-check
  command_line /bin/true
}
define host {
  host_name web-1
  address 10.0.0.11
  max_check_attempts 1
  check_command no-check
  check_period 24x7
  active_checks_enabled 0
  contacts tocsin
  notification_interval 0
  notification_period 24x7
}
define service {
  host_name web-1
  service_description HTTP
  check_command no-check
  check_period 24x7
  max_check_attempts 1
  check_interval 1
  retry_interval 1
  active_checks_enabled 0
  passive_checks_enabled 1
  contacts tocsin
  notification_interval 0
  notification_period 24x7
}
`;
