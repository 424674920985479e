/** Characters kept of a request. Of a longer one, only the names of its fields are kept. */
export const bodyMaxChars = 10_000;

/**
 * The request as JSON text without secrets: header values, keys and secrets are masked, and so are places where users
 * put secrets: the path and query of an endpoint, and templates.
 */
export function withoutSecrets(input: unknown): string {
  const text = JSON.stringify(shown('', input)) ?? '{}';
  if (text.length <= bodyMaxChars) return text;
  const names = typeof input === 'object' && input !== null ? Object.keys(input) : [];
  return JSON.stringify({
    too_long: true,
    fields: names.slice(0, namesMax).map((name) => name.slice(0, nameMaxChars)),
  });
}

/** The most specific id that a request names, or ''. */
export function idMeant(input: unknown): string {
  if (typeof input !== 'object' || input === null) return '';
  const sent = new Map(Object.entries(input));
  const name = idFields.find((field) => sent.get(field) !== undefined);
  return name === undefined ? '' : String(sent.get(name)).slice(0, idMaxChars);
}

const idFields = [
  'session_id',
  'rule_id',
  'key_id',
  'field_id',
  'incident_ids',
  'event_id',
  'replay_id',
  'integration_id',
  'team_id',
  'member_id',
  'channel_id',
];
/** 100 ids of 24 digits and their commas. */
const idMaxChars = 2500;
const namesMax = 100;
const nameMaxChars = 100;

const hidden = '(hidden)';
const secretName = /secret|password|token|authorization|cookie|credential|template$|(?:app|integration|api)_key$/i;

function shown(name: string, value: unknown): unknown {
  if (value === undefined || value === null || value === '' || typeof value === 'boolean') return value;
  if (secretName.test(name)) return hidden;
  if (name === 'endpoint') return originOf(value);
  if (Array.isArray(value)) return value.map((item) => shown('', item));
  if (typeof value !== 'object') return value;
  const each = name === 'headers' ? () => hidden : shown;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, each(key, inner)]));
}

function originOf(value: unknown): string {
  return typeof value === 'string' && URL.canParse(value) ? `${new URL(value).origin}/${hidden}` : hidden;
}
