/** Operations that work in part, and what of them does not. */
export const partly: Readonly<Record<string, string>> = {
  '/account/info': 'the fields of billing and of plans are left out',
  '/channel/create':
    '`is_private`, `is_external_report_enabled` and `plugin_ids` are refused; robots and schedules of `escalate_rule` too',
  '/channel/escalate/rule/create': 'schedules and robots as targets, and calendars, are refused',
  '/channel/escalate/rule/update': 'as `/channel/escalate/rule/create`',
  '/channel/list': '`is_my_starred` gives nothing: channels cannot be starred',
  '/channel/silence/rule/create': 'calendars are refused',
  '/channel/silence/rule/update': 'calendars are refused',
  '/channel/update': 'as `/channel/create`',
  '/datasource/upsert': 'incident webhooks only, `plugin_id` 302',
  '/datasource/list': 'incident webhooks only',
  '/datasource/desc': 'incident webhooks only',
  '/incident/assign': '`notify` is kept in the timeline and sends nothing',
  '/incident/create': '`notify` is kept in the timeline and sends nothing',
  '/incident/feed': 'entries of notifications and of war rooms never appear',
  '/incident/info': '`ai_summary` and `post_mortem_id` are empty',
  '/incident/list': 'as `/incident/info`',
  '/incident/list-by-ids': 'as `/incident/info`; 100 ids at most',
  '/member/list': 'phones are masked',
  '/incident/responder/add': '`notify` is kept in the timeline and sends nothing',
};

/** Habits of real clients that no server can change; driven with the versions that are named. */
const clients: readonly (readonly [client: string, notes: readonly string[]])[] = [
  [
    'Command line (of 2 July 2026)',
    [
      '`incident ack` and `incident close` have no note: `POST /incident/ack` with `summary`, or `incident comment` beside it.',
      '`incident resolve --root-cause --resolution` is whole; both want three characters or more in `incident reset`.',
      'A command whose usage shows an id as an argument wants it there, also when `--data` has it.',
    ],
  ],
  [
    'MCP server (of 8 July 2026)',
    ['The tools of status pages and templates are absent; `list_template_…` answer from the client itself.'],
  ],
  [
    'Terraform provider (of 12 March 2026)',
    [
      '`flashduty_member_invite`: a change is made, and the provider then reports that `member_id` is unknown; the next plan is clean.',
      'A `phone` is shown masked, as the vendor shows it, so each plan wants to set it again: leave it out, or `ignore_changes`.',
      '`flashduty_escalate_rule`: set `force_escalate` in each layer, or each plan takes its `false` for a change.',
      '`flashduty_field` fails without a `description`, and `flashduty_channel` without one has a change at each plan: set it.',
      '`flashduty_route` is never deleted by the provider. Deleting the channels takes them out of the route.',
      '`flashduty_schedule`, `flashduty_template` and `flashduty_alert_pipeline` are absent.',
    ],
  ],
];

export interface Compatibility {
  readonly path: string;
  readonly state: 'works' | 'partly' | 'absent';
  readonly note: string;
}

/** Says of each published operation whether it is there. */
export function compatibilityOf(published: readonly string[], paths: ReadonlySet<string>): Compatibility[] {
  return published.map((path) => {
    if (!paths.has(path)) return { path, state: 'absent', note: '' };
    const note = partly[path];
    return note === undefined ? { path, state: 'works', note: '' } : { path, state: 'partly', note };
  });
}

/** The page `docs/compatibility.md`. */
export function compatibilityPage(rows: readonly Compatibility[]): string {
  const of = (state: Compatibility['state']) => rows.filter((row) => row.state === state);
  const list = (state: Compatibility['state']) =>
    of(state).map(({ path, note }) => `- \`${path}\`${note === '' ? '' : `: ${note}`}`);
  const absent = Map.groupBy(of('absent'), ({ path }) => path.split('/', 2)[1] ?? '');
  return [
    '# Which operations of Flashduty work',
    '',
    'Clients of its API work here by changing the URL. Of the operations that its public clients and documents name,',
    `${rows.length} in all, ${of('works').length} work, ${of('partly').length} work in part, and ${of('absent').length} are absent: they answer 404 \`RouteNotFound\`. This page is generated from the`,
    'list in [reference/published-operations.txt](reference/published-operations.txt) and the table of routes:',
    '`UPDATE_DOCS=1 node --test test/compatibility.test.ts`. A field that an operation does not know is accepted and named in the',
    'header `tocsin-ignored-fields`; [api.md](api.md) has the rules that hold for all of them.',
    '',
    '## Work',
    '',
    ...list('works'),
    '',
    '## Work in part',
    '',
    ...list('partly'),
    '',
    '## What clients do',
    '',
    'These were driven against a running service. Beside the operations above:',
    '',
    ...clients.flatMap(([client, notes]) => [`- ${client}`, ...notes.map((note) => `  - ${note}`)]),
    '',
    '## Absent',
    '',
    ...[...absent].map(([noun, paths]) => `- \`/${noun}\`: ${paths.map(({ path }) => `\`${path}\``).join(', ')}`),
    '',
  ].join('\n');
}
