import type { Bench, Section } from '../bench.ts';
import { startChild } from '../child.ts';
import { chosen, isChosen, ours, oursOnPostgres } from '../contestants/field.ts';
import { relay } from '../contestants/peers.ts';
import { bareKey, race, raceBar, raceTable, type Race } from './race.ts';

/** Counted separately where there is one push for each change. */
const variants = ['relay-dispatch', 'bullmq-always'];

export async function oneToOne(bench: Bench): Promise<Section> {
  const found = await raceAll(bench, 1, []);
  const { key } = ours;
  const peerBars = ['bullmq-everysec', 'bullmq-always', 'graphile-worker'].map((peer) =>
    raceBar(`at least 2.5 times ${found.names.get(peer) ?? peer}`, found, key, peer, 2.5),
  );
  return {
    key: 'one-to-one',
    title: 'One change to one webhook',
    about:
      'From HTTP in to the receiver. Pushes a second, from the first request to the last arrival, including the pushes that were still pending at the end.',
    columns: ['contestant', 'pushes a second', 'of the rounds', 'of the relay', 'Tocsin on SQLite is'],
    rows: raceTable(found, relay.key, key),
    missing: found.missing,
    bars: [
      raceBar('end to end at least 0.8 of the relay that keeps nothing', found, key, relay.key, 0.8),
      ...peerBars,
      raceBar('one PostgreSQL node at least 0.5 of SQLite', found, oursOnPostgres.key, key, 0.5),
    ].flatMap((one) => one ?? []),
  };
}

export async function fanOut(bench: Bench): Promise<Section> {
  const found = await raceAll(bench, 50, variants);
  return {
    key: 'fan-out',
    title: 'One change to 50 webhooks',
    about: 'The same, with 50 receivers of each change. The bare client posts bodies of Tocsin, without a source.',
    columns: ['contestant', 'pushes a second', 'of the rounds', 'of the bare client', 'Tocsin on SQLite is'],
    rows: raceTable(found, bareKey, ours.key),
    missing: found.missing,
    bars: [
      raceBar('fan-out at least 0.5 of the bare client', found, ours.key, bareKey, 0.5),
      raceBar('fan-out on one PostgreSQL node at least 0.5 of SQLite', found, oursOnPostgres.key, ours.key, 0.5),
    ].flatMap((one) => one ?? []),
  };
}

/** Everyone who was asked for, and the client that has nothing in front of it. */
async function raceAll(bench: Bench, pushesPerChange: number, leftOut: readonly string[]): Promise<Race> {
  const bare = isChosen(bench, bareKey) ? await startChild('bare-client') : undefined;
  try {
    return await race(bench, chosen(bench, leftOut), pushesPerChange, bare);
  } finally {
    await bare?.stop();
  }
}
