import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort, missingCommand, startProgram, temporaryFolder, type Program } from './program.ts';

const command = 'vmalert';

export interface Vmalert extends Program {
  /** The number that its one rule finds; `undefined` = the query finds nothing, so the rule does not fire. */
  measured(value: number | undefined): void;
}

/** Starts a real vmalert that evaluates one rule every second, and a source of its data whose answer the test sets. */
export async function startVmalert(notifierUrl: string, labels: Readonly<Record<string, string>>): Promise<Vmalert> {
  const folder = await temporaryFolder('vmalert');
  const port = await freePort();
  let value: number | undefined;
  const source = createServer((_request, response) => {
    const now = Math.floor(Date.now() / 1000);
    const result = value === undefined ? [] : [{ metric: { instance: 'web-3' }, value: [now, String(value)] }];
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ status: 'success', data: { resultType: 'vector', result } }));
  }).listen(0, '127.0.0.1');
  await once(source, 'listening');
  const { port: sourcePort } = source.address() as AddressInfo;
  await writeFile(join(folder.path, 'rules.yml'), rules(labels));
  const close = async () => {
    source.closeAllConnections();
    source.close();
    await folder.remove();
  };
  try {
    const program = await startProgram({
      command,
      arguments: [
        '-rule=rules.yml',
        `-datasource.url=http://127.0.0.1:${sourcePort}`,
        `-notifier.url=${notifierUrl}`,
        '-evaluationInterval=1s',
        `-httpListenAddr=127.0.0.1:${port}`,
      ],
      port,
      readyPath: '/health',
      folder: folder.path,
    });
    return {
      ...program,
      measured(next) {
        value = next;
      },
      async stop() {
        await program.stop();
        await close();
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}

export function missingVmalert(): string | undefined {
  return missingCommand(command, 'victoria-metrics');
}

/** JSON is YAML; so nothing has to be quoted by hand. */
function rules({ alertname = 'Rule', ...labels }: Readonly<Record<string, string>>): string {
  const annotations = { summary: 'measured {{ $value }}' };
  const rule = { alert: alertname, expr: 'pressure > 3', for: '0s', labels, annotations };
  return JSON.stringify({ groups: [{ name: 'rules', interval: '1s', rules: [rule] }] });
}
