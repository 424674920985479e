import type { Migration } from '../migrate.ts';
import { initial } from './0001-initial.ts';

/** In the order in which they run. A released name never changes: the database remembers it. */
export const migrations: readonly Migration[] = [initial];
