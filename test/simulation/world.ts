import type { CrashPoint } from '../../src/runtime/crash-points.ts';
import type { Change } from './change-log.ts';
import { Chance } from './chance.ts';
import { noCounts, type Counts } from './counts.ts';
import { Endpoint, ownFaults, type Character, type Meeting, type OwnFault } from './endpoint.ts';
import { FaultyDisk } from './faulty-disk.ts';
import * as onRequest from './invariants/request.ts';
import { Kernel } from './kernel.ts';
import { WallClock } from './process-lifetime.ts';
import { Model, type ConfiguredWebhook, type Owed } from './model.ts';
import type { Variant } from './mutants.ts';
import { Network, type WireRequest } from './network.ts';
import { planOf, type Plan } from './plan.ts';
import type { Script } from './script.ts';
import { sealerOf, worldStart } from './service.ts';
import { Trace } from './trace.ts';

export interface Violation {
  /** Of the invariant: I1 … I22, a row of the fault matrix as B62, or `bug` for what should never be thrown. */
  readonly id: string;
  readonly message: string;
}

/** Something was violated, so the run need not go on. */
export class Violated extends Error {}

export interface WorldOptions {
  readonly seed: number;
  readonly variant: Variant;
  readonly tell?: (line: string) => void;
  /** In place of chance. */
  readonly script?: Script;
}

/** What a world asks of the machine in it. */
export interface Machine {
  /** The number of the service's present life. */
  readonly lifeNumber: number;
  /** The power goes. */
  cut(): void;
  /** Something was committed. */
  committed(): void;
  /** I17, after each step. */
  check(): void;
}

/** Everything outside the service: time, chance, disk, network and receivers, and what is known of the service from there. */
export class World {
  readonly seed: number;
  readonly variant: Variant;
  readonly script: Script | undefined;
  readonly chance: Chance;
  /** Draws the misfortunes of the run. */
  readonly fate: Chance;
  readonly plan: Plan;
  readonly kernel: Kernel;
  readonly trace: Trace;
  readonly wall: WallClock;
  readonly model: Model;
  readonly network: Network;
  readonly disk: FaultyDisk;
  readonly counts: Counts = { ...noCounts };
  /** Crash points at which it was killed. */
  readonly crashedAt = new Set<CrashPoint>();
  /** Receivers that stay hung for ever. */
  readonly hung = new Set<number>();
  /** Faults may happen. */
  troubled = false;
  violation: Violation | undefined;
  machine: Machine | undefined;
  readonly #endpoints = new Map<number, Endpoint>();
  #lacks: OwnFault = 'EMFILE';
  #lacksUntil = 0;

  constructor({ seed, variant, tell, script }: WorldOptions) {
    const chance = new Chance(BigInt(seed));
    const plan = planOf(chance.fork('plan'));
    this.seed = seed;
    this.variant = variant;
    this.script = script;
    this.chance = chance;
    this.fate = chance.fork('fate');
    this.plan = variant.plan?.(plan) ?? plan;
    this.kernel = new Kernel(chance.fork('kernel'), script);
    this.trace = new Trace(() => this.kernel.now, tell);
    this.wall = new WallClock(this.kernel, worldStart);
    this.model = new Model(sealerOf(chance.fork('model')), {
      now: () => this.kernel.now,
      wall: () => this.wall.now(),
      life: () => this.machine?.lifeNumber ?? 0,
      isPunctual: () => isPunctual(this.plan),
      onWire: (deliveryId, attempt) => this.network.onWire(deliveryId, attempt),
      wasLacking: (deliveryId, attempt) => this.network.wasLacking(deliveryId, attempt),
      violated: (id, message) => this.violated(id, message),
    });
    this.network = new Network(this.kernel, {
      deliveryOf: (serial, eventId) => this.#deliveryOf(serial, eventId),
      wrote: (request) => this.#wrote(request),
      ended: (report) => this.trace.add(`answer ${report.statusCode} ${report.phase} ${report.fault?.kind ?? ''}`),
      meet: (serial, timeoutMs) => script?.meeting() ?? this.#meet(serial, timeoutMs),
    });
    this.disk = this.#diskOf(chance.fork('disk'));
  }

  #diskOf(chance: Chance): FaultyDisk {
    const events = {
      committed: (changes: readonly Change[]) => {
        this.counts.commits += 1;
        this.trace.add(
          `commit ${changes.map(({ what, row }) => (what === 'event' ? what : `${what} ${row.join(' ')}`)).join(' ')}`,
        );
        this.model.apply(changes);
        this.machine?.committed();
      },
      cut: () => this.machine?.cut(),
      runsOnWhenFull: this.variant.runsOnWhenFull ?? false,
    };
    return new FaultyDisk(this.kernel, chance, this.plan.disk, events, this.script);
  }

  violated(id: string, message: string): void {
    this.trace.add(`VIOLATED ${id}: ${message}`);
    this.violation ??= { id, message };
  }

  all(id: string, faults: readonly string[]): void {
    if (faults.length > 0) this.violated(id, faults.slice(0, 5).join('; '));
  }

  /** Something was thrown that nobody expects. */
  bug(error: unknown): void {
    this.violated('bug', error instanceof Error ? (error.stack ?? error.message) : String(error));
  }

  async runFor(milliseconds: number): Promise<void> {
    await this.kernel.run(this.kernel.now + milliseconds, () => this.#stepped());
    if (this.violation !== undefined) throw new Violated();
  }

  /** @param id what is violated when it takes longer than `mostMs`. */
  async until(id: string, mostMs: number, over: () => boolean, why = () => ''): Promise<void> {
    const until = this.kernel.now + mostMs;
    await this.kernel.run(until, () => this.#stepped() || over());
    if (this.violation === undefined && this.kernel.now >= until && !over()) {
      this.violated(id, `not within ${mostMs} ms: ${why()}`);
    }
    if (this.violation !== undefined) throw new Violated();
  }

  endpointOf(serial: number): Endpoint {
    let endpoint = this.#endpoints.get(serial);
    if (endpoint === undefined) {
      const chance = this.chance.fork(`receiver ${serial}`);
      const hangs = this.hung.size < this.plan.hungForEver && this.plan.webhooks > 1;
      const character: Character = hangs ? 'hung' : chance.pick(this.plan.characters);
      if (hangs) this.hung.add(serial);
      endpoint = new Endpoint(this.troubled || hangs ? character : 'healthy', chance);
      this.#endpoints.set(serial, endpoint);
    }
    return endpoint;
  }

  changeCharacter(): void {
    const serials = [...this.#endpoints.keys()];
    if (serials.length === 0) return;
    const serial = this.fate.pick(serials);
    this.endpointOf(serial).character = this.fate.pick(this.plan.characters);
    this.trace.add(`receiver ${serial} is ${this.endpointOf(serial).character}`);
  }

  /** The service's machine has no room for another connection for so long. */
  lackFor(milliseconds: number): void {
    this.#lacks = this.fate.pick(ownFaults);
    this.#lacksUntil = this.kernel.now + milliseconds;
    this.counts.lacks += 1;
    this.trace.add(`the machine answers ${this.#lacks} for ${Math.round(milliseconds)} ms`);
  }

  #meet(serial: number, timeoutMs: number): Meeting {
    const meeting = this.endpointOf(serial).meet(this.kernel.now, timeoutMs);
    return this.kernel.now < this.#lacksUntil && !meeting.reused ? { ...meeting, dial: this.#lacks } : meeting;
  }

  /** Whether a webhook's receiver is one that has healed, or will. */
  heals({ serial }: ConfiguredWebhook): boolean {
    return !this.hung.has(serial);
  }

  /** Faults end; what must stay broken stays broken. */
  heal(): void {
    this.trace.add('heal');
    this.troubled = false;
    this.disk.on = false;
    this.#lacksUntil = 0;
    for (const [serial, endpoint] of this.#endpoints) endpoint.character = this.hung.has(serial) ? 'hung' : 'healthy';
  }

  #deliveryOf(serial: number, eventId: string): string {
    const webhook = this.model.webhooks.values().find((one) => one.serial === serial);
    if (webhook === undefined) return '';
    const those = this.model.generationsOf(webhook.webhookId, eventId);
    return (those.find((owed) => owed.state === 'sending') ?? those.at(-1))?.deliveryId ?? '';
  }

  #wrote(request: WireRequest): void {
    this.counts.requests += 1;
    const { deliveryId, attempt } = request;
    this.trace.add(`wire ${deliveryId} attempt ${attempt}`);
    const { model, network } = this;
    const owed = model.owed.get(deliveryId);
    if (owed === undefined) return this.violated('I5', 'a request goes out for which there is no delivery');
    const earlier = network.requests.get(deliveryId) ?? [];
    const isOver = (one: Owed) => network.requests.get(one.deliveryId)?.every((request) => request.over) ?? true;
    const found: Record<string, string | undefined> = {
      I4: onRequest.isTheOnlyOne(owed, earlier) ?? onRequest.isOneOfItsAttempt(request, earlier),
      I5: onRequest.isIntended(request, owed),
      I8: onRequest.isInOrder(owed, model.laneOf(owed).unsettled(isOver), isOver),
      I11: onRequest.isSignedAndStable(request, model.events.get(owed.eventId), owed),
      I18: onRequest.goesWhereConfigured(request, owed),
      B28: onRequest.isInTime(request, owed, this.kernel.now),
    };
    for (const [id, fault] of Object.entries(found)) if (fault !== undefined) this.violated(id, fault);
    return undefined;
  }

  /** @returns whether the run is over. */
  #stepped(): boolean {
    this.machine?.check();
    return this.violation !== undefined;
  }
}

/** Nothing stands still for long, the clock is not set, and no commit fails or is left unheard of until the next sweep. */
function isPunctual({ freezeAtPoint, freezeEveryMs, clockEveryMs, disk }: Plan): boolean {
  const { outageEveryMs, inDoubt, full, unavailable } = disk;
  const faults = [freezeAtPoint, freezeEveryMs, clockEveryMs, outageEveryMs, inDoubt, full, unavailable];
  return faults.every((fault) => fault === 0);
}
