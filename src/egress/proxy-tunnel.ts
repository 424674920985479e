import type { Socket } from 'node:net';

/** The operator's proxy for every push. The proxy then decides too what may be called. */
export interface EgressProxy {
  readonly hostname: string;
  readonly port: number;
  /** The value of `Proxy-Authorization`; '' = none. */
  readonly authorization: string;
}

/** `http://[user:password@]host[:port]`; '' = no proxy. */
export function parseEgressProxy(text: string): EgressProxy | undefined {
  if (text === '') return undefined;
  const url = new URL(text);
  const credentials = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
  return {
    hostname: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? 80 : Number(url.port),
    authorization: credentials === ':' ? '' : `Basic ${Buffer.from(credentials).toString('base64')}`,
  };
}

/** Bytes of a proxy's answer to `CONNECT`. */
const answerMaxBytes = 8_192;

/**
 * Asks the proxy for a connection to the target, for plain HTTP too, so that pushes are the same with and without a
 * proxy. Ends in one of `opened` and `refused`; errors of the socket are for its owner.
 */
export function openTunnel(
  socket: Socket,
  proxy: EgressProxy,
  target: { readonly hostname: string; readonly port: number },
  events: { opened(): void; refused(why: Error): void },
): void {
  const host = target.hostname.includes(':') ? `[${target.hostname}]` : target.hostname;
  const authority = `${host}:${target.port}`;
  const authorization = proxy.authorization === '' ? '' : `Proxy-Authorization: ${proxy.authorization}\r\n`;
  let answer = '';
  const onData = (chunk: Buffer): void => {
    answer += chunk.toString('latin1');
    const complete = answer.includes('\r\n\r\n');
    if (!complete && answer.length < answerMaxBytes) return;
    socket.removeListener('data', onData);
    socket.pause();
    const status = /^HTTP\/1\.[01] (\d{3})/.exec(answer)?.[1];
    if (complete && status?.startsWith('2') === true) events.opened();
    else events.refused(new Error(`the egress proxy answered ${status ?? 'no HTTP'} to CONNECT ${authority}`));
  };
  socket.on('data', onData);
  socket.write(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n${authorization}\r\n`);
}
