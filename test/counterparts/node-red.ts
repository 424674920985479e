import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort, startProgram, temporaryFolder } from './program.ts';
import type { Program } from './program.ts';

const home = join(import.meta.dirname, 'node-red');
const entry = join(home, 'node_modules', 'node-red', 'red.js');

/** Node-RED: a flow that takes a push, writes it to a file and answers. */
export interface NodeRed extends Program {
  /** Where to push to. */
  readonly hookUrl: string;
  /** The bodies that its flow has written so far, parsed, in the order of arrival. */
  received(): Promise<unknown[]>;
}

/** Installs Node-RED into its own folder when it is not there yet: it is large, and only this needs it. */
export async function installNodeRed(): Promise<void> {
  if (existsSync(entry)) return;
  const child = spawn('npm', ['ci', '--ignore-scripts'], { cwd: home, stdio: ['ignore', 'ignore', 'inherit'] });
  const [code]: unknown[] = await once(child, 'exit');
  if (code !== 0) throw new Error(`npm ci in test/counterparts/node-red ended with ${String(code)}`);
}

export function missingNodeRed(): string | undefined {
  return existsSync(entry) ? undefined : 'node-red is not installed: run npm ci in test/counterparts/node-red';
}

export async function startNodeRed(): Promise<NodeRed> {
  const folder = await temporaryFolder('node-red');
  const port = await freePort();
  const log = join(folder.path, 'received.log');
  await writeFile(log, '');
  await writeFile(join(folder.path, 'flows.json'), JSON.stringify(flow(log)));
  await writeFile(join(folder.path, 'settings.cjs'), settings(port));
  const program = await startProgram({
    command: process.execPath,
    arguments: [entry, '--userDir', folder.path, '--settings', join(folder.path, 'settings.cjs'), 'flows.json'],
    port,
    readyPath: '/ready',
    folder: folder.path,
  });
  return {
    ...program,
    hookUrl: `${program.url}/tocsin`,
    received: async () =>
      (await readFile(log, 'utf8'))
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line) as unknown),
    async stop() {
      await program.stop();
      await folder.remove();
    },
  };
}

/** No editor, no library look-ups, loopback only: a flow runner and nothing else. */
function settings(port: number): string {
  return `module.exports = ${JSON.stringify({
    uiHost: '127.0.0.1',
    uiPort: port,
    httpAdminRoot: false,
    credentialSecret: false,
    flowFile: 'flows.json',
    editorTheme: { tours: false },
    externalModules: { autoInstall: false, palette: { allowInstall: false } },
    telemetry: { enabled: false },
    logging: { console: { level: 'warn', metrics: false, audit: false } },
  })};\n`;
}

/** Two paths: a push becomes one line of JSON in a file, then the answer; and a readiness probe, up once the flow is. */
function flow(log: string): object[] {
  const tab = { id: 'n-tab', type: 'tab', label: 'tocsin' };
  // A node without a place on the page would be taken for a configuration node.
  const node = (id: string, type: string, next: string | undefined, settings: object) => ({
    id,
    type,
    z: tab.id,
    x: 0,
    y: 0,
    wires: [next === undefined ? [] : [next]],
    ...settings,
  });
  return [
    tab,
    node('n-in', 'http in', 'n-line', { url: '/tocsin', method: 'post' }),
    node('n-line', 'function', 'n-file', {
      func: 'msg.payload = JSON.stringify(msg.payload); return msg;',
      outputs: 1,
    }),
    // It passes the message on once it has written, so a 200 means that the line is in the file.
    node('n-file', 'file', 'n-answer', {
      filename: log,
      filenameType: 'str',
      appendNewline: true,
      overwriteFile: 'false',
      encoding: 'utf8',
    }),
    node('n-answer', 'http response', undefined, { statusCode: '200' }),
    node('n-ready', 'http in', 'n-up', { url: '/ready', method: 'get' }),
    node('n-up', 'http response', undefined, { statusCode: '204' }),
  ];
}
