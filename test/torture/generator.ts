import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { readLines, seeded } from '../counterparts/receiver-process.ts';

/** How long the generator waits after a refusal or a dead service before it goes on with something else. */
const pauseMs = 20;
/**
 * The longest that a worker waits after an acknowledged push. Eight workers then push about as fast as the slow receivers
 * take it with eight requests in flight: always some in flight at a kill, and no backlog that takes minutes to drain.
 */
const paceMaxMs = 100;
const recoveryShare = 0.1;

/** A change that the service acknowledged with 200: from then on it must not be lost. */
export interface Acknowledged {
  /** Rises over all pushes; the alert's description holds it, so that a push can be told from all others. */
  readonly number: number;
  readonly alertKey: string;
  readonly recovery: boolean;
  /** When its 200 had been read, Unix milliseconds. */
  readonly at: number;
}

export interface GeneratorOptions {
  readonly url: string;
  readonly integrationKeys: readonly string[];
  readonly logFile: string;
  readonly seed: number;
  /** Pushes at the same time; each worker has alerts of its own, so that it knows their state. */
  readonly workers: number;
  readonly alertsPerWorker: number;
}

export interface Generator {
  acknowledged(): Acknowledged[];
  acknowledgedCount(): number;
  stop(): Promise<void>;
}

/** Starts the load as a process of its own, which goes on while the service is dead. */
export function startGenerator(options: GeneratorOptions): Generator {
  appendFileSync(options.logFile, '');
  const child = spawn(process.execPath, [import.meta.filename, JSON.stringify(options)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let acknowledgedCount = 0;
  // A byte for each, as it is acknowledged.
  child.stdout.on('data', (chunk: Buffer) => (acknowledgedCount += chunk.length));
  return {
    acknowledgedCount: () => acknowledgedCount,
    acknowledged: () => readLines(options.logFile).map((line) => JSON.parse(line) as Acknowledged),
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) throw new Error('the generator has died');
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
    },
  };
}

/** The description of the alert after push `number`. */
export function describe(number: number): string {
  return `push ${number}`;
}

async function work(
  options: GeneratorOptions,
  worker: number,
  next: () => number,
  running: () => boolean,
): Promise<void> {
  const random = seeded(options.seed + worker);
  /** Alerts whose last push was acknowledged and left them open: only then is it known what a recovery does. */
  const open = new Set<string>();
  while (running()) {
    const alert = Math.floor(random() ** 2 * options.alertsPerWorker);
    const alertKey = `w${worker}-a${alert}`;
    const integrationKey = options.integrationKeys[alert % options.integrationKeys.length] ?? '';
    const recovery = open.has(alertKey) && random() < recoveryShare;
    open.delete(alertKey);
    const number = next();
    const severity = ['Critical', 'Warning', 'Info'][Math.floor(random() * 3)];
    const answered = await push(options.url, integrationKey, {
      title_rule: `alert ${alertKey}`,
      event_status: recovery ? 'Ok' : severity,
      alert_key: alertKey,
      description: describe(number),
      labels: { worker: String(worker) },
    });
    if (answered === 200) {
      const line: Acknowledged = { number, alertKey, recovery, at: Date.now() };
      appendFileSync(options.logFile, `${JSON.stringify(line)}\n`);
      process.stdout.write('.');
      if (!recovery) open.add(alertKey);
      await sleep(random() * paceMaxMs);
    } else await sleep(pauseMs);
  }
}

/** The status, or undefined when the service died before it answered. */
async function push(url: string, integrationKey: string, body: object): Promise<number | undefined> {
  try {
    const answer = await fetch(`${url}/event/push/alert/standard?integration_key=${integrationKey}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(10_000),
    });
    await answer.text();
    return answer.status;
  } catch {
    return undefined;
  }
}

if (import.meta.main) {
  const options = JSON.parse(process.argv[2] ?? '{}') as GeneratorOptions;
  let running = true;
  process.once('SIGTERM', () => (running = false));
  let number = 0;
  const next = () => (number += 1);
  const workers = Array.from({ length: options.workers }, (_, worker) => work(options, worker, next, () => running));
  await Promise.all(workers);
}
