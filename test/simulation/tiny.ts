import { queueLimitsDefault } from '../../src/delivery/queue/memory-budget.ts';
import type { AlertReport } from '../../src/alerts/alert.ts';
import { endpointUrl } from './endpoint.ts';
import type { ScriptedRun } from './exploration.ts';
import { undone } from './invariants/rest.ts';
import type { Variant } from './mutants.ts';
import type { Plan } from './plan.ts';
import { carryOut, quietMaxMs, type Run } from './run.ts';
import type { Scratch } from './scratch.ts';
import { Script, type Departure } from './script.ts';
import type { Service } from './service.ts';
import type { Operation } from './workload.ts';
import { World } from './world.ts';

const modes = {
  'at most once': { mode: 'at_most_once' },
  'at least once': { mode: 'at_least_once' },
  'at least once, the latest': { mode: 'at_least_once', orderPolicy: 'latest' },
} as const;
const edits = {
  '': undefined,
  ', moved': (service: Service, webhookId: number) =>
    service.webhooks.update(webhookId, { endpoint: endpointUrl(1, 1) }),
  ', disabled': (service: Service, webhookId: number) => service.webhooks.disable(webhookId),
} as const;

/** A world with one webhook and two reports of one alert, and perhaps something that is done to the webhook meanwhile. */
export interface TinyWorld {
  readonly name: string;
  readonly mode: keyof typeof modes;
  readonly edit: keyof typeof edits;
}

export const tinyWorlds: readonly TinyWorld[] = keysOf(modes).flatMap((mode) =>
  keysOf(edits).map((edit) => ({ name: mode + edit, mode, edit })),
);

export interface TinyOptions extends Scratch {
  readonly tiny: TinyWorld;
  readonly departures: readonly Departure[];
  readonly variant: Variant;
  readonly tell?: (line: string) => void;
}

/** Within this the service comes upon what it has overlooked, virtual milliseconds. */
const afterwardsMs = 75_000;

/** One run of a tiny world. What happens in which order, answers, faults of the disk, deaths and standstills are the script's. */
export async function runTiny({ tiny, departures, variant, tell, ...scratch }: TinyOptions): Promise<ScriptedRun> {
  const script = new Script(departures);
  const scripted = { ...variant, plan: () => chanceless };
  const world = new World({ seed: 1, variant: scripted, script, ...(tell === undefined ? {} : { tell }) });
  const report = await carryOut(world, scratch.drive, async (run) => {
    const webhook = { name: 'webhook 1', endpoint: endpointUrl(1, 0), ...modes[tiny.mode] };
    await run.boot([quiet('create webhook', (service) => service.webhooks.create('alert', webhook, 0))]);
    script.open = true;
    await letHappen(run, operationsOf(tiny, run, scratch.place));
    script.open = false;
    await run.heal();
    await world.runFor(afterwardsMs);
    await run.end();
  });
  return { report, widths: script.widths };
}

export function commandForTiny({ name }: TinyWorld, departures: readonly Departure[]): string {
  return `npm run simulate -- --tiny '${name}' --at ${departures.map((one) => one.join(':')).join(',')}`;
}

/** Each begins while the one before it is under way, or whenever the script says. */
async function letHappen({ world, host }: Run, operations: readonly Operation[]): Promise<void> {
  const tracked = operations.map((one) => new Tracked(one));
  for (const [index, operation] of tracked.entries()) {
    world.kernel.after(index * 2, 'world', () => {
      operation.life = host.lifeNumber;
      // A caller is refused while the service starts, and does not ask again.
      operation.settled = host.service === undefined;
      host.do(operation);
    });
  }
  const isOver = () =>
    host.service !== undefined &&
    tracked.every(({ life, settled }) => settled || (life > 0 && life < host.lifeNumber)) &&
    undone(world.model, () => true).next().done === true &&
    !world.model.open().some(({ state }) => state === 'sending');
  await world.until('I16', quietMaxMs, isOver, () =>
    undone(world.model, () => true)
      .take(3)
      .toArray()
      .join('; '),
  );
}

/** An operation of which is known when it was begun and whether it was answered. */
class Tracked implements Operation {
  readonly name: string;
  readonly says: readonly string[];
  /** In which it was begun; 0 = not yet. */
  life = 0;
  settled = false;
  readonly #operation: Operation;

  constructor(operation: Operation) {
    this.#operation = operation;
    this.name = operation.name;
    this.says = operation.says;
  }

  async run(service: Service): Promise<boolean> {
    try {
      return await this.#operation.run(service);
    } finally {
      this.settled = true;
    }
  }
}

function operationsOf({ edit }: TinyWorld, { world }: Run, place: Scratch['place']): Operation[] {
  const reports = (['Warning', 'Critical'] as const).map((status) => reporting(status, place));
  const change = edits[edit];
  const [webhookId] = world.model.webhooks.keys();
  if (change === undefined || webhookId === undefined) return reports;
  return [...reports, quiet('edit webhook', (service) => change(service, webhookId))];
}

function reporting(status: AlertReport['status'], { integrationId, channelIds }: Scratch['place']): Operation {
  const description = `it is ${status}`;
  const report: AlertReport = {
    alertKey: 'key',
    title: 'trouble',
    titleRule: '',
    description,
    status,
    labels: {},
    images: [],
    eventTime: 1_780_000_000_000,
  };
  const push = { integrationId, channelId: channelIds[0] ?? 0, reports: [report] };
  return {
    name: `report ${status}`,
    says: [description],
    async run(service) {
      const { counts } = await service.ingest(push);
      return counts.duplicate + counts.refreshed === 0;
    },
  };
}

function quiet(name: string, work: (service: Service) => Promise<unknown>): Operation {
  return { name, says: [], run: async (service) => work(service).then(() => true) };
}

function keysOf<Key extends string>(object: Readonly<Record<Key, unknown>>): Key[] {
  return Object.keys(object) as Key[];
}

/** Nothing happens by chance. */
const chanceless: Plan = {
  safetyMs: 0,
  operationEveryMs: 0,
  webhooks: 1,
  entities: 1,
  burstMax: 1,
  stormMax: 0,
  queueLimits: queueLimitsDefault,
  atLeastOnce: false,
  characters: ['healthy'],
  characterEveryMs: 0,
  hungForEver: 0,
  configures: false,
  operates: false,
  crashEveryMs: 0,
  restartEveryMs: 0,
  crashAtPoint: 0,
  freezeAtPoint: 0,
  freezeEveryMs: 0,
  clockEveryMs: 0,
  latenessMs: 0,
  lackEveryMs: 0,
  disk: { slow: false, busy: 0, full: 0, unavailable: 0, inDoubt: 0, cut: 0, read: 0, outageEveryMs: 0 },
};
