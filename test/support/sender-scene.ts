import type { Received } from '../counterparts/receiver.ts';
import { around, pushOf, startTestApp, type Hook, type Place, type Push } from './test-app.ts';
import { until } from './until.ts';

/** How long a real program may take to notice a change and tell of it. */
export const programMs = 60_000;

/** The real service and receiver, with what tests of real senders do with them. */
export async function startSenderScene() {
  const app = await startTestApp();
  return {
    ...app,
    async keyOf(place: Place, type: string): Promise<string> {
      const source = { name: `${type} of ${place.channelName}`, type, channel_id: place.channelId };
      return String((await app.service.api('/integration/create', source))['integration_key']);
    },
    /** A place with a webhook of each kind. */
    async watchedPlace() {
      const place = await app.place();
      return { place, alerts: await place.hook('alert'), incidents: await place.hook('incident') };
    },
    /** Where a Prometheus sends straight, without an Alertmanager. */
    async prometheusTarget(place: Place) {
      const credentials = await this.keyOf(place, 'prometheus');
      return { url: app.service.url, pathPrefix: '/event/push/alert/prometheus', credentials };
    },
    /**
     * A kill between two reports, after which the service comes back on the same port. Every push has ended before: what a
     * kill finds in flight is `unknown` under at most once, and other tests are about that.
     */
    async killAndRestart(): Promise<void> {
      const open = { ...around(), states: ['pending', 'sending', 'retry_wait'], limit: 1 };
      await until(async () => (await app.service.api('/webhook/history/list', open))['total'] === 0);
      await app.service.kill('SIGKILL');
      await app.service.restart();
    },
    async metrics(): Promise<string> {
      const headers = { authorization: `Bearer ${app.service.appKey}` };
      return (await fetch(`${app.service.url}/metrics`, { headers })).text();
    },
    /** The received pushes, in order of arrival, as soon as there are so many. */
    async told(hook: Hook, count: number): Promise<Push[]> {
      await app.receiver.waitFor(count, (one: Received) => one.path === hook.path, programMs);
      return hook.received().map(pushOf);
    },
    /** The types of the same. */
    async toldTypes(hook: Hook, count: number): Promise<string[]> {
      return (await this.told(hook, count)).map((push) => push.event_type);
    },
    /** How many reports had this outcome. */
    async counted(outcome: string): Promise<number> {
      const line = String.raw`^tocsin_reports_total\{outcome="${outcome}"\} (\d+)`;
      return Number(new RegExp(line, 'm').exec(await this.metrics())?.[1] ?? 0);
    },
  };
}

export type SenderScene = Awaited<ReturnType<typeof startSenderScene>>;
