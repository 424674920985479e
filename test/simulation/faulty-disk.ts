import type { Change } from './change-log.ts';
import type { Chance } from './chance.ts';
import type { Kernel } from './kernel.ts';
import type { DiskPlan } from './plan.ts';
import type { Script } from './script.ts';
import type { Disk, DiskFault } from './store.ts';

/** What a disk tells of. */
export interface DiskEvents {
  committed(changes: readonly Change[]): void;
  cut(): void;
  readonly runsOnWhenFull: boolean;
}

/** A disk that fails now and then, by chance and for whole spells, as far as its plan says. */
export class FaultyDisk implements Disk {
  /** Off while nothing fails. */
  on = false;
  faults = 0;
  readonly #kernel: Kernel;
  readonly #chance: Chance;
  readonly #plan: DiskPlan;
  readonly #events: DiskEvents;
  readonly #script: Script | undefined;
  #outage: { readonly until: number; readonly fault: DiskFault } = { until: 0, fault: 'none' };

  constructor(kernel: Kernel, chance: Chance, plan: DiskPlan, events: DiskEvents, script?: Script) {
    this.#kernel = kernel;
    this.#chance = chance;
    this.#plan = plan;
    this.#events = events;
    this.#script = script;
  }

  get runsOnWhenFull(): boolean {
    return this.#events.runsOnWhenFull;
  }

  fault(step: 'begin' | 'write' | 'commit' | 'read'): DiskFault {
    if (!this.on) return 'none';
    const fault = this.#script?.fault(step) ?? this.#fault(step);
    if (fault !== 'none') this.faults += 1;
    return fault;
  }

  took(step: 'statement' | 'commit'): void {
    const usual = step === 'commit' ? 0.25 : 0.02;
    const slow = this.on && this.#plan.slow && step === 'commit' && this.#chance.yes(0.1);
    this.#kernel.spend(slow ? this.#chance.between(20, 500) : usual);
  }

  cut(): void {
    this.#events.cut();
  }

  committed(changes: readonly Change[]): void {
    this.#events.committed(changes);
  }

  /** Everything that can fail in one way fails for a while. */
  breakFor(milliseconds: number): void {
    const fault = this.#chance.pick(['busy', 'full', 'unavailable'] as const);
    this.#outage = { until: this.#kernel.now + milliseconds, fault };
  }

  #fault(step: 'begin' | 'write' | 'commit' | 'read'): DiskFault {
    const { busy, full, unavailable, inDoubt, cut, read } = this.#plan;
    const { until, fault } = this.#outage;
    if (this.#kernel.now < until && happensAt(fault, step)) return fault;
    const may = (probability: number) => probability > 0 && this.#chance.yes(probability);
    switch (step) {
      case 'begin':
        return may(busy) ? 'busy' : may(unavailable) ? 'unavailable' : 'none';
      case 'write':
        return may(full) ? 'full' : may(cut) ? 'cut_before' : 'none';
      case 'read':
        return may(read) ? 'unavailable' : 'none';
      case 'commit':
        if (may(cut)) return this.#chance.yes(0.5) ? 'cut_before' : 'cut_after';
        return may(inDoubt) ? 'in_doubt' : may(unavailable) ? 'unavailable' : 'none';
    }
  }
}

function happensAt(fault: DiskFault, step: string): boolean {
  if (fault === 'busy') return step === 'begin';
  return fault === 'full' ? step === 'write' : step !== 'write';
}
