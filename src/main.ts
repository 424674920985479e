import { readFileSync, writeFileSync } from 'node:fs';
import { Command } from 'commander';
import { demo } from './cli/demo.ts';
import { openApiText } from './cli/openapi.ts';
import { serve } from './cli/serve.ts';
import { configPathVariable, exampleFile, printable, readConfig, type ConfigSources } from './config.ts';
import { Failure } from './runtime/failure.ts';
import { version } from './version.ts';

/** Arguments to a command to an exit code. The only file that sees the environment. */
const program = new Command('tocsin')
  .description('Keeps alerts and incidents and pushes every change of them, in order, durably and at once, by webhook.')
  .version(version);

program
  .command('serve', { isDefault: true })
  .description('starts the service; settings come from the environment and tocsin.toml')
  .option('--restored', 'after a restore from a backup: sends nothing again that may have been sent since')
  .action(({ restored = false }: { restored?: boolean }) =>
    run(() => {
      const crashPlan = process.env['TOCSIN_TEST_CRASH'] ?? '';
      const checkReplies = process.env['TOCSIN_TEST_CHECK_REPLIES'] === '1';
      return serve(readConfig(sources()), { say, crashPlan, checkReplies, restored, stop: stopped() });
    }),
  );

program
  .command('demo')
  .description('the whole product in half a minute, in a temporary folder')
  .action(() => run(() => demo(process.env['TOCSIN_LISTEN'], say, stopped())));

program
  .command('config')
  .description('prints the settings as they would be used, with secrets hidden')
  .option('--example', 'prints a commented example file instead')
  .action((options: { example?: true }) => run(async () => printConfig(options.example === true)));

program
  .command('openapi')
  .description('writes the API document to docs/openapi.json, or to another file')
  .argument('[file]', 'where to; - prints it', 'docs/openapi.json')
  .action((file: string) => run(async () => writeDocument(file)));

await program.parseAsync();

function printConfig(example: boolean): void {
  if (example) return void process.stdout.write(exampleFile());
  for (const [name, value] of Object.entries(printable(readConfig(sources())))) say(`${name}=${value}`);
}

function writeDocument(file: string): void {
  if (file === '-') return void process.stdout.write(openApiText());
  writeFileSync(file, openApiText());
  say(`wrote ${file}`);
}

/** An expected failure is a sentence for the operator; anything else is a bug and shows its stack. */
async function run(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!isExpected(error)) throw error;
    process.stderr.write(`tocsin: ${error.message}\n`);
    process.exitCode = 1;
  }
}

function isExpected(error: unknown): error is Error {
  return error instanceof Failure || (error instanceof Error && ('kind' in error || 'code' in error));
}

function sources(): ConfigSources {
  const named = process.env[configPathVariable];
  const path = named ?? 'tocsin.toml';
  const text = readIfThere(path, named !== undefined);
  return { env: process.env, ...(text === undefined ? {} : { file: { path, text } }) };
}

function readIfThere(path: string, required: boolean): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const missing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    if (missing && !required) return undefined;
    throw new Failure('InvalidParameter', `${path} cannot be read: ${error instanceof Error ? error.message : ''}`);
  }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Settles at the first SIGINT or SIGTERM; the second ends the process at once. */
function stopped(): Promise<void> {
  return new Promise((resolve) => {
    let asked = false;
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.on(signal, () => {
        if (asked) process.exit(1);
        asked = true;
        resolve();
      });
    }
  });
}
