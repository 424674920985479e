import type { Dispatcher } from 'undici';

/** A failed reply, with the service's message ready to show. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly code: string;

  constructor(path: string, code: string, message: string) {
    super(`${path}: ${code}: ${message}`);
    this.code = code;
  }
}

/** A thin client of the API (contract 6.1), for the commands that talk to a running service. */
export class Client {
  readonly #baseUrl: string;
  /** What admits the calls. */
  readonly #headers: Readonly<Record<string, string>>;

  private constructor(baseUrl: string, headers: Readonly<Record<string, string>>) {
    this.#baseUrl = baseUrl;
    this.#headers = headers;
  }

  static withKey(baseUrl: string, appKey: string): Client {
    return new Client(baseUrl.replace(/\/$/, ''), { authorization: `Bearer ${appKey}` });
  }

  /**
   * Signs in with the token of a sign-in link, as a browser does.
   * @throws ApiError when the service does not take it, and an Error with `code` when there is none at this address.
   */
  static async signedIn(baseUrl: string, token: string): Promise<Client> {
    const path = '/session/link/redeem';
    const response = await send(baseUrl + path, { token }, {});
    await dataOf(path, response);
    const cookie = String(response.headers['set-cookie'] ?? '').split(';')[0] ?? '';
    return new Client(baseUrl, { cookie, origin: new URL(baseUrl).origin });
  }

  /** Calls an operation and returns its `data`. */
  async call<Data>(path: string, body: unknown): Promise<Data> {
    return (await dataOf(path, await send(this.#baseUrl + path, body, this.#headers))) as Data;
  }

  /** Sends a body to a push URL, as a monitoring system would. */
  async push(pushPath: string, body: unknown): Promise<void> {
    await dataOf(pushPath, await send(this.#baseUrl + pushPath, body, {}));
  }
}

let dispatcher: Dispatcher | undefined;

type Answer = Awaited<ReturnType<typeof send>>;

async function send(url: string, body: unknown, headers: Readonly<Record<string, string>>) {
  // Not at the top: the service does without most of it. HTTP/1.1, because the bundle has no other.
  const { Agent, request } = await import('undici');
  dispatcher ??= new Agent({ allowH2: false });
  return request(url, {
    dispatcher,
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
}

async function dataOf(path: string, response: Answer): Promise<unknown> {
  const reply = (await response.body.json()) as { data?: unknown; error?: { code: string; message: string } };
  if (reply.error !== undefined) throw new ApiError(path, reply.error.code, reply.error.message);
  return reply.data;
}
