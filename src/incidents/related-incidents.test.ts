import assert from 'node:assert/strict';
import { test } from 'node:test';
import { incidentByHand, type Incident } from './incident.ts';
import { mostSimilar, similarity } from './related-incidents.ts';

function incident(title: string, labels: Record<string, string> = {}, startTime = 1): Incident {
  const input = { title, description: '', severity: 'Info', channelId: 0, fields: {} } as const;
  return { ...incidentByHand(`${title} ${startTime}`, input, 0, 1), labels, startTime };
}

test('likeness is 1 for the same, 0 for nothing in common, and the same both ways', () => {
  const cases = [
    ['disk full', {}, 'Disk: full!', {}, 1],
    ['disk full', {}, 'disk slow', {}, 1 / 3],
    ['磁盘 满', {}, '磁盘 慢', {}, 1 / 3],
    ['disk', { a: '1' }, 'disk', {}, 0.5],
    ['disk', { a: '1', b: '2' }, 'disk', { a: '1', b: '3' }, (1 + 1 / 3) / 2],
    ['disk', {}, 'network', {}, 0],
    ['!!!', {}, '???', {}, 0],
  ] as const;
  for (const [title, labels, otherTitle, otherLabels, expected] of cases) {
    const [one, other] = [incident(title, labels), incident(otherTitle, otherLabels)];
    assert.equal(similarity(one, other), expected, `${title} and ${otherTitle}`);
    assert.equal(similarity(other, one), expected);
  }
});

test('the newest of those equally alike comes first, and the incident itself not at all', () => {
  const [one, older, newer] = [
    incident('disk full', {}, 9),
    incident('disk full', {}, 1),
    incident('disk full', {}, 5),
  ];
  const found = mostSimilar(one, [older, one, incident('network'), newer], 5);
  assert.deepEqual(
    found.map((item) => item.incident),
    [newer, older],
  );
});
