import type { Path, Reply, Request } from './operations.ts';
import { serviceState, sessionState } from './state.ts';

/** One thing that is wrong with a request; `field` is empty for the whole of it. */
export interface Fault {
  readonly field: string;
  readonly message: string;
}

/** Why a call brought no data: a refusal of the service, or no answer at all (`code` is then `NoAnswer`). */
export class CallError extends Error {
  override name = 'CallError';
  readonly code: string;
  readonly requestId: string;
  readonly faults: readonly Fault[];

  constructor(code: string, message: string, more: { requestId?: string; faults?: readonly Fault[] } = {}) {
    super(message);
    this.code = code;
    this.requestId = more.requestId ?? '';
    this.faults = more.faults ?? [];
  }
}

export interface CallOptions {
  readonly signal?: AbortSignal;
  /** The same for a repeated request: it is then carried out once. */
  readonly idempotencyKey?: string;
}

/** Operations that answer `Unauthorized` for another reason than an ended session. */
const beforeSession: ReadonlySet<string> = new Set(['/session/create', '/session/link/redeem', '/member/password/set']);

/** Calls an operation of the service and gives its `data`. */
export async function call<P extends Path>(path: P, body: Request<P>, options: CallOptions = {}): Promise<Reply<P>> {
  const answer = await send(path, body, options);
  const envelope = await readEnvelope(answer);
  if (answer.ok && envelope !== undefined && 'data' in envelope) return envelope.data as Reply<P>;
  throw refusalOf(path, answer, envelope);
}

async function send(path: string, body: unknown, { signal, idempotencyKey }: CallOptions): Promise<Response> {
  try {
    const answer =
      (await begunAnswer(`${path} ${JSON.stringify(body)}`, path === '/session/info')) ??
      (await fetch(path, {
        method: 'POST',
        credentials: 'same-origin',
        headers: {
          'content-type': 'application/json',
          ...(idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey }),
        },
        body: JSON.stringify(body),
        ...(signal === undefined ? {} : { signal }),
      }));
    serviceState.set('reached');
    return answer;
  } catch (error) {
    if (signal?.aborted === true) throw error;
    serviceState.set('gone');
    throw new CallError('NoAnswer', 'The service did not answer.');
  }
}

/** The live stream begins with the hints of the last two seconds: an older answer may lack changes that nobody tells of. */
const begunMaxMs = 1_500;

/** The answer that `before-paint.ts` has asked for, once; `undefined` = nobody has, or it did not come. */
async function begunAnswer(request: string, lasts: boolean): Promise<Response | undefined> {
  const { tocsinBegun: all } = globalThis as { tocsinBegun?: Begun };
  const begun = all?.get(request);
  all?.delete(request);
  if (begun === undefined || (!lasts && performance.now() - begun.at > begunMaxMs)) return undefined;
  return begun.answer.catch(() => undefined);
}

/** As far as the request says that was begun with the page. */
export async function isSignedIn(): Promise<boolean> {
  const { tocsinBegun: all } = globalThis as { tocsinBegun?: Begun };
  return (await all?.get('/session/info {}')?.answer.catch(() => undefined))?.ok === true;
}

type Begun = Map<string, { readonly at: number; readonly answer: Promise<Response> }>;

interface Envelope {
  readonly request_id?: string;
  readonly data?: unknown;
  readonly error?: { readonly code?: string; readonly message?: string; readonly faults?: readonly Fault[] };
}

async function readEnvelope(answer: Response): Promise<Envelope | undefined> {
  try {
    return (await answer.json()) as Envelope;
  } catch {
    return undefined;
  }
}

function refusalOf(path: string, answer: Response, envelope: Envelope | undefined): CallError {
  const code = envelope?.error?.code ?? 'InternalError';
  if (code === 'Unauthorized' && !beforeSession.has(path)) sessionState.set('ended');
  return new CallError(code, envelope?.error?.message ?? `HTTP ${answer.status}`, {
    requestId: envelope?.request_id ?? '',
    faults: envelope?.error?.faults ?? [],
  });
}

/** Not `crypto.randomUUID`: on plain http in a local network it does not exist. */
export function newIdempotencyKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
