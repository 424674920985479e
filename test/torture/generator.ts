import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { readLines, seeded } from '../counterparts/receiver-process.ts';

/** How long the generator waits after a refusal or a dead service before it tries again. */
const pauseMs = 20;
/** A node that is paused answers when it goes on again: by then it is asked no more. */
const answerMaxMs = 1_000;
const recoveryShare = 0.1;
/** Operations of the API with an idempotency key, among the pushes, which have none. */
const operationShare = 0.08;
/** Operations that are sent once more after they were answered, perhaps to another node. */
const replayShare = 0.5;
/** A key whose first request died with its node stays locked. */
const lockedTriesMax = 3;

/** A push that was acknowledged with 200: from then on it must not be lost. */
export interface Acknowledged {
  readonly kind: 'push';
  /** Rises over all pushes; the alert's description holds it, so that each push differs from all others. */
  readonly number: number;
  readonly alertKey: string;
  readonly recovery: boolean;
  /** Times that it was sent until it was acknowledged. */
  readonly tries: number;
  /** When its 200 had been read, Unix milliseconds. */
  readonly at: number;
}

/** An incident that was opened under an idempotency key. */
export interface Operation {
  readonly kind: 'operation';
  readonly number: number;
  /** The incident's id in each answer with 200; none when it had to be given up. */
  readonly incidentIds: readonly string[];
  readonly tries: number;
}

/** An answer that says neither yes nor "not now". */
export interface Refused {
  readonly kind: 'refused';
  readonly path: string;
  readonly status: number;
  readonly body: string;
}

type Line = Acknowledged | Operation | Refused;

export interface GeneratorOptions {
  /** Of every node: each request goes to any of them, and after a failure to another. */
  readonly urls: readonly string[];
  readonly appKey: string;
  readonly integrationKeys: readonly string[];
  readonly logFile: string;
  readonly seed: number;
  /** Pushes at the same time; each worker has its own alerts, so that it knows their state. */
  readonly workers: number;
  readonly alertsPerWorker: number;
  /** The longest that a worker waits after something was acknowledged. */
  readonly paceMaxMs: number;
}

export interface Generator {
  acknowledged(): Acknowledged[];
  operations(): Operation[];
  refused(): Refused[];
  acknowledgedCount(): number;
  stop(): Promise<void>;
}

/** Starts the load as a separate process, which goes on while the service is dead. */
export function startGenerator(options: GeneratorOptions): Generator {
  appendFileSync(options.logFile, '');
  const child = spawn(process.execPath, [import.meta.filename, JSON.stringify(options)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let acknowledgedCount = 0;
  // A byte for each, as it is acknowledged.
  child.stdout.on('data', (chunk: Buffer) => (acknowledgedCount += chunk.length));
  const lines = <Kind extends Line['kind']>(kind: Kind) =>
    readLines(options.logFile)
      .map((line) => JSON.parse(line) as Line)
      .filter((line): line is Extract<Line, { kind: Kind }> => line.kind === kind);
  return {
    acknowledgedCount: () => acknowledgedCount,
    acknowledged: () => lines('push'),
    operations: () => lines('operation'),
    refused: () => lines('refused'),
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

/** The title of the incident that operation `number` opens. */
export function titleOf(number: number): string {
  return `operation ${number}`;
}

interface Answer {
  readonly status: number;
  readonly body: string;
}

/** Sends one thing after the other, each until it is acknowledged. */
class Worker {
  readonly #options: GeneratorOptions;
  readonly #worker: number;
  readonly #random: () => number;
  readonly #next: () => number;
  readonly #running: () => boolean;
  /** Alerts whose last push was acknowledged and left them open: only then is it known what a recovery does. */
  readonly #open = new Set<string>();
  /** How often an alert got a new key. */
  readonly #renewed = new Map<number, number>();

  constructor(options: GeneratorOptions, worker: number, next: () => number, running: () => boolean) {
    this.#options = options;
    this.#worker = worker;
    this.#random = seeded(options.seed + worker);
    this.#next = next;
    this.#running = running;
  }

  async work(): Promise<void> {
    while (this.#running()) {
      if (this.#random() < operationShare) await this.#operate();
      else await this.#push();
      await sleep(this.#random() * this.#options.paceMaxMs);
    }
  }

  async #push(): Promise<void> {
    const { alertsPerWorker, integrationKeys } = this.#options;
    const alert = Math.floor(this.#random() ** 2 * alertsPerWorker);
    const alertKey = `w${this.#worker}-a${alert}-${this.#renewed.get(alert) ?? 0}`;
    const integrationKey = integrationKeys[alert % integrationKeys.length] ?? '';
    const recovery = this.#open.has(alertKey) && this.#random() < recoveryShare;
    this.#open.delete(alertKey);
    const number = this.#next();
    const severity = ['Critical', 'Warning', 'Info'][Math.floor(this.#random() * 3)];
    const body = {
      title_rule: `alert ${alertKey}`,
      event_status: recovery ? 'Ok' : severity,
      alert_key: alertKey,
      description: describe(number),
      labels: { worker: String(this.#worker) },
    };
    const path = `/event/push/alert/standard?integration_key=${integrationKey}`;
    const { answer, tries } = await this.#untilTaken(path, body);
    // One that was sent twice may still arrive for the second time, at a node that was paused: nothing may follow it.
    if (tries > 1) this.#renewed.set(alert, (this.#renewed.get(alert) ?? 0) + 1);
    if (answer?.status !== 200) return;
    this.#log({ kind: 'push', number, alertKey, recovery, tries, at: Date.now() });
    process.stdout.write('.');
    if (!recovery) this.#open.add(alertKey);
  }

  /** What would be done twice without its key. */
  async #operate(): Promise<void> {
    const number = this.#next();
    const body = { title: titleOf(number), incident_severity: 'Warning' };
    const headers = {
      authorization: `Bearer ${this.#options.appKey}`,
      'idempotency-key': `${this.#options.seed}-${number}`,
    };
    const send = () => this.#untilTaken('/incident/create', body, headers);
    const { answer, tries } = await send();
    const answers = [answer];
    if (answer?.status === 200 && this.#random() < replayShare) answers.push((await send()).answer);
    const incidentIds = answers.flatMap((one) =>
      one?.status === 200 ? [(JSON.parse(one.body) as { data: { incident_id: string } }).data.incident_id] : [],
    );
    this.#log({ kind: 'operation', number, incidentIds, tries });
  }

  /** @returns the 200; another answer, or none, when it was given up. */
  async #untilTaken(
    path: string,
    body: object,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<{ answer: Answer | undefined; tries: number }> {
    const { urls } = this.#options;
    let node = Math.floor(this.#random() * urls.length);
    let locked = 0;
    for (let tries = 1; ; tries += 1) {
      const answer = await post(`${urls[node]}${path}`, body, headers);
      if (answer?.status === 200) return { answer, tries };
      if (answer?.status === 423) locked += 1;
      else if (answer !== undefined && answer.status !== 503 && answer.status !== 429) {
        this.#log({ kind: 'refused', path, ...answer });
        return { answer, tries };
      }
      if (!this.#running() || locked >= lockedTriesMax) return { answer, tries };
      await sleep(pauseMs);
      node = (node + 1 + Math.floor(this.#random() * (urls.length - 1))) % urls.length;
    }
  }

  #log(line: Line): void {
    appendFileSync(this.#options.logFile, `${JSON.stringify(line)}\n`);
  }
}

/** The answer, or undefined when the service died before it answered, or takes too long. */
async function post(url: string, body: object, headers: Readonly<Record<string, string>>): Promise<Answer | undefined> {
  try {
    const answer = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(answerMaxMs),
    });
    return { status: answer.status, body: await answer.text() };
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
  const workers = Array.from({ length: options.workers }, (_, worker) =>
    new Worker(options, worker, next, () => running).work(),
  );
  await Promise.all(workers);
}
