import { core } from './core.ts';
import { operations } from './audit.ts';
import { channels } from './channels.ts';
import { conditions } from './conditions.ts';
import { firstRun } from './first-run.ts';
import { people } from './people.ts';
import { sources } from './sources.ts';
import { acting, incidents } from './incidents.ts';
import { health, replay } from './replay.ts';
import { settings } from './settings.ts';
import { signIn } from './sign-in.ts';
import { editor, webhooks } from './webhooks.ts';

/** All words, for their types and their tests; a page loads the files that it names in `routes.tsx`. */
export const en = {
  ...core,
  acting,
  channels,
  conditions,
  editor,
  firstRun,
  health,
  incidents,
  operations,
  people,
  replay,
  settings,
  signIn,
  sources,
  webhooks,
} as const;
