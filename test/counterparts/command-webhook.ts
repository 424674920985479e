import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort, missingCommand, startProgram, temporaryFolder } from './program.ts';
import type { Program } from './program.ts';

const command = 'webhook';

/** adnanh/webhook: a receiver that heals by running a command. */
export interface CommandWebhook extends Program {
  /** Where to push to. */
  readonly hookUrl: string;
  /** The headers that its rule asks for. */
  readonly headers: Readonly<Record<string, string>>;
  /** What the command was run with so far, one entry per run. */
  runs(): Promise<Run[]>;
}

export interface Run {
  readonly eventType: string;
  readonly incidentId: string;
  readonly title: string;
}

const token = 'a-token-only-for-tests';

/** Starts it with one hook: an `i_new` push that carries the token runs the command, anything else is refused. */
export async function startCommandWebhook(): Promise<CommandWebhook> {
  const folder = await temporaryFolder('command-webhook');
  const port = await freePort();
  const script = join(folder.path, 'heal.sh');
  const log = join(folder.path, 'runs.log');
  // One record per run, fields ended by a NUL and the record by a newline, which no field of these tests holds.
  await writeFile(script, `#!/bin/sh\nprintf '%s\\0%s\\0%s\\n' "$1" "$2" "$3" >> '${log}'\n`);
  await chmod(script, 0o700);
  await writeFile(log, '');
  await writeFile(join(folder.path, 'hooks.json'), JSON.stringify([hook(script, folder.path)]));
  const program = await startProgram({
    command,
    arguments: ['-hooks', 'hooks.json', '-ip', '127.0.0.1', '-port', String(port), '-verbose'],
    port,
    readyPath: '/',
    folder: folder.path,
  });
  return {
    ...program,
    hookUrl: `${program.url}/hooks/heal`,
    headers: { 'x-webhook-token': token },
    runs: async () => (await readFile(log, 'utf8')).split('\n').filter(Boolean).map(parseRun),
    async stop() {
      await program.stop();
      await folder.remove();
    },
  };
}

export function missingCommandWebhook(): string | undefined {
  return missingCommand(command, 'webhook');
}

function hook(script: string, folder: string): object {
  const payload = (name: string) => ({ source: 'payload', name });
  const matches = (parameter: object, value: string) => ({ match: { type: 'value', value, parameter } });
  return {
    id: 'heal',
    'execute-command': script,
    'command-working-directory': folder,
    // The answer waits for the command, so that a 200 means that it ran.
    'include-command-output-in-response': true,
    'pass-arguments-to-command': [payload('event_type'), payload('incident.incident_id'), payload('incident.title')],
    'trigger-rule': {
      and: [matches(payload('event_type'), 'i_new'), matches({ source: 'header', name: 'X-Webhook-Token' }, token)],
    },
    'trigger-rule-mismatch-http-response-code': 403,
  };
}

function parseRun(line: string): Run {
  const [eventType = '', incidentId = '', title = ''] = line.split('\0');
  return { eventType, incidentId, title };
}
