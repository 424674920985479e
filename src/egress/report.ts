/** How far an attempt got. */
export type Phase = 'prepare' | 'dns' | 'connect' | 'tls' | 'handover' | 'headers' | 'body';

/**
 * The fault before a final status line was read. `timeout`: the deadline · `refused`: the address guard · `window`: too
 * long since the claim, nothing begun · `upgrade`: 101 · `protocol`: not an HTTP answer · `error`: an error of the
 * network or TLS.
 */
export interface TransportFault {
  readonly kind: 'timeout' | 'refused' | 'window' | 'upgrade' | 'protocol' | 'error';
  /** The error's code where it has one, e.g. `ECONNREFUSED`. */
  readonly code: string;
  readonly message: string;
}

/** Where the time of an attempt went, in milliseconds. A phase that was not reached is absent; the last one may be cut. */
export interface Timing {
  readonly dns?: number;
  readonly connect?: number;
  readonly tls?: number;
  /** From the first byte of the request to the end of the response headers. */
  readonly wait?: number;
  readonly body?: number;
  /** The connection was open already. */
  readonly reused: boolean;
  /** Of the receiver, or of the proxy, with the port; '' when there was no connection. */
  readonly address: string;
}

/** The facts of one attempt. */
export interface Report {
  readonly phase: Phase;
  /** At least a part of the request was handed to the kernel. */
  readonly maybeSent: boolean;
  /** 0 = no final status line was read. */
  readonly statusCode: number;
  readonly fault: TransportFault | undefined;
  readonly timeoutMs: number;
  /** From the dial to the end of the response headers, or to the fault. */
  readonly durationMs: number;
  readonly responseHeadersJson: string;
  readonly responseBody: string;
  /** Absent where nothing was begun. */
  readonly timing?: Timing | undefined;
}

/** The code of the fault of a request that the thread it was given to did not begin. */
export const threadEnded = 'THREAD_ENDED';

/** An attempt that ended before anything was sent. */
export function reportUnsent(fault: TransportFault): Report {
  return {
    phase: 'prepare',
    maybeSent: false,
    statusCode: 0,
    fault,
    timeoutMs: 0,
    durationMs: 0,
    responseHeadersJson: '',
    responseBody: '',
  };
}
