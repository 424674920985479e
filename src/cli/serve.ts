import { flushCompileCache } from 'node:module';
import { startApp, type App, type AppOptions } from '../app.ts';
import type { Config } from '../config/settings.ts';

const isBundled = !import.meta.filename.endsWith('.ts');

export interface ServeOptions {
  readonly say: (line: string) => void;
  /** The crash points of a test; '' = none. */
  readonly crashPlan: string;
  /** Checks every reply before it goes out, for tests. */
  readonly checkReplies: boolean;
  /** The database was restored from a backup. */
  readonly restored: boolean;
  /** The settings by name, as they may be shown. */
  readonly settings: Readonly<Record<string, string>>;
  /** Begin anew where the database is gone. */
  readonly anew: boolean;
  /** Settles when the service is to stop. */
  readonly stop: Promise<void>;
}

/**
 * Runs the service until `stop`, then drains it.
 * @throws Error when it cannot go on.
 */
export async function serve(config: Config, { say, stop, ...options }: ServeOptions): Promise<void> {
  const app = await startUnless(stop, config, options);
  if (app === undefined) return;
  // A process that is killed never writes what it has compiled. The bundle's few files take 2 ms of the loop; those of the sources
  // took 300, so these are written when the process ends.
  if (isBundled) flushCompileCache();
  say(`listening on ${app.url}`);
  if (app.firstLink !== undefined) {
    say(`This is the first start: there is an administrator now, ${app.firstEmail}.`);
    say(
      'They choose a password in the console, and sign in later with both. This link signs them in, once, within an hour:',
    );
    say(`  ${app.firstLink}`);
    say('Another one: npx tocsin sign-in-link');
  }
  if (app.firstKey !== undefined) {
    say('The first app key of the administrator is shown only here, only once:');
    say(`  ${app.firstKey}`);
    say(
      `Try it:  curl -s ${app.url}/member/info -H 'Authorization: Bearer ${app.firstKey}' -H 'Content-Type: application/json' -d '{}'`,
    );
  }
  const end: { broken?: Error } = {};
  void app.broken.then((reason) => (end.broken = reason));
  await Promise.race([stop, app.broken]);
  await app.close();
  // Also when it broke while it was stopping.
  if (end.broken !== undefined) throw end.broken;
}

/** `undefined` when it was stopped while it waited for its database. */
async function startUnless(stop: Promise<void>, config: Config, options: AppOptions): Promise<App | undefined> {
  const stopping = new AbortController();
  void stop.then(() => stopping.abort());
  try {
    return await startApp(config, { ...options, stop: stopping.signal });
  } catch (error) {
    if (stopping.signal.aborted && error === stopping.signal.reason) return undefined;
    throw error;
  }
}
