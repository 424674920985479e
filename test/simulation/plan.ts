import type { Chance } from './chance.ts';
import { queueLimitsDefault, type QueueLimits } from '../../src/delivery/queue/memory-budget.ts';
import { characters, type Character } from './endpoint.ts';

/** What a run does, drawn from its seed: each run has some of the faults, and its own sizes. */
export interface Plan {
  /** How long faults and inputs go on, virtual milliseconds. */
  readonly safetyMs: number;
  /** Between two operations at the average. */
  readonly operationEveryMs: number;
  readonly webhooks: number;
  readonly entities: number;
  readonly burstMax: number;
  /** So many new alerts come at once every now and then; 0 = never. */
  readonly stormMax: number;
  /** Of the backlog, so much is in memory. */
  readonly queueLimits: QueueLimits;
  readonly atLeastOnce: boolean;
  /** Receivers that take turns at being good and bad. */
  readonly characters: readonly Character[];
  /** Between two changes of a receiver's character; 0 = none. */
  readonly characterEveryMs: number;
  /** Receivers that stay hung for ever, also when everything else has healed. */
  readonly hungForEver: number;
  readonly configures: boolean;
  readonly operates: boolean;
  /** Between two crashes at the average; 0 = none. */
  readonly crashEveryMs: number;
  /** Between two orderly restarts; 0 = none. */
  readonly restartEveryMs: number;
  /** At each pass of a crash point. */
  readonly crashAtPoint: number;
  readonly freezeAtPoint: number;
  readonly freezeEveryMs: number;
  readonly clockEveryMs: number;
  readonly latenessMs: number;
  /** Between two times in which the machine has no room for another connection; 0 = none. */
  readonly lackEveryMs: number;
  readonly disk: DiskPlan;
}

export interface DiskPlan {
  readonly slow: boolean;
  readonly busy: number;
  readonly full: number;
  readonly unavailable: number;
  readonly inDoubt: number;
  readonly cut: number;
  readonly read: number;
  /** Between two times in which it fails all the while; 0 = none. */
  readonly outageEveryMs: number;
}

export function planOf(chance: Chance): Plan {
  const some = (probability: number, value: number) => (chance.yes(probability) ? value : 0);
  const troubled = chance.yes(0.5);
  const few = chance.pick([1, 2, 3, 5, 10]);
  const small = (lanes: number): QueueLimits => ({ lanesPerClassMax: lanes, heldMax: lanes, readyLow: lanes >> 1 });
  return {
    safetyMs: chance.between(3_000, 14_000),
    operationEveryMs: chance.pick([120, 300, 700]),
    webhooks: few,
    entities: chance.pick([1, 2, 5, 20]),
    burstMax: chance.pick([1, 1, 3, 8]),
    stormMax: some(0.2, 40),
    queueLimits: chance.pick([queueLimitsDefault, small(3), small(10)]),
    atLeastOnce: chance.yes(0.5),
    characters: chance.yes(0.2) ? ['healthy'] : Array.from({ length: 4 }, () => chance.pick(characters)),
    characterEveryMs: some(0.5, 2_000),
    hungForEver: some(0.3, 1),
    configures: chance.yes(0.6),
    operates: chance.yes(0.7),
    crashEveryMs: some(0.4, 5_000),
    restartEveryMs: some(0.2, 8_000),
    crashAtPoint: some(0.35, 0.015),
    freezeAtPoint: some(0.2, 0.01),
    freezeEveryMs: some(0.2, 4_000),
    clockEveryMs: some(0.3, 3_000),
    latenessMs: some(0.2, 60),
    disk: {
      slow: chance.yes(0.2),
      busy: some(troubled ? 0.4 : 0, 0.03),
      full: some(troubled ? 0.4 : 0, 0.01),
      unavailable: some(troubled ? 0.4 : 0, 0.02),
      inDoubt: some(troubled ? 0.4 : 0, 0.03),
      cut: some(troubled ? 0.3 : 0, 0.004),
      read: some(troubled ? 0.4 : 0, 0.03),
      outageEveryMs: some(troubled ? 0.4 : 0, 6_000),
    },
    lackEveryMs: some(0.25, 4_000),
  };
}
