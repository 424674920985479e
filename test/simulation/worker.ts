import { parentPort } from 'node:worker_threads';
import type { Job } from './crew.ts';
import { mutants } from './mutant-list.ts';
import { sound } from './mutants.ts';
import { simulate } from './run.ts';
import { openScratch } from './scratch.ts';

const port = parentPort;
if (port === null) throw new Error('this is a worker thread of the simulation: start command.ts');

const scratch = await openScratch();
port.on('message', ({ seed, mutant }: Job) => {
  const variant = mutant === undefined ? sound : mutants.find(({ name }) => name === mutant);
  if (variant === undefined) throw new Error(`there is no mutant called ${mutant}`);
  void simulate({ ...scratch, seed, variant }).then((report) => port.postMessage(report));
});
