import { request } from 'undici';

/** A reply that is not the one asked for: what the service said, ready to be shown. */
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
  readonly #appKey: string;

  constructor(baseUrl: string, appKey: string) {
    this.#baseUrl = baseUrl.replace(/\/$/, '');
    this.#appKey = appKey;
  }

  /** Calls an operation and gives its `data`. */
  async call<Data>(path: string, body: unknown): Promise<Data> {
    return this.#post<Data>(path, body, { authorization: `Bearer ${this.#appKey}` });
  }

  /** Sends a body to a push URL, as a monitoring system would. */
  async push(pushPath: string, body: unknown): Promise<void> {
    await this.#post(pushPath, body, {});
  }

  async #post<Data>(path: string, body: unknown, headers: Record<string, string>): Promise<Data> {
    const response = await request(this.#baseUrl + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });
    const reply = (await response.body.json()) as { data?: Data; error?: { code: string; message: string } };
    if (reply.error !== undefined) throw new ApiError(path, reply.error.code, reply.error.message);
    return reply.data as Data;
  }
}
