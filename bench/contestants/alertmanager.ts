import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort, missingCommand, startProgram, temporaryFolder } from '../../test/counterparts/program.ts';
import { NotRunnable, type Entry } from './contestant.ts';

const command = 'prometheus-alertmanager';

/** A group for each alert, and no wait before its notification. It keeps its pending notifications in memory. */
export const alertmanager: Entry = {
  key: 'alertmanager',
  name: 'Alertmanager, no wait, in memory',
  async start({ sinkPort, fanOut }) {
    const missing = missingCommand(command, 'prometheus-alertmanager');
    if (missing !== undefined) throw new NotRunnable(missing);
    const folder = await temporaryFolder('bench-alertmanager');
    const port = await freePort();
    await writeFile(join(folder.path, 'alertmanager.yml'), configuration(sinkPort, fanOut));
    const program = await startProgram({
      command,
      arguments: [
        '--config.file=alertmanager.yml',
        '--storage.path=storage',
        `--web.listen-address=127.0.0.1:${port}`,
        '--cluster.listen-address=',
        '--log.level=error',
      ],
      port,
      readyPath: '/-/ready',
      folder: folder.path,
    });
    return {
      ports: [port],
      path: '/api/v2/alerts',
      body: 'alerts',
      async stop() {
        await program.stop();
        await folder.remove();
      },
    };
  },
};

/** JSON is YAML. */
function configuration(sinkPort: number, fanOut: number): string {
  return JSON.stringify({
    global: { resolve_timeout: '24h' },
    route: { receiver: 'sink', group_by: ['...'], group_wait: '0s', group_interval: '24h', repeat_interval: '48h' },
    receivers: [
      {
        name: 'sink',
        webhook_configs: Array.from({ length: fanOut }, (_, index) => ({
          url: `http://127.0.0.1:${sinkPort}/alertmanager/${index}`,
          send_resolved: false,
        })),
      },
    ],
  });
}
