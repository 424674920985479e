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
    flowFile: 'flows.json',
    editorTheme: { tours: false, projects: { enabled: false } },
    externalModules: { autoInstall: false, palette: { allowInstall: false } },
    telemetry: { enabled: false },
    logging: { console: { level: 'warn', metrics: false, audit: false } },
  })};\n`;
}

/** Two paths: a push becomes one line of JSON in a file, then the answer; and a readiness probe, up once the flow is. */
function flow(log: string): object[] {
  const z = 'flow';
  return [
    { id: z, type: 'tab', label: 'tocsin' },
    { id: 'in', z, type: 'http in', url: '/tocsin', method: 'post', wires: [['line']] },
    {
      id: 'line',
      z,
      type: 'function',
      func: 'msg.received = msg.payload; msg.payload = JSON.stringify(msg.payload); return msg;',
      outputs: 1,
      wires: [['file']],
    },
    {
      id: 'file',
      z,
      type: 'file',
      filename: log,
      filenameType: 'str',
      appendNewline: true,
      overwriteFile: 'false',
      encoding: 'utf8',
      // The file node passes the message on once it has written, so a 200 means that the line is in the file.
      wires: [['answer']],
    },
    { id: 'answer', z, type: 'http response', statusCode: '200', wires: [] },
    { id: 'ready', z, type: 'http in', url: '/ready', method: 'get', wires: [['up']] },
    { id: 'up', z, type: 'http response', statusCode: '204', wires: [] },
  ];
}
