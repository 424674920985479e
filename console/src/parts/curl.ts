/** A request as a command for a shell. Pure. */

export interface CurlRequest {
  readonly url: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: string;
}

const mask = '••••';
/** Who may not change webhooks sees no more of an endpoint than its host. */
const urlVariable = 'ENDPOINT';
/** These belong to one attempt or to the connection; curl makes its own. */
const left = /^(?:host|content-length|connection|webhook-id|webhook-timestamp|webhook-signature)$/i;

/** Values that are masked here become variables of the shell, so that nothing masked is ever sent as a value. */
export function curlOf(request: CurlRequest): string {
  const headers = request.headers.filter(([name]) => !left.test(name));
  const masked = headers.filter(([, value]) => value.startsWith(mask)).map(([name]) => variableOf(name));
  const variables = [...(request.url.includes(mask) ? [urlVariable] : []), ...masked];
  const signed = request.headers.some(([name]) => name.toLowerCase() === 'webhook-signature');
  const notes = [
    ...(variables.length > 0 ? [`# Set first: ${variables.join(', ')}`] : []),
    ...(signed ? ['# Unsigned. To sign: webhook-signature = v1,base64(hmac-sha256(secret, "id.timestamp.body"))'] : []),
  ];
  const lines = [
    `curl -X POST ${request.url.includes(mask) ? `"$${urlVariable}"` : quote(request.url)}`,
    ...headers.map(([name, value]) => `-H ${headerWord(name, value)}`),
    `--data-raw ${quote(request.body)}`,
  ];
  return [...notes, lines.join(' \\\n  ')].join('\n');
}

/** Only the variable stands in double quotes: a name may hold what a shell would run there. */
function headerWord(name: string, value: string): string {
  return value.startsWith(mask) ? `${quote(`${name}: `)}"$${variableOf(name)}"` : quote(`${name}: ${value}`);
}

function variableOf(name: string): string {
  return name.toUpperCase().replaceAll(/[^A-Z0-9]/g, '_');
}

/** In single quotes a shell reads nothing but text. */
function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** `{"name": "value"}` or `{"name": ["a", "b"]}`, as the history keeps headers; anything else is shown as one line. */
export function headersOf(json: string | undefined): (readonly [string, string])[] {
  if (json === undefined || json === '') return [];
  try {
    const value: unknown = JSON.parse(json);
    if (typeof value !== 'object' || value === null) return [['', json]];
    if (Array.isArray(value)) return value.map((pair: unknown) => pairOf(pair));
    return Object.entries(value).flatMap(([name, one]) => listOf(one).map((text) => [name, text] as const));
  } catch {
    return [['', json]];
  }
}

function listOf(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : [typeof value === 'string' ? value : JSON.stringify(value)];
}

function pairOf(pair: unknown): readonly [string, string] {
  return Array.isArray(pair) ? [String(pair[0]), String(pair[1])] : ['', String(pair)];
}
