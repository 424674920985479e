import type { HttpClient } from './http-client.ts';

/** A sender's request waits for the page. */
const timeoutMs = 5_000;

/** Reads a page over https by GET, through the address guard. Status 0 = no answer. */
export async function readPage(
  client: HttpClient,
  url: string,
  version: string,
): Promise<{ readonly status: number; readonly body: string }> {
  const { hostname, port, origin, pathname, search } = new URL(url);
  const report = await client.send({
    method: 'GET',
    target: {
      hostname,
      port: port === '' ? 443 : Number(port),
      secure: true,
      tlsVerify: true,
      origin,
      path: pathname + search,
      key: `${origin} verified`,
    },
    headers: ['Host', new URL(url).host, 'User-Agent', `Tocsin/${version}`, 'accept-encoding', 'identity'],
    body: '',
    timeoutMs,
  });
  return { status: report.statusCode, body: report.responseBody };
}
