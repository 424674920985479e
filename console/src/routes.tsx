import { createRootRoute, createRoute, createRouter, lazyRouteComponent, redirect } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { Frame } from './frame/frame.tsx';
import { NothingHere } from './frame/not-here.tsx';
import { parseAddress, writeAddress } from './parts/search-params.ts';
import { needWords, type WordFile } from './words/dictionary.ts';

const root = createRootRoute({ notFoundComponent: NothingHere });

/** Everything that needs somebody signed in. */
const frame = createRoute({ getParentRoute: () => root, id: 'frame', component: Frame });

const search = (raw: Record<string, unknown>): Record<string, string> => raw as Record<string, string>;

/** A page comes with its words. */
function lazy<Name extends string>(
  words: readonly WordFile[],
  load: () => Promise<{ readonly [Key in Name]: () => ReactNode }>,
  name: Name,
): ReturnType<typeof lazyRouteComponent> {
  return lazyRouteComponent(async () => {
    const [pages] = await Promise.all([load(), needWords(words)]);
    return { default: pages[name] };
  });
}

const page = <P extends string>(path: P, component: Parameters<typeof createRoute>[0]['component']) =>
  createRoute({ getParentRoute: () => frame, path, component: component as () => null, validateSearch: search });
const open = <P extends string>(path: P, component: Parameters<typeof createRoute>[0]['component']) =>
  createRoute({ getParentRoute: () => root, path, component: component as () => null, validateSearch: search });

const home = createRoute({
  getParentRoute: () => frame,
  path: '/',
  beforeLoad: () => {
    // oxlint-disable-next-line typescript/only-throw-error -- the router's way to say it
    throw redirect({ to: '/incident', replace: true });
  },
});

/** As the user's text calls the place: Console, Integration Center, Webhook. */
const integrationCenter = createRoute({
  getParentRoute: () => frame,
  path: '/integration-center',
  beforeLoad: () => {
    // oxlint-disable-next-line typescript/only-throw-error -- the router's way to say it
    throw redirect({ to: '/integration-center/webhook', replace: true });
  },
});

const deliveries = page(
  '/delivery',
  lazy([], () => import('./deliveries/deliveries-page.tsx'), 'DeliveriesPage'),
);
const delivery = createRoute({
  getParentRoute: () => deliveries,
  path: '$webhook/$record',
  component: lazy([], () => import('./deliveries/delivery-page.tsx'), 'DeliveryPage'),
});

const webhookList = lazy(['webhooks'], () => import('./webhooks/webhook-list-page.tsx'), 'WebhookListPage');
const actionList = lazy(['webhooks'], () => import('./webhooks/webhook-list-page.tsx'), 'ActionListPage');
const newWebhook = lazy(['webhooks'], () => import('./webhooks/new-webhook-page.tsx'), 'NewWebhookPage');
const newAction = lazy(['webhooks'], () => import('./webhooks/new-webhook-page.tsx'), 'NewActionPage');
const oneWebhook = lazy(['webhooks', 'replay'], () => import('./webhooks/webhook-page.tsx'), 'WebhookPage');

const settings = lazy(['settings', 'signIn'], () => import('./settings/settings-page.tsx'), 'SettingsPage');

const keys = lazy(['settings'], () => import('./settings/keys-page.tsx'), 'KeysPage');
const fields = lazy(['settings'], () => import('./settings/fields-page.tsx'), 'FieldsPage');
const audit = lazy(['settings', 'audit'], () => import('./settings/audit-page.tsx'), 'AuditPage');
const system = lazy(['settings'], () => import('./settings/system-page.tsx'), 'SystemPage');

const sourceList = lazy(
  ['sources', 'conditions', 'incidents'],
  () => import('./sources/source-list-page.tsx'),
  'SourceListPage',
);
const newSource = lazy(
  ['sources', 'conditions', 'incidents'],
  () => import('./sources/new-source-page.tsx'),
  'NewSourcePage',
);
const oneSource = lazy(['sources', 'conditions', 'incidents'], () => import('./sources/source-page.tsx'), 'SourcePage');

const channelList = lazy(
  ['channels', 'conditions', 'incidents'],
  () => import('./channels/channel-list-page.tsx'),
  'ChannelListPage',
);
const oneChannel = lazy(
  ['channels', 'conditions', 'incidents', 'sources'],
  () => import('./channels/channel-page.tsx'),
  'ChannelPage',
);

const peopleList = lazy(['people'], () => import('./people/people-page.tsx'), 'PeoplePage');
const onePerson = lazy(['people'], () => import('./people/person-page.tsx'), 'PersonPage');
const oneTeam = lazy(['people'], () => import('./people/team-page.tsx'), 'TeamPage');

const guide = lazy(['firstRun', 'sources'], () => import('./first-run/guide-page.tsx'), 'GuidePage');

const tree = root.addChildren([
  open(
    '/sign-in',
    lazy(['signIn'], () => import('./sign-in/sign-in-page.tsx'), 'SignInPage'),
  ),
  open(
    '/sign-in/link',
    lazy(['signIn'], () => import('./sign-in/link-page.tsx'), 'LinkPage'),
  ),
  frame.addChildren([
    home,
    integrationCenter,
    page(
      '/welcome',
      lazy(['signIn'], () => import('./sign-in/welcome-page.tsx'), 'WelcomePage'),
    ),
    page('/welcome/guide', guide),
    page(
      '/incident',
      lazy(['incidents'], () => import('./incidents/incident-list-page.tsx'), 'IncidentListPage'),
    ),
    page(
      '/incident/detail/$id',
      lazy(['incidents'], () => import('./incidents/incident-page.tsx'), 'IncidentPage'),
    ),
    page(
      '/alert',
      lazy(['incidents'], () => import('./alerts/alert-list-page.tsx'), 'AlertListPage'),
    ),
    page(
      '/alert/detail/$id',
      lazy(['incidents'], () => import('./alerts/alert-page.tsx'), 'AlertPage'),
    ),
    deliveries.addChildren([delivery]),
    page('/integration-center/source', sourceList),
    page('/integration-center/source/new', newSource),
    page('/integration-center/source/$id', oneSource),
    page('/integration-center/webhook', webhookList),
    page('/integration-center/webhook/new', newWebhook),
    page('/integration-center/webhook/$id', oneWebhook),
    page('/integration-center/action', actionList),
    page('/integration-center/action/new', newAction),
    page('/integration-center/action/$id', oneWebhook),
    page('/channel', channelList),
    page('/channel/$id', oneChannel),
    page('/people', peopleList),
    page('/people/$id', onePerson),
    page('/people/team/$id', oneTeam),
    page('/settings', settings),
    page('/settings/profile', settings),
    page('/settings/sessions', settings),
    page('/settings/keys', keys),
    page('/settings/fields', fields),
    page('/settings/audit', audit),
    page('/settings/system', system),
  ]),
]);

export const router = createRouter({
  routeTree: tree,
  parseSearch: parseAddress,
  stringifySearch: writeAddress,
  scrollRestoration: true,
  defaultPreload: 'intent',
  defaultNotFoundComponent: NothingHere,
});
