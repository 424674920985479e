import { readFileSync, writeFileSync } from 'node:fs';
import { Command } from 'commander';
import { serve } from './cli/serve.ts';
import { exampleFile } from './config/example.ts';
import { configPathVariable, printable, readConfig, type ConfigSources } from './config/load.ts';
import { closest } from './runtime/closest.ts';
import { Failure } from './runtime/failure.ts';
import { version } from './version.ts';

/**
 * Arguments to a command to an exit code. The only file that sees the environment. A command loads what it needs when it runs,
 * so that the service starts without the others.
 */
const program = new Command('tocsin')
  .description('Keeps alerts and incidents and pushes every change of them, in order, durably and at once, by webhook.')
  .version(version);

program
  .command('serve', { isDefault: true })
  .description('starts the service, as tocsin alone does; settings come from the environment and tocsin.toml')
  .option('--restored', 'after a restore from a backup: sends nothing again that may have been sent since')
  .option('--new', 'begins anew, without alerts, where the database of the data folder is gone')
  .action(({ restored = false, new: anew = false }: { restored?: boolean; new?: boolean }) =>
    run(() => {
      const crashPlan = process.env['TOCSIN_TEST_CRASH'] ?? '';
      const checkReplies = process.env['TOCSIN_TEST_CHECK_REPLIES'] === '1';
      const settings = printable(sources());
      return serve(readConfig(sources()), { settings, say, crashPlan, checkReplies, restored, anew, stop: stopped() });
    }),
  );

program
  .command('demo')
  .description('the whole product in half a minute, in a temporary folder')
  .action(() =>
    run(async () => {
      const { demo } = await import('./cli/demo.ts');
      return demo(process.env['TOCSIN_LISTEN'], say, stopped());
    }),
  );

program
  .command('sign-in-link')
  .description('prints a link that signs in once, within an hour; run it where the service runs, with its settings')
  .option(
    '--email <address>',
    'of the member to sign in, who is looked for when the link is opened; the oldest administrator without it',
  )
  .action(({ email = '' }: { email?: string }) =>
    run(async () => {
      const { signInLink } = await import('./cli/sign-in-link.ts');
      say(signInLink(readConfig(sources()), email));
    }),
  );

program
  .command('admin-key')
  .description('prints a new app key of an administrator, once; run it where the service runs, with its settings')
  .option('--email <address>', 'of the member whose key it is; the oldest administrator without it')
  .option('--only', 'deletes the other keys of that member')
  .action(({ email = '', only = false }: { email?: string; only?: boolean }) =>
    run(async () => {
      const { adminKey } = await import('./cli/admin-key.ts');
      say(await adminKey(readConfig(sources()), { email, only }));
    }),
  );

program
  .command('rotate-secret-key')
  .description('seals the stored secrets with a new key; run it where the service ran, with its settings')
  .action(() =>
    run(async () => {
      const { rotateSecretKey } = await import('./cli/rotate-secret-key.ts');
      return rotateSecretKey(readConfig(sources()), say, process.env['TOCSIN_TEST_CRASH'] ?? '');
    }),
  );

program
  .command('config')
  .description('prints the settings as they would be used, with secrets hidden')
  .option('--example', 'prints a commented example file instead')
  .action((options: { example?: true }) => run(async () => printConfig(options.example === true)));

program
  .command('openapi')
  .description('writes the API document to docs/openapi.json, or to another file')
  .argument('[file]', 'where to; - prints it', 'docs/openapi.json')
  .action((file: string) => run(() => writeDocument(file)));

// Otherwise it would be taken for an argument of `serve`.
program.hook('preSubcommand', () => {
  const [word = '-'] = program.args;
  const names = program.commands.map((command) => command.name());
  if (word.startsWith('-') || names.includes(word)) return;
  const near = closest(
    word,
    names.filter((name) => name[0] === word[0]),
  );
  const hint = near === undefined ? 'tocsin --help lists them' : `did you mean ${near}?`;
  program.error(`tocsin: there is no command ${JSON.stringify(word)}; ${hint}`);
});
// A reader such as `head` may have enough.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});
await program.parseAsync();

function printConfig(example: boolean): void {
  if (example) return void process.stdout.write(exampleFile());
  for (const [name, value] of Object.entries(printable(sources()))) say(`${name}=${value}`);
}

async function writeDocument(file: string): Promise<void> {
  const { openApiText } = await import('./cli/openapi.ts');
  const text = await openApiText();
  if (file === '-') return void process.stdout.write(text);
  writeFileSync(file, text);
  say(`wrote ${file}`);
}

/** An expected failure is a sentence for the operator; any other is a bug and shows its stack. */
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
