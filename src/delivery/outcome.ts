/**
 * Why an attempt ended as it did. The list is closed: it is stored with the delivery and is the metrics' label.
 * `interrupted` … `late` are not judged from an answer: recovery, cancelling, the send window and the fence give them.
 */
export const reasons = [
  'ok',
  'redirect',
  'gone',
  'throttled',
  'client_error',
  'server_error',
  'protocol',
  'timeout_connect',
  'timeout_response',
  'connection_lost',
  'dns',
  'connect',
  'tls',
  'address_refused',
  'unsendable',
  'interrupted',
  'restored',
  'cancelled',
  'expired',
  'superseded',
  'released',
  'late',
] as const;

export type Reason = (typeof reasons)[number];

/** How far an attempt got. */
export type Phase = 'prepare' | 'dns' | 'connect' | 'tls' | 'handover' | 'headers' | 'body';

/**
 * What went wrong before a final status line was read. `timeout`: the deadline · `refused`: the address guard ·
 * `window`: too long since the claim, nothing begun · `upgrade`: 101 · `protocol`: not an HTTP answer ·
 * `error`: the network's or TLS's error.
 */
export interface Fault {
  readonly kind: 'timeout' | 'refused' | 'window' | 'upgrade' | 'protocol' | 'error';
  /** The error's code where it has one, e.g. `ECONNREFUSED`. */
  readonly code: string;
  readonly message: string;
}

/** The facts of one attempt, as the sender saw them. */
export interface Report {
  readonly phase: Phase;
  /** The request was handed to the kernel, at least in part. */
  readonly maybeSent: boolean;
  /** 0 = no final status line was read. */
  readonly statusCode: number;
  readonly fault: Fault | undefined;
  readonly timeoutMs: number;
  /** From dial to the end of the response headers, or to the fault. */
  readonly durationMs: number;
  readonly responseHeadersJson: string;
  readonly responseBody: string;
}

export interface Outcome {
  readonly state: 'delivered' | 'failed' | 'unknown';
  readonly reason: Reason;
  readonly statusCode: number;
  /** For people: what happened and what helps. '' when delivered. */
  readonly message: string;
}

/**
 * Judges an attempt. A status line decides alone. Without one the question is only whether the request was written:
 * if not, it failed for certain; if so, nothing seen later can prove that the receiver did not act on it.
 */
export function judge(report: Report): Outcome {
  if (report.statusCode >= 200) return judgeStatus(report.statusCode);
  const fault = report.fault ?? { kind: 'error', code: '', message: 'the connection ended' };
  if (fault.kind === 'upgrade') {
    return failed('protocol', 'the receiver answered 101 Switching Protocols, which is no answer to a push', 101);
  }
  return report.maybeSent ? judgeSent(report, fault) : judgeUnsent(report, fault);
}

function judgeStatus(statusCode: number): Outcome {
  if (statusCode < 300) return { state: 'delivered', reason: 'ok', statusCode, message: '' };
  if (statusCode < 400) {
    return failed('redirect', 'redirects are not followed: set the endpoint to the final address', statusCode);
  }
  const hint = hints[statusCode];
  const message = `the receiver answered ${statusCode}${hint === undefined ? '' : `: ${hint}`}`;
  if (statusCode === 410) return failed('gone', message, statusCode);
  if (statusCode === 429) return failed('throttled', message, statusCode);
  if (statusCode < 500) return failed('client_error', message, statusCode);
  if (statusCode < 600) return failed('server_error', message, statusCode);
  return failed('protocol', `the receiver answered ${statusCode}, which is no HTTP status`, statusCode);
}

function judgeSent(report: Report, fault: Fault): Outcome {
  const doubt = 'the receiver may have acted on the request';
  if (fault.kind === 'timeout') {
    return unknown('timeout_response', `no complete response headers within ${report.timeoutMs} ms; ${doubt}`);
  }
  if (fault.kind === 'protocol') return unknown('protocol', `${fault.message}; ${doubt}`);
  return unknown('connection_lost', `the connection was lost before a response came (${text(fault)}); ${doubt}`);
}

function judgeUnsent(report: Report, fault: Fault): Outcome {
  if (fault.kind === 'refused') return failed('address_refused', fault.message);
  if (fault.kind === 'window') return failed('released', fault.message);
  if (fault.kind === 'timeout') {
    return failed(
      'timeout_connect',
      `${doing[report.phase]} took longer than ${report.timeoutMs} ms; nothing was sent`,
    );
  }
  switch (report.phase) {
    case 'prepare':
      return failed('unsendable', `the request could not be made: ${fault.message}`);
    case 'dns':
      return failed('dns', `the host name could not be resolved (${text(fault)})`);
    case 'tls':
      return failed('tls', tlsHints[fault.code] ?? `the TLS handshake failed (${text(fault)})`);
    case 'connect':
    case 'handover':
    case 'headers':
    case 'body':
      return failed('connect', connectHints[fault.code] ?? `no connection (${text(fault)}); nothing was sent`);
  }
}

function failed(reason: Reason, message: string, statusCode = 0): Outcome {
  return { state: 'failed', reason, statusCode, message };
}

function unknown(reason: Reason, message: string): Outcome {
  return { state: 'unknown', reason, statusCode: 0, message };
}

function text(fault: Fault): string {
  return fault.code === '' || fault.message.includes(fault.code) ? fault.message : `${fault.code}: ${fault.message}`;
}

const doing: Readonly<Record<Phase, string>> = {
  prepare: 'making the request',
  dns: 'resolving the host name',
  connect: 'connecting',
  tls: 'the TLS handshake',
  handover: 'getting the connection ready',
  headers: 'the answer',
  body: 'the answer',
};

const hints: Readonly<Record<number, string>> = {
  401: 'check the credentials in the custom headers or the endpoint',
  403: 'check the credentials, and that the receiver lets the source addresses in',
  404: 'check the path of the endpoint',
  405: 'the receiver does not take POST at this path',
  407: 'a proxy on the way asks for credentials',
  413: 'the receiver refuses bodies of this size',
  415: 'the receiver does not take application/json',
  429: 'the receiver asks for fewer requests',
};

const connectHints: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused: nothing listens at that address and port; nothing was sent',
  EHOSTUNREACH: 'no route to the host; nothing was sent',
  ENETUNREACH: 'the network is unreachable; nothing was sent',
  ECONNRESET: 'the connection was reset while it was made; nothing was sent',
  EMFILE: 'this service has no file descriptors left: raise its limit; nothing was sent',
  EADDRNOTAVAIL: 'the source address is not on this machine, or no local port is free; nothing was sent',
};

const tlsHints: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'the certificate of the receiver has expired',
  CERT_NOT_YET_VALID: 'the certificate of the receiver is not valid yet',
  DEPTH_ZERO_SELF_SIGNED_CERT:
    'the certificate of the receiver is self-signed: use a trusted one, or turn verification off',
  SELF_SIGNED_CERT_IN_CHAIN: 'the certificate chain of the receiver ends in an authority that is not trusted here',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    'the receiver does not send its intermediate certificates, or its authority is not trusted',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'the authority that issued the certificate of the receiver is not trusted here',
  ERR_TLS_CERT_ALTNAME_INVALID: 'the certificate of the receiver is for another host name',
  ERR_SSL_WRONG_VERSION_NUMBER: 'the receiver does not speak TLS at this port: is the endpoint http instead of https?',
};
