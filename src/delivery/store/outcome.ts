import { threadEnded, type Phase, type TransportFault, type Report } from '../../egress/report.ts';

/** Why a request ended as it did. */
const requestReasons = [
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
] as const;

/** Why a delivery ended without an attempt: by a restore, cancelling, its age, or a newer one. */
export const endReasons = ['restored', 'cancelled', 'expired', 'superseded'] as const;
export type EndReason = (typeof endReasons)[number];

/** By the send window, before a request began, and by the fence, after it had ended. */
const claimReasons = ['released', 'late'] as const;

/** Why an attempt ended; `interrupted` is known by recovery alone. */
export const attemptReasons = [...requestReasons, 'interrupted', ...claimReasons] as const;
export type AttemptReason = (typeof attemptReasons)[number];

/** Why a delivery is in its state. The list is closed: it is stored with the delivery. */
export const reasons = [...requestReasons, 'interrupted', ...endReasons, ...claimReasons] as const;

export type Reason = (typeof reasons)[number];

/** The attempt ended before its first byte, and the next one may get further. */
export const unsentReasons: ReadonlySet<Reason> = new Set(['timeout_connect', 'dns', 'connect', 'tls']);

export interface Outcome {
  readonly state: 'delivered' | 'failed' | 'unknown';
  readonly reason: AttemptReason;
  readonly statusCode: number;
  /** For people: the fault and the remedy. '' when delivered. */
  readonly message: string;
}

/**
 * Judges an attempt. A status line decides alone. Without one, it depends on whether the request was written: if not,
 * it certainly failed; if so, nothing can prove that the receiver did not act on it.
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

function judgeSent(report: Report, fault: TransportFault): Outcome {
  const doubt = 'the receiver may have acted on the request';
  if (fault.kind === 'timeout') {
    return unknown('timeout_response', `no complete response headers within ${report.timeoutMs} ms; ${doubt}`);
  }
  if (fault.kind === 'protocol') return unknown('protocol', `${fault.message}; ${doubt}`);
  return unknown('connection_lost', `the connection was lost before a response came (${text(fault)}); ${doubt}`);
}

/** Codes of faults of this machine alone: they say nothing of a receiver. */
const ownFaults: ReadonlySet<string> = new Set(['EMFILE', 'ENFILE', 'ENOBUFS', 'EADDRNOTAVAIL', threadEnded]);

/** Nothing was sent, for want of something on this machine: its claim is given back, and tried again after a pause. */
export function isOwnFault({ statusCode, maybeSent, fault }: Report): boolean {
  return statusCode === 0 && !maybeSent && fault !== undefined && ownFaults.has(fault.code);
}

function judgeUnsent(report: Report, fault: TransportFault): Outcome {
  if (isOwnFault(report)) return failed('released', ownHints[fault.code] ?? text(fault));
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

function failed(reason: AttemptReason, message: string, statusCode = 0): Outcome {
  return { state: 'failed', reason, statusCode, message };
}

function unknown(reason: AttemptReason, message: string): Outcome {
  return { state: 'unknown', reason, statusCode: 0, message };
}

function text(fault: TransportFault): string {
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
};

const ownHints: Readonly<Record<string, string>> = {
  EMFILE: 'this service has no file descriptors left: raise its limit',
  ENFILE: 'this machine has no file descriptors left',
  ENOBUFS: 'this machine has no memory left for connections',
  [threadEnded]: 'the thread that was to send it ended, and another starts; nothing was sent',
  EADDRNOTAVAIL: 'the source address is not on this machine, or no local port is free',
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
