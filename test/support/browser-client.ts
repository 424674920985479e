import { request } from 'node:http';

/** What a browser would send, header by header: an HTTP client that adds no headers. */
export interface BrowserClient {
  /** `name=value` of the cookie that the service has set; '' = none. */
  cookie: string;
  /** The whole Set-Cookie header of the last answer that had one. */
  setCookie: string;
  /** A POST as a page of the service sends it, unless `headers` say otherwise; an empty value leaves a header out. */
  call(path: string, body?: unknown, headers?: Readonly<Record<string, string>>): Promise<Reply>;
  get(path: string, headers?: Readonly<Record<string, string>>): Promise<Reply>;
}

export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  readonly data: Record<string, unknown>;
  readonly error: { readonly code: string; readonly message: string; readonly faults?: readonly { field: string }[] };
}

export function browserClient(url: string): BrowserClient {
  const { hostname, port, host, origin } = new URL(url);
  const send = async (method: string, path: string, headers: Readonly<Record<string, string>>, body: string) => {
    const sent = Object.fromEntries(
      Object.entries({ host, ...(client.cookie === '' ? {} : { cookie: client.cookie }), ...headers }).filter(
        ([, value]) => value !== '',
      ),
    );
    const reply = await exchange({ hostname, port, method, path, headers: sent, setHost: false, agent: false }, body);
    const [setCookie] = reply.headers['set-cookie'] ?? [];
    if (setCookie !== undefined) {
      client.setCookie = setCookie;
      const pair = setCookie.split(';', 1)[0] ?? '';
      client.cookie = pair.endsWith('=') ? '' : pair;
    }
    return reply;
  };
  const client: BrowserClient = {
    cookie: '',
    setCookie: '',
    call: (path, body = {}, headers = {}) =>
      send('POST', path, { 'content-type': 'application/json', origin, ...headers }, JSON.stringify(body)),
    get: (path, headers = {}) => send('GET', path, { accept: 'text/html,*/*;q=0.8', ...headers }, ''),
  };
  return client;
}

function exchange(options: object, body: string): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const outgoing = request(options, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        const isJson = String(response.headers['content-type']).startsWith('application/json');
        const envelope = (isJson ? JSON.parse(text) : {}) as Partial<Pick<Reply, 'data' | 'error'>>;
        const { data = {}, error = { code: '', message: '' } } = envelope;
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text, data, error });
      });
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}
