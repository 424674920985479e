import type { Migration } from '../migrate.ts';
import { initial } from './0001-initial.ts';
import { customFields } from './0002-custom-fields.ts';
import { noiseRules } from './0003-noise-rules.ts';
import { escalation } from './0004-escalation.ts';
import { audit } from './0005-audit.ts';
import { retries } from './0006-retries.ts';
import { routes } from './0007-routes.ts';
import { shards } from './0008-shards.ts';
import { reportsByTime } from './0009-reports-by-time.ts';
import { failuresByTime } from './0010-failures-by-time.ts';
import { urgency } from './0011-urgency.ts';
import { cheaperPredicates } from './0012-cheaper-predicates.ts';
import { lineage } from './0013-lineage.ts';

/** All of them, in the order in which they run. Names never change: they are what the database remembers. */
export const migrations: readonly Migration[] = [
  initial,
  customFields,
  noiseRules,
  escalation,
  audit,
  retries,
  routes,
  shards,
  reportsByTime,
  failuresByTime,
  urgency,
  cheaperPredicates,
  lineage,
];
