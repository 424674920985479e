import { startProcesses } from './bench.ts';
import { readOptions } from './options.ts';
import { barTable, sectionText } from './report.ts';
import { storage } from './scenarios/storage.ts';

/* What a change writes to the disk, counted: `node bench/storage.ts`. The same as `node bench/main.ts --only storage`. */

const options = readOptions(['--quick']);
if (options === undefined) throw new Error('no options');
const processes = await startProcesses();
try {
  const say = (line: string) => process.stdout.write(`${line}\n`);
  const found = await storage({ options, postgres: undefined, say, ...processes });
  say([...sectionText(found), barTable(found.bars)].join('\n\n'));
} finally {
  await processes.load.stop();
  await processes.sink.stop();
}
