/** The words that are loaded: those of the frame at once, those of a room with its first page. */
import { signal } from '../api/signal.ts';
import { core } from './en/core.ts';
import type { Language, Words } from './words.ts';

export interface Dictionary {
  readonly language: Language;
  readonly words: Partial<Words>;
}

type Load = () => Promise<object>;

const chinese = {
  core: async () => (await import('./zh-CN/core.ts')).core,
  audit: () => import('./zh-CN/audit.ts'),
  channels: () => import('./zh-CN/channels.ts'),
  conditions: () => import('./zh-CN/conditions.ts'),
  firstRun: () => import('./zh-CN/first-run.ts'),
  incidents: () => import('./zh-CN/incidents.ts'),
  people: () => import('./zh-CN/people.ts'),
  replay: () => import('./zh-CN/replay.ts'),
  settings: () => import('./zh-CN/settings.ts'),
  signIn: () => import('./zh-CN/sign-in.ts'),
  sources: () => import('./zh-CN/sources.ts'),
  webhooks: () => import('./zh-CN/webhooks.ts'),
} satisfies Record<string, Load>;

/** A file of words; each of its exports is a namespace. */
export type WordFile = Exclude<keyof typeof chinese, 'core'>;

const files: Readonly<Record<Language, Readonly<Record<WordFile | 'core', Load>>>> = {
  en: {
    core: () => Promise.resolve(core),
    audit: () => import('./en/audit.ts'),
    channels: () => import('./en/channels.ts'),
    conditions: () => import('./en/conditions.ts'),
    firstRun: () => import('./en/first-run.ts'),
    incidents: () => import('./en/incidents.ts'),
    people: () => import('./en/people.ts'),
    replay: () => import('./en/replay.ts'),
    settings: () => import('./en/settings.ts'),
    signIn: () => import('./en/sign-in.ts'),
    sources: () => import('./en/sources.ts'),
    webhooks: () => import('./en/webhooks.ts'),
  },
  'zh-CN': chinese,
};

/** `undefined` until the language is known. */
export const dictionary = signal<Dictionary | undefined>(undefined);

/** Every file that a page has asked for: another language needs all of them. */
const wanted = new Set<WordFile | 'core'>(['core']);
let language: Language = 'en';

/** Changes the language as soon as its words are here; if they cannot be loaded, the present one stays. */
export async function speak(next: Language): Promise<void> {
  language = next;
  if (dictionary.get()?.language === next) return;
  let loaded: Partial<Words> | undefined;
  let names = 0;
  // A page may ask for more while these come.
  do {
    names = wanted.size;
    loaded = await load(next, [...wanted]).catch(() => undefined);
  } while (names < wanted.size);
  if (language !== next) return;
  if (loaded !== undefined) dictionary.set({ language: next, words: loaded });
  else if (dictionary.get() === undefined) dictionary.set({ language: 'en', words: core });
}

/** Brings the words of a page, which is shown after that. */
export async function needWords(names: readonly WordFile[]): Promise<void> {
  for (const name of names) wanted.add(name);
  const at = dictionary.get();
  if (at === undefined) return speak(language);
  const words = await load(at.language, names);
  const now = dictionary.get();
  // If the language changed meanwhile, the change has brought them.
  if (now?.language === at.language) dictionary.set({ ...now, words: { ...now.words, ...words } });
  return undefined;
}

async function load(of: Language, names: readonly (WordFile | 'core')[]): Promise<Partial<Words>> {
  const parts = await Promise.all(names.map((name) => files[of][name]()));
  return Object.assign({}, ...parts) as Partial<Words>;
}
