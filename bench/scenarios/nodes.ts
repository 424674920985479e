import type { Bench, Section } from '../bench.ts';
import { ours, oursOnPostgres } from '../contestants/field.ts';
import { tocsinEntry } from '../contestants/tocsin.ts';
import { race, raceBar, raceTable } from './race.ts';

const nodeCount = 3;
/** So little that all nodes together leave more than half of the two cores to the database, the load and the receiver. */
const heldCores = 0.2;
const several = tocsinEntry('postgres', { nodes: nodeCount });
const oneHeld = tocsinEntry('postgres', { cores: heldCores });
const severalHeld = tocsinEntry('postgres', { nodes: nodeCount, cores: heldCores });

/** One-to-one once more, of the service alone: on how many nodes, and on which database. */
export async function nodes(bench: Bench): Promise<Section> {
  const found = await race(bench, [ours, oursOnPostgres, several, oneHeld, severalHeld], 1);
  const [one, sqlite] = [oursOnPostgres.key, ours.key];
  return {
    key: 'nodes',
    title: `One node and ${nodeCount} nodes`,
    about: `One change to one webhook from HTTP in to the receiver, as above, for Tocsin alone. The ${nodeCount} nodes share one PostgreSQL and the same two cores, with the load, the receiver and the database; the connections of the senders are spread over them, and so are the 64 requests in flight. One node takes what the others leave of these two cores, so more nodes can only take it from each other. To see what more nodes bring where each brings its own processor, the last two rows hold each node to ${heldCores} of a core by a control group of the kernel, as a container is held, with the rest of the machine for the database.`,
    columns: ['nodes', 'pushes a second', 'of the rounds', 'of one PostgreSQL node', 'Tocsin on SQLite is'],
    rows: raceTable(found, one, sqlite),
    missing: found.missing,
    bars: [
      raceBar('one PostgreSQL node at least 0.5 of SQLite', found, one, sqlite, 0.5),
      raceBar(`${nodeCount} nodes more than one, on the same two cores`, found, several.key, one, 1),
      raceBar(
        `${nodeCount} nodes more than one, each held to ${heldCores} of a core`,
        found,
        severalHeld.key,
        oneHeld.key,
        1,
      ),
    ].flatMap((bar) => bar ?? []),
  };
}
