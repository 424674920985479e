import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { databases } from '../../test/support/databases.ts';
import { openTestService, report, type SourcedService } from '../../test/support/test-service.ts';
import { readAlerts } from '../alerts/alert-list-store.ts';
import type { Alert, AlertReport } from '../alerts/alert.ts';
import { readFeed } from '../events/event-store.ts';

/** Which occurrence a report is about, when reports come late, twice, or not at all (contract 4.3). */

const t0 = 1_780_000_000_000;
const seconds = (count: number) => t0 + count * 1000;
/** With a time that the sender names. */
const at = (time: number, changes: Partial<AlertReport> = {}) =>
  report({ status: 'Critical', isSenderTime: true, eventTime: seconds(time), ...changes });
/** With the start of the occurrence alone, as Alertmanager tells it. */
const from = (start: number, changes: Partial<AlertReport> = {}) =>
  report({ status: 'Critical', startedAt: seconds(start), ...changes });
const ok = { status: 'Ok' } as const;

for (const { name, open } of databases) {
  describe(`occurrences on ${name}`, () => {
    test('a late recovery ends no newer firing, and is kept', async () => {
      await using service = await openTestService(open);
      await service.report(at(-300), at(-100, { description: 'again' }));
      assert.deepEqual(await sent(service, at(-200, ok)), { stale: 1 });
      const alert = await newest(service);
      assert.deepEqual([alert.status, alert.progress, alert.lastTime], ['Critical', 'Triggered', seconds(-100)]);
      assert.equal(await storedReports(service), 3);
      assert.deepEqual(await sent(service, at(-99, ok)), { recovered: 1 });
    });

    test('an alert that ends and fires again in one push opens anew, however large the others are that end with it', async () => {
      await using service = await openTestService(open);
      const large = (number: number, time: number, changes: Partial<AlertReport> = {}) =>
        at(time, { alertKey: `k${number}`, title: `t${number}`, description: 'x'.repeat(200_000), ...changes });
      const all = [1, 2, 3];
      await service.report(...all.map((number) => large(number, -300)));
      const ends = all.map((number) => large(number, -200, ok));
      assert.deepEqual(await sent(service, ...ends, large(3, -100)), { recovered: 3, opened: 1 });
    });

    test('a late copy of a recovered alert opens nothing', async () => {
      await using service = await openTestService(open);
      await service.report(at(-300), at(-200, ok));
      assert.deepEqual(await sent(service, at(-300), at(-200)), { stale: 2 });
      assert.deepEqual(await sent(service, at(-199)), { opened: 1 });
    });

    test('a late warning lowers no newer Critical', async () => {
      await using service = await openTestService(open);
      await service.report(at(0));
      assert.deepEqual(await sent(service, at(-50, { status: 'Warning', description: 'old' })), { stale: 1 });
      assert.deepEqual((await newest(service)).description, '91% full');
    });

    test('a recovery that repeats the time of its firing closes; one without a time always does', async () => {
      await using service = await openTestService(open);
      await service.report(at(-300));
      assert.deepEqual(await sent(service, at(-300, ok)), { recovered: 1 });
      await service.report(at(-200));
      assert.deepEqual(await sent(service, report(ok)), { recovered: 1 });
    });

    test('a sender whose clock lags is not late, where only some of its reports name a time', async () => {
      await using service = await openTestService(open);
      await service.report(report());
      assert.deepEqual(await sent(service, at(-90, ok)), { recovered: 1 });
      assert.equal((await newest(service)).endTime, t0);
      assert.deepEqual(await sent(service, report()), { opened: 1 });
    });

    test('a late report in the same body, after the recovery, changes nothing', async () => {
      await using service = await openTestService(open);
      const outcomes = await service.results(service.push([at(-300), at(-200, ok), at(-250), at(-100)]));
      assert.deepEqual(
        outcomes.map((one) => one.kind),
        ['opened', 'recovered', 'stale', 'opened'],
      );
    });

    test('a late peer that tells again what has recovered opens nothing, and its late recovery ends nothing newer', async () => {
      await using service = await openTestService(open);
      await service.report(from(-300), from(-300, ok));
      assert.deepEqual(await sent(service, from(-300), from(-301)), { stale: 2 });
      assert.deepEqual(await sent(service, from(-20)), { opened: 1 });
      assert.deepEqual(await sent(service, from(-300, ok)), { stale: 1 });
      assert.deepEqual(await sent(service, from(-20, ok)), { recovered: 1 });
    });

    test('a firing that began after all that was heard is a new occurrence, and the old one ends with its start', async () => {
      await using service = await openTestService(open);
      await service.report(from(0));
      const [alertId = ''] = service.events.map((event) => event.entityId);
      service.clock.move(600_000);
      assert.deepEqual(await service.report(from(480)), ['a_update', 'i_rslv', 'a_new', 'i_new']);
      const [old] = await readAlerts(service.database, [alertId]);
      assert.deepEqual([old?.status, old?.progress, old?.endTime], ['Ok', 'Closed', seconds(480)]);
      const feed = await readFeed(service.database, {
        entityId: alertId,
        types: [],
        ascending: false,
        offset: 0,
        limit: 1,
      });
      assert.equal(feed[0]?.detail['reason'], 'its recovery was never heard, and it began anew');
      // The recovery of the first one comes at last.
      assert.deepEqual(await sent(service, from(0, ok)), { stale: 1 });
    });

    test('bodies that waited are distinguished by their starts, though they come together', async () => {
      await using service = await openTestService(open);
      await service.report(from(-12_600));
      assert.deepEqual(await service.report(from(-1)), ['a_update', 'i_rslv', 'a_new', 'i_new']);
      await service.report(at(-785, { alertKey: 'n', title: 'n', startedAt: seconds(-785) }));
      assert.deepEqual(await service.report(at(0, { alertKey: 'n', title: 'n', startedAt: seconds(0) })), [
        'a_update',
        'i_rslv',
        'a_new',
        'i_new',
      ]);
    });

    test('a peer that saw it begin a little earlier or later tells the same occurrence', async () => {
      await using service = await openTestService(open);
      service.clock.move(60_000);
      await service.report(from(0));
      assert.deepEqual(await sent(service, from(-15), from(15)), { duplicate: 2 });
      service.clock.move(300_000);
      await service.report(from(0));
      assert.deepEqual(await sent(service, from(300), from(0)), { duplicate: 2 });
    });

    test('two servers that repeat what fires, and saw it begin far apart: one alert; it ends with the first recovery', async () => {
      await using service = await openTestService(open);
      const clock = () => (service.clock.now() - t0) / 1000;
      const fires = (start: number) => from(start, { expiresAt: seconds(clock() + 240) });
      const ends = (start: number, end: number) => at(end, { ...ok, startedAt: seconds(start) });
      assert.deepEqual(await service.report(fires(-60)), ['a_new', 'i_new']);
      for (const start of [420, 421]) {
        service.clock.move(240_000 - 1000);
        await service.report(fires(-60));
        service.clock.move(241_000 - 1000);
        assert.deepEqual(await service.report(fires(start), fires(-60)), []);
      }
      assert.deepEqual(await service.report(ends(421, 900)), ['a_update', 'i_rslv']);
      assert.equal((await newest(service)).endTime, seconds(900));
      // The peer recovers a moment later, whichever of the two it is.
      assert.deepEqual(await sent(service, fires(-60), fires(421), fires(899)), { stale: 3 });
      // It does not, so it fires; what the other one repeats ends it no second time.
      service.clock.move(301_000);
      assert.deepEqual(await service.report(fires(-60)), ['a_new', 'i_new']);
      assert.deepEqual(await sent(service, ends(421, 900)), { stale: 1 });
      assert.deepEqual(await service.report(ends(-60, 1300)), ['a_update', 'i_rslv']);
      // A new occurrence begins after all of that.
      assert.deepEqual(await service.report(fires(1301)), ['a_new', 'i_new']);
    });

    test('an identical report is noted as heard of, without an event', async () => {
      await using service = await openTestService(open);
      await service.report(from(0));
      service.clock.move(600_000);
      assert.deepEqual(await service.report(from(0)), []);
      const alert = await newest(service);
      assert.deepEqual([alert.heardAt, alert.eventCnt], [t0 + 600_000, 1]);
      // It began before the last report came.
      assert.deepEqual(await sent(service, from(200)), { duplicate: 1 });
    });

    test('a lost recovery and a late report together: the late one stays late', async () => {
      await using service = await openTestService(open);
      await service.report(at(0, { startedAt: seconds(0) }));
      assert.deepEqual(await sent(service, at(900, { startedAt: seconds(900) })), { opened: 1 });
      assert.deepEqual(await sent(service, at(300, { startedAt: seconds(0), ...ok })), { stale: 1 });
      assert.deepEqual(await sent(service, at(600, { startedAt: seconds(0) })), { stale: 1 });
      assert.deepEqual(await sent(service, at(901, { startedAt: seconds(900), ...ok })), { recovered: 1 });
    });

    test('an alert never ends before it began', async () => {
      await using service = await openTestService(open);
      await service.report(report({ eventTime: t0 + 200_000 }));
      await service.report(report({ ...ok, eventTime: t0 }));
      const { startTime, endTime } = await newest(service);
      assert.deepEqual([startTime, endTime], [t0 + 200_000, t0 + 200_000]);
    });
  });
}

/** What became of the reports, without the zeros. */
async function sent(service: SourcedService, ...reports: AlertReport[]): Promise<Record<string, number>> {
  const [counts] = await service.ingest([service.push(reports)]);
  return Object.fromEntries(Object.entries(counts ?? {}).filter(([, count]) => count > 0));
}

async function newest(service: SourcedService): Promise<Alert> {
  const id = service.events.findLast((event) => event.kind === 'alert')?.entityId ?? '';
  const [alert] = await readAlerts(service.database, [id]);
  assert.ok(alert);
  return alert;
}

async function storedReports(service: SourcedService): Promise<number> {
  return (await service.database.read.selectFrom('alert_event').select('event_id').execute()).length;
}
