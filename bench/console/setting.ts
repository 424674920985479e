import type { BrowserContext } from 'playwright-core';
import { pushOf } from '../../test/support/test-app.ts';
import { startConsole, type ConsoleApp, type Visit } from '../../test/console/console-browser.ts';

/** Alerts of one push; each opens an incident, which makes a delivery. */
const alertsOfAPush = 500;
/** Limits and checks that would be measured in place of the console. */
const env = { TOCSIN_INGEST_RATE: '0', TOCSIN_API_RATE: '0', TOCSIN_TEST_CHECK_REPLIES: '0', TOCSIN_LOG_LEVEL: 'warn' };
/**
 * Who drives the browser makes it note where each error was made, for which it reads the script of the page a second time,
 * as for no other visitor. With this flag it notes that when it reads the script first.
 */
const flags = ['--js-flags=--no-enable-lazy-source-positions'];
/** How long the deliveries of all incidents may take. */
const arrivalMaxMs = 300_000;
/** Of these the benchmark knows the ids. */
const incidentsKnown = 60;
const severities = ['critical', 'warning', 'info'];

/** The service with many incidents and as many deliveries, and a browser at it. */
export interface Setting {
  readonly console: ConsoleApp;
  readonly url: string;
  /** Signed in, as the administrator of a wide screen. */
  readonly visit: Visit;
  /** A new browser context with the same session: nothing is in its cache. */
  fresh(): Promise<BrowserContext>;
  /** Acknowledges an incident, or takes that back. */
  act(incident: number, acknowledged: boolean): Promise<void>;
  stop(): Promise<void>;
}

export async function startSetting(incidents: number): Promise<Setting> {
  const console = await startConsole({ env }, flags);
  try {
    const { service, receiver } = console.app;
    const channel = await service.api('/channel/create', { channel_name: 'Web shop' });
    const source = await service.api('/integration/create', {
      name: 'Prometheus',
      type: 'prometheus',
      channel_id: channel['channel_id'],
    });
    const push = String(source['push_url']);
    await service.api('/webhook/create', {
      type: 'incident',
      name: 'Tickets',
      endpoint: `${receiver.url}/tickets`,
      event_types: ['i_new', 'i_ack', 'i_unack'],
      max_in_flight: 64,
    });
    const send = async (alerts: readonly object[]): Promise<void> => {
      const body = JSON.stringify({ version: '4', status: 'firing', receiver: 'bench', groupLabels: {}, alerts });
      const headers = { 'content-type': 'application/json' };
      const answer = await fetch(push, { method: 'POST', headers, body });
      if (!answer.ok) throw new Error(`the alerts were answered ${answer.status}: ${await answer.text()}`);
    };
    for (let from = 0; from < incidents; from += alertsOfAPush) {
      const count = Math.min(alertsOfAPush, incidents - from);
      await send(Array.from({ length: count }, (_, index) => alertOf(`host-${from + index}`, from + index)));
    }
    const pushes = await receiver.waitFor(incidents, undefined, arrivalMaxMs);
    const ids = pushes.slice(-incidentsKnown).map((one) => pushOf(one).incident?.['incident_id']);
    const visit = await console.visit({ role: 'admin' });
    const state = await visit.context.storageState();
    return {
      console,
      url: service.url,
      visit,
      fresh: async () => {
        const browser = visit.context.browser();
        if (browser === null) throw new Error('the browser is gone');
        return browser.newContext({
          baseURL: service.url,
          storageState: state,
          viewport: { width: 1440, height: 900 },
          locale: 'en-US',
          timezoneId: 'UTC',
        });
      },
      act: async (incident, acknowledged) => {
        const incident_ids = [ids[incident % ids.length]];
        await service.api(acknowledged ? '/incident/ack' : '/incident/unack', { incident_ids });
      },
      stop: () => console.stop(),
    };
  } catch (error) {
    await console.stop();
    throw error;
  }
}

function alertOf(name: string, severity: number): object {
  return {
    status: 'firing',
    labels: {
      alertname: 'DiskFull',
      instance: `${name}:9100`,
      service: 'web',
      severity: severities[severity % severities.length],
    },
    annotations: { summary: `Less than 5 % of the disk is left on ${name}` },
    startsAt: '2026-01-01T00:00:00Z',
    fingerprint: name,
  };
}
