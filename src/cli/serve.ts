import { startApp, type App, type AppOptions } from '../app.ts';
import type { Config } from '../config.ts';

export interface ServeOptions {
  readonly say: (line: string) => void;
  /** Where a test wants the process killed; '' = nowhere. */
  readonly crashPlan: string;
  /** Looks at every reply before it goes out, for tests. */
  readonly checkReplies: boolean;
  /** The database was restored from a backup. */
  readonly restored: boolean;
  /** Settles when the service is to stop. */
  readonly stop: Promise<void>;
}

/** Runs the service until it is told to stop, then drains it. */
export async function serve(config: Config, { say, stop, ...options }: ServeOptions): Promise<void> {
  const app = await startUnless(stop, config, options);
  if (app === undefined) return;
  say(`listening on ${app.url}`);
  if (app.firstKey !== undefined) {
    say('This is the first start: there is an administrator now. Their app key is shown only here, only once:');
    say(`  ${app.firstKey}`);
    say(
      `Try it:  curl -s ${app.url}/member/info -H 'Authorization: Bearer ${app.firstKey}' -H 'Content-Type: application/json' -d '{}'`,
    );
  }
  await stop;
  await app.close();
}

/** `undefined` when it was told to stop while it waited for its database. */
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
