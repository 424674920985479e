/** Where the objects of the audit log have their pages. Pure. */

const pages: Readonly<Record<string, string>> = {
  alert: '/alert/detail',
  channel: '/channel',
  incident: '/incident/detail',
  integration: '/integration-center/source',
  member: '/people',
  route: '/integration-center/source',
  team: '/people/team',
  webhook: '/integration-center/webhook',
};

/** Operations whose object is another thing than their first word says. */
const elsewhere = /^(?:channel:(?:escalate|inhibit|silence|unsubscribe):|incident:custom-action:|webhook:replay)/;

export interface AuditObject {
  readonly id: string;
  /** '' = it has no page. */
  readonly to: string;
}

/** @param ids as the log has them: one, or several with commas. */
export function objectsOf(operation: string, ids: string): AuditObject[] {
  const page = elsewhere.test(operation) ? undefined : pages[operation.split(':')[0] ?? ''];
  return ids
    .split(',')
    .map((id) => id.trim())
    .filter((id) => id !== '')
    .map((id) => ({ id, to: page === undefined || !/^[0-9a-f]+$/i.test(id) ? '' : `${page}/${id}` }));
}
