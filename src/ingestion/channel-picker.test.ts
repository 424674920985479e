import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ChannelDirectory, defaultSettings, type Channel } from '../channels/channel.ts';
import type { Member } from '../members/member.ts';
import { People } from '../members/people.ts';
import type { Team } from '../members/team.ts';
import { pickableChannels } from './channel-picker.ts';

const times = { createdAt: 0, updatedAt: 0, deletedAt: 0 };
const channel = (channelId: number, name: string, changes: Partial<Channel> = {}): Channel => ({
  channelId,
  name,
  description: '',
  teamId: 0,
  status: 'enabled',
  creatorId: 0,
  settings: defaultSettings,
  ...times,
  ...changes,
});
const channels = new ChannelDirectory([
  channel(1, 'Web', { teamId: 70 }),
  channel(2, 'Database', { status: 'disabled' }),
  channel(3, 'Web shop', { settings: { ...defaultSettings, managingTeamIds: [70] } }),
]);
const ada = { memberId: 9, name: 'Ada', email: 'ada@example.org', phone: '123', countryCode: 'DE' } as Member;
const people = new People([ada], [{ teamId: 70, name: 'Web team', personIds: [9] } as unknown as Team]);

const rows: [string, unknown, number[]][] = [
  ['all without a wish', {}, [1, 2, 3]],
  ['all without a body that says something', [], [1, 2, 3]],
  ['all where the wishes are empty', { query: '', channel_ids: [], member_id: 0, email: null }, [1, 2, 3]],
  ['by a part of the name', { query: ' WEB ' }, [1, 3]],
  ['by ids', { channel_ids: [2, 3, 77] }, [2, 3]],
  ['by a member, whose teams own or manage them', { member_id: 9 }, [1, 3]],
  ['by a member’s address', { email: 'Ada@Example.org' }, [1, 3]],
  ['by a member’s name and a part of the channel’s', { member_name: 'Ada', query: 'shop' }, [3]],
  ['by a member’s phone', { phone: '123', country_code: 'DE' }, [1, 3]],
  ['by a phone of another country', { phone: '123', country_code: 'FR' }, []],
  ['by a member that there is not', { member_id: 10 }, []],
];

for (const [name, body, expected] of rows) {
  test(`channels are picked ${name}`, () => {
    const { items, total } = pickableChannels(body, channels, people);
    assert.deepEqual(
      items.map((one) => one.channel_id),
      expected,
    );
    assert.equal(total, expected.length);
  });
}

test('each channel shows its name and its status', () => {
  assert.deepEqual(pickableChannels({ query: 'data' }, channels, people).items, [
    { channel_id: 2, channel_name: 'Database', status: 'disabled' },
  ]);
});

test('every wish of a wrong type is named', () => {
  assert.throws(
    () => pickableChannels({ query: 1, member_id: 'x', channel_ids: [1.5] }, channels, people),
    /query: must be a text; member_id: must be a number; channel_ids: must be a list of numbers/,
  );
});
