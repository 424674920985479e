import type { Migration } from '../migrate.ts';
import { initial } from './0001-initial.ts';
import { customFields } from './0002-custom-fields.ts';
import { retries } from './0006-retries.ts';

/** All of them, in the order in which they run. Names never change: they are what the database remembers. */
export const migrations: readonly Migration[] = [initial, customFields, retries];
