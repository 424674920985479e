import { copyFileSync, existsSync, rmSync } from 'node:fs';
import type { CrashPoint } from '../../src/runtime/crash-points.ts';
import { Failure } from '../../src/runtime/failure.ts';
import { DatabaseFailure } from '../../src/database/database.ts';
import type { LogFields, Logger } from '../../src/runtime/logger.ts';
import { Chance } from './chance.ts';
import { FaultyDisk } from './faulty-disk.ts';
import { Endpoint, type Character } from './endpoint.ts';
import * as onRequest from './invariants/request.ts';
import * as atRest from './invariants/rest.ts';
import { Kernel } from './kernel.ts';
import { Life, WallClock } from './life.ts';
import { Model } from './model.ts';
import { Network, serialOf, type WireRequest } from './network.ts';
import type { Variant } from './mutants.ts';
import { planOf, type Plan } from './plan.ts';
import { createService, sealerOf, worldStart, type Place, type Service } from './service.ts';
import { openStore, type Store } from './store.ts';
import { readStored } from './stored.ts';
import { Trace } from './trace.ts';
import { Workload, type Operation } from './workload.ts';

export interface Violation {
  readonly id: string;
  readonly message: string;
}

export interface Report {
  readonly seed: number;
  readonly violation: Violation | undefined;
  readonly digest: string;
  readonly lastLines: readonly string[];
  readonly counts: Counts;
}

const noCounts = {
  steps: 0,
  virtualSeconds: 0,
  operations: 0,
  acknowledged: 0,
  events: 0,
  deliveries: 0,
  commits: 0,
  requests: 0,
  attempts: 0,
  delivered: 0,
  unknown: 0,
  forgotten: 0,
  faults: 0,
  starts: 0,
  crashes: 0,
  crashedAtPoint: 0,
  froze: 0,
  clockSteps: 0,
};

/** How much happened in a run. */
export type Counts = typeof noCounts;

export interface RunOptions {
  readonly seed: number;
  readonly folder: string;
  readonly template: string;
  readonly place: Place;
  readonly variant: Variant;
  readonly tell?: (line: string) => void;
}

/** Until all that may go has gone, and until what waits for its next attempt has had it, virtual milliseconds. */
const quietMaxMs = 10 * 60_000;
/** Steps between two looks at whether everything is done. */
const looksEvery = 8;
const retriesMaxMs = 10 * 3_600_000;
/** A new event of a lane that is ready goes out within a poll of the database, whoever else hangs. */
const probeMaxMs = 70_000;
const idleMs = 180_000;
/** Steps in an idle virtual second, and timers of an idle service. */
const idleStepsPerSecond = 5;
const idleTimersMax = 12;
/** Claimed and not settled, and timers beside those of requests in flight. */
const slotsMax = 1_024;
const otherTimersMax = 64;
const stopMaxMs = 60_000;

class Violated extends Error {}

/** One run of the whole service in a world of its own, from its seed alone. */
export async function simulate(options: RunOptions): Promise<Report> {
  const run = new Run(options);
  return run.carryOut();
}

class Run {
  readonly #options: RunOptions;
  readonly #chance: Chance;
  readonly #plan: Plan;
  readonly #kernel: Kernel;
  readonly #trace: Trace;
  readonly #wall: WallClock;
  readonly #model: Model;
  readonly #network: Network;
  readonly #disk: FaultyDisk;
  readonly #workload: Workload;
  readonly #fate: Chance;
  readonly #file: string;
  readonly #endpoints = new Map<number, Endpoint>();
  readonly #hung = new Set<number>();
  readonly #died = new Set<number>();
  readonly #counts: Counts = { ...noCounts };
  #life: Life;
  #lives = 0;
  #store: Store | undefined;
  #service: Service | undefined;
  #violation: Violation | undefined;
  #safe = false;
  #backMs = 0;
  #stopping = false;
  #ending = false;

  constructor(options: RunOptions) {
    this.#options = options;
    this.#chance = new Chance(BigInt(options.seed));
    const plan = planOf(this.#chance.fork('plan'));
    this.#plan = options.variant.plan?.(plan) ?? plan;
    this.#kernel = new Kernel(this.#chance.fork('kernel'));
    this.#trace = new Trace(() => this.#kernel.now, options.tell);
    this.#wall = new WallClock(this.#kernel, worldStart);
    this.#fate = this.#chance.fork('fate');
    this.#file = `${options.folder}/run.db`;
    this.#model = new Model(sealerOf(this.#chance.fork('model')), {
      now: () => this.#kernel.now,
      life: () => this.#life.number,
      onWire: (deliveryId, attempt) => this.#network.onWire(deliveryId, attempt),
      violated: (id, message) => this.#violated(id, message),
    });
    this.#network = new Network(this.#kernel, {
      deliveryOf: (serial, eventId) => this.#deliveryOf(serial, eventId),
      wrote: (request) => this.#wrote(request),
      ended: (report) => this.#trace.add(`answer ${report.statusCode} ${report.phase} ${report.fault?.kind ?? ''}`),
      endpointOf: (serial) => this.#endpointOf(serial),
    });
    this.#disk = new FaultyDisk(this.#kernel, this.#chance.fork('disk'), this.#plan.disk, {
      committed: (changes) => {
        this.#counts.commits += 1;
        this.#trace.add(
          `commit ${changes.map(({ what, row }) => (what === 'event' ? 'event' : what + row)).join(' ')}`,
        );
        this.#model.apply(changes);
        if (options.variant.unsynced === true && this.#fate.yes(0.3)) this.#keepImage();
      },
      cut: () => this.#crash('power'),
      runsOnWhenFull: options.variant.runsOnWhenFull ?? false,
    });
    this.#workload = new Workload(this.#chance.fork('workload'), this.#plan, options.place, this.#model);
    this.#life = this.#newLife();
  }

  async carryOut(): Promise<Report> {
    const onRejection = (error: unknown) => {
      this.#violated('bug', `a rejection that nobody handles: ${error instanceof Error ? error.stack : String(error)}`);
    };
    process.on('unhandledRejection', onRejection);
    process.on('uncaughtException', onRejection);
    try {
      this.#fresh();
      await this.#phases();
    } catch (error) {
      if (!(error instanceof Violated)) {
        this.#violated('bug', error instanceof Error ? (error.stack ?? error.message) : String(error));
      }
    } finally {
      this.#life.alive = false;
      this.#store?.cut();
      process.off('unhandledRejection', onRejection);
      process.off('uncaughtException', onRejection);
    }
    return this.#report();
  }

  async #phases(): Promise<void> {
    this.#trace.add(`plan ${JSON.stringify(this.#plan)}`);
    await this.#boot();
    this.#scheduleSafety();
    await this.#runFor(this.#plan.safetyMs);
    await this.#heal();
    await this.#probe();
    await this.#idle();
    await this.#end();
  }

  async #boot(): Promise<void> {
    this.#disk.on = false;
    this.#start();
    await this.#until('the service has started', () => this.#service !== undefined, 60_000);
    for (let count = 0; count < this.#plan.webhooks; count += 1) this.#do(this.#workload.createWebhook());
    await this.#until('webhooks are there', () => this.#model.webhooks.size === this.#plan.webhooks, 60_000);
    this.#disk.on = true;
    this.#safe = true;
  }

  #scheduleSafety(): void {
    const plan = this.#plan;
    this.#repeatedly(plan.operationEveryMs, () => this.#do(this.#workload.next()));
    this.#repeatedly(plan.crashEveryMs, () => this.#crash('kill'));
    this.#repeatedly(plan.restartEveryMs, () => void this.#restart());
    this.#repeatedly(plan.freezeEveryMs, () => this.#freeze(this.#fate.between(20, 3_000)));
    this.#repeatedly(plan.clockEveryMs, () => this.#stepClock());
    this.#repeatedly(plan.characterEveryMs, () => this.#changeCharacter());
    this.#repeatedly(plan.disk.outageEveryMs, () => this.#disk.breakFor(this.#fate.between(100, 6_000)));
  }

  #repeatedly(everyMs: number, work: () => void): void {
    if (everyMs === 0) return;
    this.#kernel.after(this.#fate.fraction() * 2 * everyMs, 'world', () => {
      if (!this.#safe) return;
      work();
      this.#repeatedly(everyMs, work);
    });
  }

  /** Faults and inputs end; what must stay broken stays broken. */
  async #heal(): Promise<void> {
    this.#trace.add('heal');
    this.#safe = false;
    this.#disk.on = false;
    for (const endpoint of this.#endpoints.values()) endpoint.character = 'healthy';
    for (const serial of this.#hung) this.#endpointOf(serial).character = 'hung';
    const healthy = (webhook: { endpoint: string }) => !this.#hung.has(serialOf(new URL(webhook.endpoint).hostname));
    const up = () => this.#service !== undefined && !this.#stopping;
    const left = (now?: number) => (up() ? atRest.isDone(this.#model, healthy, now) : ['the service is not up']);
    const why = () => left().slice(0, 3).join('; ');
    // Looking costs more than a step does.
    const over = (now?: () => number) => this.#kernel.steps % looksEvery === 0 && left(now?.()).length === 0;
    await this.#until('I16', () => over(() => this.#wall.now()), quietMaxMs, why);
    await this.#until('I6', () => over(), retriesMaxMs + this.#backMs, why);
    this.#all('I22', atRest.isRecovered(this.#model, this.#life.number));
  }

  /** What happens now reaches the healthy in time, though others hang. */
  async #probe(): Promise<void> {
    const before = new Set(this.#model.owed.keys());
    for (let count = 0; count < 3; count += 1) this.#do(this.#workload.report(1));
    await this.#runFor(probeMaxMs + 5_000);
    const probes = [...this.#model.owed.values()].filter((owed) => {
      const webhook = this.#model.webhooks.get(owed.webhookId);
      const serial = serialOf(new URL(webhook?.endpoint ?? 'http://w0.example').hostname);
      return !before.has(owed.deliveryId) && webhook?.status === 'enabled' && !this.#hung.has(serial);
    });
    this.#all('I15', atRest.startedInTime(probes, probeMaxMs));
  }

  /** With nothing to do the service does nothing. */
  async #idle(): Promise<void> {
    if ([...this.#model.open.values()].some((owed) => this.#model.webhooks.get(owed.webhookId)?.status === 'enabled'))
      return;
    const before = this.#kernel.steps;
    await this.#runFor(idleMs);
    const steps = this.#kernel.steps - before;
    if (steps > (idleStepsPerSecond * idleMs) / 1000) this.#violated('I16', `${steps} steps in ${idleMs} idle ms`);
    if (this.#life.pendingTimers > idleTimersMax) this.#violated('I16', `${this.#life.pendingTimers} timers when idle`);
    for (const gauge of ['tocsin_deliveries_in_flight', 'tocsin_deliveries_held']) {
      if (this.#life.gauge(gauge) !== 0) this.#violated('I17', `${gauge} is ${this.#life.gauge(gauge)} when idle`);
    }
  }

  async #end(): Promise<void> {
    this.#all('B62', atRest.isCancelled(this.#model));
    this.#ending = true;
    void this.#restart();
    await this.#until('B10', () => this.#service === undefined, stopMaxMs);
    const requests = [...this.#network.requests.values()].flat();
    this.#all('I13', atRest.isRecorded(requests, this.#model, this.#died));
    this.#all('I2', atRest.isAsCommitted(readStored(this.#file), this.#model));
  }

  #newLife(): Life {
    this.#lives += 1;
    return new Life(this.#lives, this.#kernel, this.#wall, {
      passes: (life, point) => this.#passes(life, point),
      lateness: () => (this.#safe && this.#plan.latenessMs > 0 ? this.#fate.fraction() * this.#plan.latenessMs : 0),
    });
  }

  #start(): void {
    const life = this.#newLife();
    this.#life = life;
    this.#counts.starts += 1;
    this.#trace.add(`start of life ${life.number}`);
    try {
      this.#store = openStore(this.#file, life, this.#disk);
      const service = createService({
        life,
        database: this.#store.database,
        sender: this.#network.senderFor(life),
        chance: this.#chance.fork(`life ${life.number}`),
        logger: this.#loggerOf(life),
        variant: this.#options.variant,
      });
      service.start().then(
        () => {
          if (!life.alive) return;
          this.#service = service;
          if (this.#options.variant.name === 'sound') this.#all('I22', atRest.isRecovered(this.#model, life.number));
        },
        (error: unknown) => this.#couldNotStart(life, error),
      );
    } catch (error) {
      this.#couldNotStart(life, error);
    }
  }

  #couldNotStart(life: Life, error: unknown): void {
    if (!life.alive) return;
    if (!(error instanceof DatabaseFailure)) throw error;
    this.#crash(`start: ${error.message}`);
  }

  #crash(why: string): void {
    const life = this.#life;
    if (!life.alive) return;
    this.#stopping = false;
    this.#trace.add(`crash of life ${life.number}: ${why}`);
    this.#counts.crashes += 1;
    life.alive = false;
    this.#died.add(life.number);
    this.#service = undefined;
    this.#store?.cut();
    this.#network.drop(life.number);
    this.#kernel.after(this.#fate.between(20, 2_000), 'world', () => this.#restarted());
  }

  #restarted(): void {
    if (this.#options.variant.unsynced === true) this.#loseCommits();
    this.#all('I2', atRest.isAsCommitted(readStored(this.#file), this.#model));
    this.#start();
  }

  /** An orderly stop, and in the safety phase a start. */
  async #restart(): Promise<void> {
    const service = this.#service;
    if (service === undefined || this.#stopping) return;
    const { life } = service;
    this.#stopping = true;
    this.#trace.add(`stop of life ${life.number}`);
    const faults = this.#disk.faults;
    await service.stop();
    if (!life.alive) return;
    this.#stopping = false;
    this.#trace.add(`life ${life.number} has stopped`);
    // What could not be written is left to the next start.
    if (this.#disk.faults === faults) this.#all('B10', atRest.isDrained(this.#model));
    life.alive = false;
    this.#service = undefined;
    if (!this.#ending) this.#kernel.after(this.#fate.between(20, 1_000), 'world', () => this.#restarted());
  }

  #do(operation: Operation): void {
    this.#counts.operations += 1;
    const service = this.#service;
    if (service === undefined) return;
    this.#trace.add(`operation ${operation.name}`);
    operation.run(service).then(
      (stored) => this.#acknowledged(operation, service.life, stored),
      (error: unknown) => {
        if (error instanceof Failure || error instanceof DatabaseFailure) this.#trace.add(`refused: ${error.message}`);
        else this.#violated('bug', error instanceof Error ? (error.stack ?? error.message) : String(error));
      },
    );
  }

  #acknowledged(operation: Operation, life: Life, stored: boolean): void {
    if (!life.alive) return;
    this.#counts.acknowledged += 1;
    this.#trace.add(`acknowledged ${operation.name}`);
    if (stored) this.#all('I2', atRest.isThere(operation.says, this.#model));
  }

  #passes(life: Life, point: CrashPoint): void {
    if (life !== this.#life) return;
    const { crashAtPoint, freezeAtPoint } = this.#plan;
    if (!this.#safe) return;
    if (crashAtPoint > 0 && this.#fate.yes(crashAtPoint)) {
      this.#counts.crashedAtPoint += 1;
      this.#crash(point);
    } else if (freezeAtPoint > 0 && this.#fate.yes(freezeAtPoint)) {
      this.#freeze(this.#fate.pick([50, 1_500, 35_000]));
    }
  }

  #freeze(milliseconds: number): void {
    this.#trace.add(`freeze for ${milliseconds} ms`);
    this.#counts.froze += 1;
    this.#kernel.freeze(milliseconds);
  }

  #stepClock(): void {
    const step = this.#fate.pick([-3_600_000, -5_000, -1, 5_000, 3_600_000, 3 * 86_400_000]);
    this.#backMs += Math.max(0, -step);
    this.#counts.clockSteps += 1;
    this.#trace.add(`the clock is set by ${step} ms`);
    this.#wall.step(step);
  }

  #changeCharacter(): void {
    const serials = [...this.#endpoints.keys()];
    if (serials.length === 0) return;
    const serial = this.#fate.pick(serials);
    this.#endpointOf(serial).character = this.#fate.pick(this.#plan.characters);
    this.#trace.add(`receiver ${serial} is ${this.#endpointOf(serial).character}`);
  }

  #endpointOf(serial: number): Endpoint {
    let endpoint = this.#endpoints.get(serial);
    if (endpoint === undefined) {
      const chance = this.#chance.fork(`receiver ${serial}`);
      const hangs = this.#hung.size < this.#plan.hungForEver && this.#plan.webhooks > 1;
      const character: Character = hangs ? 'hung' : chance.pick(this.#plan.characters);
      if (hangs) this.#hung.add(serial);
      endpoint = new Endpoint(this.#safe || hangs ? character : 'healthy', chance);
      this.#endpoints.set(serial, endpoint);
    }
    return endpoint;
  }

  #deliveryOf(serial: number, eventId: string): string {
    const webhook = [...this.#model.webhooks.values()].find(
      (one) => serialOf(new URL(one.endpoint).hostname) === serial,
    );
    const event = this.#model.events.get(eventId);
    if (webhook === undefined || event === undefined) return '';
    const lane = this.#model.laneOf({ webhookId: webhook.webhookId, entityId: event.entityId });
    const those = lane.filter((owed) => owed.eventId === eventId);
    return (those.find((owed) => owed.state === 'sending') ?? those.at(-1))?.deliveryId ?? '';
  }

  #wrote(request: WireRequest): void {
    this.#counts.requests += 1;
    const { deliveryId, attempt } = request;
    this.#trace.add(`wire ${deliveryId} attempt ${attempt}`);
    const owed = this.#model.owed.get(deliveryId);
    if (owed === undefined) return this.#violated('I5', `a request goes out for which there is no delivery`);
    const earlier = this.#network.requests.get(deliveryId) ?? [];
    const ended = (one: { deliveryId: string }) =>
      (this.#network.requests.get(one.deliveryId) ?? []).every((request) => request.over);
    this.#one('I4', onRequest.isTheOnlyOne(owed, earlier));
    this.#one('I5', onRequest.isIntended(request, owed));
    this.#one('I13', onRequest.isOneOfItsAttempt(request, earlier));
    this.#one('I8', onRequest.isInOrder(owed, this.#model.laneOf(owed), ended));
    this.#one('I11', onRequest.isSignedAndStable(request, this.#model.events.get(owed.eventId), owed));
    this.#one('I18', onRequest.goesWhereConfigured(request, owed));
    this.#one('B28', onRequest.isInTime(request, owed, this.#kernel.now));
  }

  async #runFor(milliseconds: number): Promise<void> {
    await this.#kernel.run(this.#kernel.now + milliseconds, () => this.#afterStep());
    if (this.#violation !== undefined) throw new Violated();
  }

  async #until(id: string, over: () => boolean, mostMs: number, why = () => ''): Promise<void> {
    const until = this.#kernel.now + mostMs;
    await this.#kernel.run(until, () => this.#afterStep() || over());
    if (this.#violation !== undefined) throw new Violated();
    if (this.#kernel.now >= until && !over()) this.#violated(id, `not within ${mostMs} ms: ${why()}`);
    if (this.#violation !== undefined) throw new Violated();
  }

  /** I17 after every step. @returns whether the run is over. */
  #afterStep(): boolean {
    const { pendingTimers } = this.#life;
    const inFlight = this.#life.gauge('tocsin_deliveries_in_flight');
    if (inFlight > slotsMax) this.#violated('I17', `${inFlight} deliveries are in flight`);
    if (pendingTimers > inFlight + otherTimersMax)
      this.#violated('I17', `${pendingTimers} timers, ${inFlight} in flight`);
    return this.#violation !== undefined;
  }

  #one(id: string, fault: string | undefined): void {
    if (fault !== undefined) this.#violated(id, fault);
  }

  #all(id: string, faults: readonly string[]): void {
    if (faults.length > 0) this.#violated(id, faults.slice(0, 5).join('; '));
  }

  #violated(id: string, message: string): void {
    this.#trace.add(`VIOLATED ${id}: ${message}`);
    this.#violation ??= { id, message };
  }

  #loggerOf(life: Life): Logger {
    const line = (fields: LogFields, event: string) => {
      const { error } = fields;
      if (life.alive) this.#trace.add(`${event}${error instanceof Error ? `: ${error.message}` : ''}`);
    };
    return { debug() {}, info() {}, warn: line, error: line };
  }

  #fresh(): void {
    for (const suffix of ['', '-wal', '-shm', '.kept', '.kept-wal']) rmSync(this.#file + suffix, { force: true });
    copyFileSync(this.#options.template, this.#file);
  }

  #keepImage(): void {
    for (const suffix of ['', '-wal']) {
      if (existsSync(this.#file + suffix)) copyFileSync(this.#file + suffix, `${this.#file}.kept${suffix}`);
    }
  }

  #loseCommits(): void {
    if (!existsSync(`${this.#file}.kept`)) return;
    for (const suffix of ['-wal', '-shm']) rmSync(this.#file + suffix, { force: true });
    copyFileSync(`${this.#file}.kept`, this.#file);
    if (existsSync(`${this.#file}.kept-wal`)) copyFileSync(`${this.#file}.kept-wal`, `${this.#file}-wal`);
  }

  #report(): Report {
    const owed = [...this.#model.owed.values()];
    Object.assign(this.#counts, {
      steps: this.#kernel.steps,
      events: this.#model.events.size,
      deliveries: this.#model.created,
      attempts: this.#model.attempts.size,
      unknown: owed.filter((one) => one.state === 'unknown').length,
      delivered: owed.filter((one) => one.state === 'delivered').length,
      faults: this.#disk.faults,
      forgotten: this.#model.forgotten,
      virtualSeconds: Math.round(this.#kernel.now / 1000),
    });
    const { seed } = this.#options;
    const digest = this.#trace.digest();
    return { seed, violation: this.#violation, digest, lastLines: this.#trace.last, counts: this.#counts };
  }
}
