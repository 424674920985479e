import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort, missingCommand, startProgram, temporaryFolder } from './program.ts';
import type { Program } from './program.ts';

const command = 'prometheus-alertmanager';

export interface Alertmanager extends Program {
  /** Adds an alert, or keeps it firing. */
  fire(labels: Labels, annotations?: Labels): Promise<void>;
  /** Ends an alert now. */
  resolve(labels: Labels): Promise<void>;
}

type Labels = Readonly<Record<string, string>>;

export interface AlertmanagerOptions {
  /** Where its one receiver posts notifications, by webhook. */
  readonly webhookUrl?: string;
  /** The integrations of its receiver instead, as the configuration has them. */
  readonly receiver?: Readonly<Record<string, unknown>>;
  readonly groupBy?: readonly string[];
}

/** Starts a real Alertmanager (0.25 or later), which notifies within a second of each change. */
export async function startAlertmanager(options: AlertmanagerOptions): Promise<Alertmanager> {
  const folder = await temporaryFolder('alertmanager');
  const port = await freePort();
  await writeFile(join(folder.path, 'alertmanager.yml'), configuration(options));
  const program = await startProgram({
    command,
    arguments: [
      '--config.file=alertmanager.yml',
      '--storage.path=storage',
      `--web.listen-address=127.0.0.1:${port}`,
      // An empty address switches clustering off, so that no second port is opened.
      '--cluster.listen-address=',
    ],
    port,
    readyPath: '/-/ready',
    folder: folder.path,
  });
  const firing = new Map<string, string>();
  return {
    ...program,
    async fire(labels, annotations = {}) {
      const startsAt = firing.get(keyOf(labels)) ?? new Date().toISOString();
      firing.set(keyOf(labels), startsAt);
      await post(program, { labels, annotations, startsAt });
    },
    async resolve(labels) {
      const startsAt = firing.get(keyOf(labels));
      if (startsAt === undefined) throw new Error(`no such alert is firing: ${JSON.stringify(labels)}`);
      firing.delete(keyOf(labels));
      await post(program, { labels, startsAt, endsAt: new Date().toISOString() });
    },
    async stop() {
      await program.stop();
      await folder.remove();
    },
  };
}

export function missingAlertmanager(): string | undefined {
  return missingCommand(command, 'prometheus-alertmanager');
}

/** JSON is YAML; so nothing has to be quoted by hand. The intervals are the shortest that Alertmanager keeps to. */
function configuration({ webhookUrl, receiver, groupBy }: AlertmanagerOptions): string {
  return JSON.stringify({
    route: {
      receiver: 'receiver',
      group_by: groupBy ?? ['alertname'],
      group_wait: '100ms',
      group_interval: '500ms',
      repeat_interval: '1h',
    },
    receivers: [{ name: 'receiver', ...(receiver ?? { webhook_configs: [{ url: webhookUrl, send_resolved: true }] }) }],
  });
}

async function post(program: Program, alert: object): Promise<void> {
  const answer = await fetch(`${program.url}/api/v2/alerts`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify([alert]),
  });
  if (!answer.ok) throw new Error(`Alertmanager answered ${answer.status}: ${await answer.text()}`);
  await answer.body?.cancel();
}

function keyOf(labels: Labels): string {
  const names = Object.keys(labels).toSorted((a, b) => (a < b ? -1 : 1));
  return JSON.stringify(names.map((name) => [name, labels[name]]));
}
