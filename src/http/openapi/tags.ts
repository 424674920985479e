/** One chapter of the reference: the operations on one kind of object. */
export interface Tag {
  readonly name: string;
  readonly description: string;
}

interface Chapter extends Tag {
  /** Prefixes of its paths. */
  readonly prefixes: readonly string[];
}

/** In the order in which a newcomer needs them; the first that matches a path decides. */
const chapters: readonly Chapter[] = [
  {
    name: 'ingestion',
    description: 'Where monitoring systems send what they see. The key of an integration is in the query.',
    prefixes: ['/event/', '/push/', '/channel/list-by-integration'],
  },
  {
    name: 'change',
    description: 'Deployments and other changes, which may be why something broke.',
    prefixes: ['/change/', '/incident/change/'],
  },
  { name: 'incident', description: 'What people work on: opened by alerts or by hand.', prefixes: ['/incident/'] },
  {
    name: 'alert',
    description: 'What a source reports as wrong, until it recovers.',
    prefixes: ['/alert/', '/alert-event/'],
  },
  {
    name: 'webhook',
    description: 'Who gets which events, where to, and what became of each push.',
    prefixes: ['/webhook/', '/replay/'],
  },
  { name: 'egress', description: 'Where pushes come from and where they may go.', prefixes: ['/egress/'] },
  { name: 'integration', description: 'The sources that alerts come from.', prefixes: ['/integration/'] },
  { name: 'route', description: 'Which channel an alert of a shared integration goes to.', prefixes: ['/route/'] },
  {
    name: 'escalation rule',
    description: 'Who an incident of a channel is assigned to, and who is next when nobody answers.',
    prefixes: ['/channel/escalate/'],
  },
  {
    name: 'noise rule',
    description: 'Which alerts of a channel are dropped, silenced or inhibited.',
    prefixes: ['/channel/unsubscribe/', '/channel/silence/', '/channel/inhibit/'],
  },
  { name: 'channel', description: 'What alerts are grouped in and events are subscribed by.', prefixes: ['/channel/'] },
  { name: 'field', description: 'Custom fields of incidents.', prefixes: ['/field/'] },
  { name: 'app key', description: 'The keys that this API is called with.', prefixes: ['/person/app-key/'] },
  {
    name: 'session',
    description: 'How people sign in by a browser: the console uses these, a program uses an app key.',
    prefixes: ['/session/'],
  },
  {
    name: 'member',
    description: 'Who may use the service, and as what.',
    prefixes: ['/member/', '/account/', '/person/'],
  },
  { name: 'team', description: 'Groups of members.', prefixes: ['/team/'] },
  { name: 'system', description: 'The installation itself.', prefixes: ['/system/'] },
  { name: 'audit', description: 'Who changed the configuration.', prefixes: ['/audit/'] },
  {
    name: 'datasource',
    description: 'Older names for incident webhooks, kept for clients that know no others.',
    prefixes: ['/datasource/'],
  },
];

export const operatingTag: Tag = {
  name: 'operating',
  description: 'For operators, monitors and newcomers: GET, without the envelope.',
};

export function tagOf(path: string): Tag {
  const chapter = chapters.find(({ prefixes }) => prefixes.some((prefix) => path.startsWith(prefix)));
  return chapter === undefined
    ? { name: path.split('/')[1] ?? '', description: '' }
    : { name: chapter.name, description: chapter.description };
}

/** The position of a tag in the reference. */
export function rankOf(name: string): number {
  const index = chapters.findIndex((chapter) => chapter.name === name);
  return index === -1 ? chapters.length : index;
}
