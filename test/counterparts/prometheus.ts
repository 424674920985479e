import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort, missingCommand, startProgram, temporaryFolder } from './program.ts';
import type { Program } from './program.ts';

const command = 'prometheus';

export interface Prometheus extends Program {
  /** Gives it its one alerting rule: it fires, or it has ended. */
  rule(isFiring: boolean, summary: string): Promise<void>;
}

/** Where alerts are posted, as an Alertmanager is named in the configuration. */
export interface AlertTarget {
  readonly url: string;
  readonly pathPrefix?: string;
  readonly credentials?: string;
}

/** Starts a real Prometheus that evaluates its rule every second and tells of what fires as often. */
export async function startPrometheus(
  targets: readonly AlertTarget[],
  labels: Readonly<Record<string, string>>,
): Promise<Prometheus> {
  const folder = await temporaryFolder('prometheus');
  const port = await freePort();
  await writeFile(join(folder.path, 'prometheus.yml'), configuration(targets));
  const writeRule = (isFiring: boolean, summary: string) =>
    writeFile(join(folder.path, 'rules.yml'), rules(isFiring, labels, summary));
  await writeRule(false, '');
  const program = await startProgram({
    command,
    arguments: [
      '--config.file=prometheus.yml',
      '--storage.tsdb.path=data',
      `--web.listen-address=127.0.0.1:${port}`,
      '--web.enable-lifecycle',
      '--rules.alert.resend-delay=1s',
    ],
    port,
    readyPath: '/-/ready',
    folder: folder.path,
  });
  return {
    ...program,
    async rule(isFiring, summary) {
      await writeRule(isFiring, summary);
      const answer = await fetch(`${program.url}/-/reload`, { method: 'POST' });
      if (!answer.ok) throw new Error(`Prometheus did not load its rules: ${await answer.text()}`);
      await answer.body?.cancel();
    },
    async stop() {
      await program.stop();
      await folder.remove();
    },
  };
}

export function missingPrometheus(): string | undefined {
  return missingCommand(command, 'prometheus');
}

/** JSON is YAML; so nothing has to be quoted by hand. */
function configuration(targets: readonly AlertTarget[]): string {
  return JSON.stringify({
    global: { evaluation_interval: '1s' },
    rule_files: ['rules.yml'],
    alerting: {
      alertmanagers: targets.map(({ url, pathPrefix, credentials }) => ({
        ...(pathPrefix === undefined ? {} : { path_prefix: pathPrefix }),
        ...(credentials === undefined ? {} : { authorization: { credentials } }),
        static_configs: [{ targets: [new URL(url).host] }],
      })),
    },
  });
}

function rules(isFiring: boolean, labels: Readonly<Record<string, string>>, summary: string): string {
  const { alertname = 'Rule', ...rest } = labels;
  const rule = { alert: alertname, expr: `vector(1) > ${isFiring ? 0 : 2}`, labels: rest, annotations: { summary } };
  return JSON.stringify({ groups: [{ name: 'rules', rules: [rule] }] });
}
