import type { Bench, Section } from '../bench.ts';
import { ours, oursOnPostgres } from '../contestants/field.ts';
import { tocsinEntry } from '../contestants/tocsin.ts';
import { race, raceBar, raceTable } from './race.ts';

const nodeCount = 3;
const several = tocsinEntry('postgres', nodeCount);

/** One-to-one once more, of the service alone: on how many nodes, and on which database. */
export async function nodes(bench: Bench): Promise<Section> {
  const found = await race(bench, [ours, oursOnPostgres, several], 1);
  const [one, sqlite] = [oursOnPostgres.key, ours.key];
  return {
    key: 'nodes',
    title: `One node and ${nodeCount} nodes`,
    about: `One change to one webhook from HTTP in to the receiver, as above, for Tocsin alone. The ${nodeCount} nodes share one PostgreSQL and the same two cores, with the load, the receiver and the database; the connections of the senders are spread over them, and so are the 64 requests in flight.`,
    columns: ['nodes', 'pushes a second', 'of the rounds', 'of one PostgreSQL node', 'Tocsin on SQLite is'],
    rows: raceTable(found, one, sqlite),
    missing: found.missing,
    bars: [
      raceBar('one PostgreSQL node at least 0.5 of SQLite', found, one, sqlite, 0.5),
      raceBar(`${nodeCount} nodes more than one, as far as the cores allow`, found, several.key, one, 1),
    ].flatMap((bar) => bar ?? []),
  };
}
