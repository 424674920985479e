import type { CrashPoint } from '../../src/runtime/crash-points.ts';
import type { Counts } from './counts.ts';
import { Host } from './host.ts';
import * as atRest from './invariants/rest.ts';
import type { Variant } from './mutants.ts';
import type { Scratch } from './scratch.ts';
import type { Drive } from './store.ts';
import { Workload, type Operation } from './workload.ts';
import { Violated, World, type Violation } from './world.ts';

export interface RunOptions extends Scratch {
  readonly seed: number;
  readonly variant: Variant;
  readonly tell?: (line: string) => void;
}

export interface Report {
  readonly seed: number;
  readonly violation: Violation | undefined;
  /** Of everything that happened: equal for equal runs. */
  readonly digest: string;
  readonly lastLines: readonly string[];
  readonly counts: Counts;
  readonly crashedAt: ReadonlySet<CrashPoint>;
}

/** Virtual milliseconds: until it is up, … */
const startMaxMs = 60_000;
/** … until all that may go has gone, and until what waits for its next attempt has had it. */
export const quietMaxMs = 10 * 60_000;
const retriesMaxMs = 10 * 3_600_000;
/** I15: a lane that is ready goes out within a poll of the database, whichever others hang. */
const probeMaxMs = 70_000;
const probes = 3;
/** I16: steps in an idle virtual second, and timers of an idle service. */
const idleMs = 180_000;
const idleStepsPerSecond = 5;
const idleTimersMax = 12;
const stopMaxMs = 60_000;

/**
 * One run of the whole service in a separate world, from its seed alone: first faults of all kinds, under which
 * nothing may be lost, doubled or out of order; then none, and everything must come to rest.
 */
export async function simulate({ drive, place, ...options }: RunOptions): Promise<Report> {
  const world = new World(options);
  const workload = new Workload(world.chance.fork('workload'), world.plan, place, world.model);
  return carryOut(world, drive, async (run) => run.go(workload));
}

/** Lets the service live in a world as the scenario says, and tells what came of it. */
export async function carryOut(world: World, drive: Drive, scenario: (run: Run) => Promise<void>): Promise<Report> {
  using _ = world.variant.rebuild?.();
  const host = new Host(world, drive);
  world.machine = host;
  const surprise = (error: unknown) => world.bug(error);
  process.on('unhandledRejection', surprise);
  process.on('uncaughtException', surprise);
  try {
    await scenario(new Run(world, host));
  } catch (error) {
    if (!(error instanceof Violated)) world.bug(error);
  } finally {
    host.scrap();
    process.off('unhandledRejection', surprise);
    process.off('uncaughtException', surprise);
  }
  return reportOf(world);
}

/** The parts that a run is made of. */
export class Run {
  readonly world: World;
  readonly host: Host;
  #backMs = 0;

  constructor(world: World, host: Host) {
    this.world = world;
    this.host = host;
  }

  async go(workload: Workload): Promise<void> {
    const { plan } = this.world;
    await this.boot(Array.from({ length: plan.webhooks }, () => workload.createWebhook()));
    this.#trouble(workload);
    await this.world.runFor(plan.safetyMs);
    await this.heal();
    await this.#probe(workload);
    await this.#idle();
    await this.end();
  }

  /** From here on everything may fail, and nothing does yet. */
  async boot(webhooks: readonly Operation[]): Promise<void> {
    const { plan, model, disk, trace } = this.world;
    trace.add(`plan ${JSON.stringify(plan)}`);
    this.host.start();
    await this.world.until('start', startMaxMs, () => this.host.service !== undefined);
    for (const operation of webhooks) this.host.do(operation);
    await this.world.until('start', startMaxMs, () => model.webhooks.size === webhooks.length);
    disk.on = true;
    this.world.troubled = true;
  }

  /** Everything that may happen before the faults end. */
  #trouble(workload: Workload): void {
    const { plan, fate, disk } = this.world;
    this.#repeatedly(plan.operationEveryMs, () => this.host.do(workload.next()));
    this.#repeatedly(plan.crashEveryMs, () => this.host.kill());
    this.#repeatedly(plan.restartEveryMs, () => void this.host.stop());
    this.#repeatedly(plan.freezeEveryMs, () => this.host.freeze(fate.between(20, 3_000)));
    this.#repeatedly(plan.clockEveryMs, () => this.#stepClock());
    this.#repeatedly(plan.characterEveryMs, () => this.world.changeCharacter());
    this.#repeatedly(plan.disk.outageEveryMs, () => disk.breakFor(fate.between(100, 6_000)));
    this.#repeatedly(plan.lackEveryMs, () => this.world.lackFor(fate.between(50, 2_000)));
  }

  #repeatedly(everyMs: number, work: () => void): void {
    if (everyMs === 0) return;
    const { kernel, fate } = this.world;
    kernel.after(fate.fraction() * 2 * everyMs, 'world', () => {
      if (!this.world.troubled) return;
      work();
      this.#repeatedly(everyMs, work);
    });
  }

  #stepClock(): void {
    const { fate, counts, trace, wall } = this.world;
    const step = fate.pick([-3_600_000, -5_000, -1, 5_000, 3_600_000, 3 * 86_400_000]);
    this.#backMs += Math.max(0, -step);
    counts.clockSteps += 1;
    trace.add(`the clock is set by ${step} ms`);
    wall.step(step);
  }

  /** I6, I16: once the faults end, every delivery to a receiver that answers ends. */
  async heal(): Promise<void> {
    const { model, wall } = this.world;
    this.world.heal();
    const heals = this.world.heals.bind(this.world);
    const why = () =>
      this.host.isDown ? 'the service is not up' : atRest.undone(model, heals).take(3).toArray().join('; ');
    const over = (now?: number) =>
      this.host.service !== undefined && atRest.undone(model, heals, now).next().done === true;
    await this.world.until('I16', quietMaxMs, () => over(wall.now()), why);
    await this.world.until('I6', retriesMaxMs + this.#backMs, () => over(), why);
    const replays = () => atRest.unfinished(model, heals);
    await this.world.until(
      'I25',
      quietMaxMs,
      () => replays().length === 0,
      () => replays().join('; '),
    );
    await this.world.until('I6', retriesMaxMs + this.#backMs, () => over(), why);
    this.world.all('I22', atRest.isRecovered(model, this.host.lifeNumber));
  }

  /** I15: what happens now reaches the healthy in time, though others hang. */
  async #probe(workload: Workload): Promise<void> {
    const { model } = this.world;
    const before = new Set(model.owed.keys());
    for (let count = 0; count < probes; count += 1) this.host.do(workload.report(1));
    await this.world.runFor(probeMaxMs + 5_000);
    const fresh = [...model.owed.values()].filter((owed) => {
      const webhook = model.webhooks.get(owed.webhookId);
      return !before.has(owed.deliveryId) && webhook?.status === 'enabled' && this.world.heals(webhook);
    });
    this.world.all('I15', atRest.startedInTime(fresh, probeMaxMs));
  }

  /** I16, I17: with nothing to do the service does nothing, and holds nothing. */
  async #idle(): Promise<void> {
    const { model, kernel } = this.world;
    const isBusy = model.open().some(({ webhookId }) => model.webhooks.get(webhookId)?.status === 'enabled');
    if (isBusy) return;
    const before = kernel.steps;
    await this.world.runFor(idleMs);
    const steps = kernel.steps - before;
    if (steps > (idleStepsPerSecond * idleMs) / 1000) this.world.violated('I16', `${steps} steps in ${idleMs} idle ms`);
    const { pendingTimers } = this.host;
    if (pendingTimers > idleTimersMax) this.world.violated('I16', `${pendingTimers} timers when idle`);
    for (const gauge of ['tocsin_deliveries_in_flight', 'tocsin_deliveries_held']) {
      const value = this.host.gauge(gauge);
      if (value !== 0) this.world.violated('I17', `${gauge} is ${value} when idle`);
    }
  }

  async end(): Promise<void> {
    this.world.all('B62', atRest.isCancelled(this.world.model));
    void this.host.stop(true);
    await this.world.until('B10', stopMaxMs, () => this.host.isDown);
    this.host.checkDisk();
  }
}

function reportOf({ seed, model, kernel, disk, counts, crashedAt, violation, trace }: World): Report {
  const owed = [...model.owed.values()];
  return {
    seed,
    violation,
    crashedAt,
    digest: trace.digest(),
    lastLines: trace.last,
    counts: {
      ...counts,
      steps: kernel.steps,
      virtualSeconds: Math.round(kernel.now / 1000),
      events: model.events.size,
      deliveries: model.created,
      attempts: model.attempts.size,
      delivered: owed.filter(({ state }) => state === 'delivered').length,
      unknown: owed.filter(({ state }) => state === 'unknown').length,
      forgotten: model.forgotten,
      faults: disk.faults,
    },
  };
}

const lineMaxChars = 400;

/** The violation, the steps before it, and the command to see it again. @param command that runs it again. */
export function failureOf({ violation, lastLines }: Report, command: string): string {
  const lines = lastLines.map((line) => `  ${line.slice(0, lineMaxChars)}`);
  return [`${violation?.id} is violated: ${violation?.message}`, ...lines, command].join('\n');
}

export function commandFor(seed: number): string {
  return `npm run simulate -- --seed ${seed}`;
}
