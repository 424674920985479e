import { DatabaseFailure } from '../../src/database/database.ts';
import type { CrashPoint } from '../../src/runtime/crash-points.ts';
import { Failure } from '../../src/runtime/failure.ts';
import type { LogFields, Logger } from '../../src/runtime/logger.ts';
import * as atRest from './invariants/rest.ts';
import { ProcessLifetime } from './process-lifetime.ts';
import { createService, type Service } from './service.ts';
import type { Drive, Store } from './store.ts';
import type { Operation } from './workload.ts';
import type { Machine, World } from './world.ts';

/** I17: deliveries that are claimed and not settled, and timers beside those of requests in flight. */
const slotsMax = 1_024;
const otherTimersMax = 64;

/** The machine that the service runs on: it starts it, kills it, stops it, and keeps its disk. */
export class Host implements Machine {
  readonly #world: World;
  readonly #drive: Drive;
  readonly #died = new Set<number>();
  #lives = 0;
  #life: ProcessLifetime | undefined;
  #store: Store | undefined;
  #service: Service | undefined;
  #stopping = false;
  #forGood = false;

  constructor(world: World, drive: Drive) {
    this.#world = world;
    this.#drive = drive;
    drive.medium.wipe();
  }

  get lifeNumber(): number {
    return this.#lives;
  }

  /** The service, while it is up and not about to stop. */
  get service(): Service | undefined {
    return this.#stopping ? undefined : this.#service;
  }

  get isDown(): boolean {
    return this.#service === undefined;
  }

  get pendingTimers(): number {
    return this.#life?.pendingTimers ?? 0;
  }

  gauge(name: string): number {
    return this.#life?.gauge(name) ?? 0;
  }

  start(): void {
    const world = this.#world;
    this.#lives += 1;
    const life = new ProcessLifetime(this.#lives, world.kernel, world.wall, {
      passes: (life, point) => this.#passes(life, point),
      lateness: () => (world.troubled ? world.fate.fraction() * world.plan.latenessMs : 0),
    });
    this.#life = life;
    world.counts.starts += 1;
    world.trace.add(`start of life ${life.number}`);
    try {
      this.#store = this.#drive.open(life, world.disk);
      const service = createService({
        life,
        database: this.#store.database,
        sender: world.network.senderFor(life),
        chance: world.chance.fork(`life ${life.number}`),
        logger: this.#loggerOf(life),
        variant: world.variant,
        queueLimits: world.plan.queueLimits,
      });
      service.start().then(
        () => this.#started(life, service),
        (error: unknown) => this.#couldNotStart(life, error),
      );
    } catch (error) {
      this.#couldNotStart(life, error);
    }
  }

  kill(): void {
    this.#crash('kill');
  }

  cut(): void {
    this.#crash('the power goes');
  }

  freeze(milliseconds: number): void {
    this.#world.trace.add(`freeze for ${milliseconds} ms`);
    this.#world.counts.froze += 1;
    this.#world.kernel.freeze(milliseconds);
  }

  /** An orderly stop, and a start after it unless it is for good. */
  async stop(forGood = false): Promise<void> {
    const service = this.#service;
    if (service === undefined || this.#stopping) return;
    const { disk, trace, model } = this.#world;
    const faults = disk.faults;
    this.#forGood = forGood;
    this.#stopping = true;
    trace.add(`stop of life ${service.life.number}`);
    await service.stop();
    if (!service.life.alive) return;
    trace.add(`life ${service.life.number} has stopped`);
    // What could not be written is left to the next start.
    if (disk.faults === faults) this.#world.all('B10', atRest.isDrained(model));
    service.life.alive = false;
    this.#stopping = false;
    this.#service = undefined;
    if (!this.#forGood) this.#startAgain(1_000);
  }

  /** The end of the run, however it came. */
  scrap(): void {
    if (this.#life !== undefined) this.#life.alive = false;
    this.#store?.cut();
  }

  do(operation: Operation): void {
    const { counts, trace } = this.#world;
    counts.operations += 1;
    const service = this.#service;
    if (service === undefined) return;
    trace.add(`operation ${operation.name}`);
    operation.run(service).then(
      (stored) => this.#acknowledged(operation, service.life, stored),
      (error: unknown) => {
        if (error instanceof Failure || error instanceof DatabaseFailure) trace.add(`refused: ${error.message}`);
        else this.#world.bug(error);
      },
    );
  }

  committed(): void {
    const { variant, fate } = this.#world;
    if (variant.unsynced === true && fate.yes(keepsImage)) this.#drive.medium.keep();
  }

  check(): void {
    const inFlight = this.gauge('tocsin_deliveries_in_flight');
    if (inFlight > slotsMax) this.#world.violated('I17', `${inFlight} deliveries are in flight`);
    if (this.pendingTimers > inFlight + otherTimersMax) {
      this.#world.violated('I17', `${this.pendingTimers} timers, ${inFlight} deliveries in flight`);
    }
  }

  /** I2 and I13, when nothing runs any more. */
  checkDisk(): void {
    const { model, network } = this.#world;
    const requests = [...network.requests.values()].flat();
    this.#world.all('I13', atRest.isRecorded(requests, model, this.#died));
    this.#world.all('I2', atRest.isAsCommitted(this.#drive.medium.read(), model));
  }

  #started(life: ProcessLifetime, service: Service): void {
    if (!life.alive) return;
    this.#service = service;
    this.#world.all('I22', atRest.isRecovered(this.#world.model, life.number));
  }

  #couldNotStart(life: ProcessLifetime, error: unknown): void {
    if (!life.alive) return;
    if (error instanceof DatabaseFailure) this.#crash(`start: ${error.message}`);
    else this.#world.bug(error);
  }

  #crash(why: string): void {
    const life = this.#life;
    if (life?.alive !== true) return;
    const { trace, counts, network } = this.#world;
    trace.add(`crash of life ${life.number}: ${why}`);
    counts.crashes += 1;
    life.alive = false;
    this.#died.add(life.number);
    this.#stopping = false;
    this.#service = undefined;
    this.#store?.cut();
    network.drop(life.number);
    this.#startAgain(2_000);
  }

  #startAgain(mostMs: number): void {
    const { kernel, fate, variant, model } = this.#world;
    kernel.after(fate.between(20, mostMs), 'world', () => {
      if (variant.unsynced === true) this.#drive.medium.recall();
      this.#world.all('I2', atRest.isAsCommitted(this.#drive.medium.read(), model));
      this.start();
    });
  }

  #acknowledged(operation: Operation, life: ProcessLifetime, stored: boolean): void {
    if (!life.alive) return;
    this.#world.counts.acknowledged += 1;
    this.#world.trace.add(`acknowledged ${operation.name}`);
    if (stored) this.#world.all('I2', atRest.isThere(operation.says, this.#world.model));
  }

  #passes(life: ProcessLifetime, point: CrashPoint): void {
    const { troubled, fate, counts, crashedAt, script } = this.#world;
    if (life !== this.#life || !troubled) return;
    const passing = script?.passing() ?? this.#passing();
    if (passing === 'dies') {
      counts.crashedAtPoint += 1;
      crashedAt.add(point);
      this.#crash(point);
    } else if (passing === 'stands still') {
      this.freeze(script === undefined ? fate.pick([50, 1_500, 35_000]) : 35_000);
    }
  }

  #passing(): 'goes on' | 'dies' | 'stands still' {
    const { plan, fate } = this.#world;
    if (plan.crashAtPoint > 0 && fate.yes(plan.crashAtPoint)) return 'dies';
    return plan.freezeAtPoint > 0 && fate.yes(plan.freezeAtPoint) ? 'stands still' : 'goes on';
  }

  #loggerOf(life: ProcessLifetime): Logger {
    const line = (fields: LogFields, event: string) => {
      const { error } = fields;
      if (life.alive) this.#world.trace.add(`${event}${error instanceof Error ? `: ${error.message}` : ''}`);
    };
    return { debug() {}, info() {}, warn: line, error: line };
  }
}

/** How often a commit reaches a disk without a sync. */
const keepsImage = 0.3;
