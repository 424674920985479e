import assert from 'node:assert/strict';
import { test } from 'node:test';
import { missingCommandWebhook, startCommandWebhook } from './command-webhook.ts';
import { skipWithout } from './program.ts';

const incident = { incident_id: '0123456789abcdef01234567', title: 'disk of db-3 is full; $(exit 1)' };

test(
  'a real command webhook runs its command for i_new with the token',
  skipWithout(missingCommandWebhook()),
  async (t) => {
    const webhook = await startCommandWebhook();
    t.after(() => webhook.stop());
    const push = async (eventType: string, headers: Record<string, string>) => {
      const body = JSON.stringify({ event_type: eventType, incident });
      const answer = await fetch(webhook.hookUrl, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body,
      });
      await answer.body?.cancel();
      return answer.status;
    };

    assert.equal(await push('i_ack', webhook.headers), 403);
    assert.equal(await push('i_new', { 'x-webhook-token': 'wrong' }), 403);
    assert.equal(await push('i_new', webhook.headers), 200);
    assert.deepEqual(await webhook.runs(), [
      { eventType: 'i_new', incidentId: incident.incident_id, title: incident.title },
    ]);
  },
);
