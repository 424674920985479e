import type { Section } from '../bench.ts';

/** Shards, leases and fences are designed, not built: until then this says so. */
export function nodes(): Section {
  return {
    key: 'nodes',
    title: 'PostgreSQL, three nodes',
    about: 'The other tables have one PostgreSQL node beside SQLite.',
    columns: [],
    rows: [],
    missing: ['three nodes: several nodes on one database are not supported yet'],
    bars: [],
  };
}
