import { QueryClient, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { UseMutationResult, UseQueryResult } from '@tanstack/react-query';
import { call, CallError, newIdempotencyKey } from './call.ts';
import { useLive, type LiveOptions } from './live.ts';
import type { Topic } from './live-stream.ts';
import type { Path, Reply, Request } from './operations.ts';
import { pollMs } from './state.ts';

/** Refusals that a repetition does not change. */
function mayRetry(failures: number, error: Error): boolean {
  return error instanceof CallError && error.code === 'NoAnswer' && failures < 2;
}

export function createQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      // The browser's own idea of being online is about the internet; the service may be next door.
      queries: { retry: mayRetry, staleTime: 1000, refetchOnWindowFocus: true, networkMode: 'always' },
      mutations: { retry: mayRetry, networkMode: 'always' },
    },
  });
}

export interface ReadOptions<P extends Path> {
  readonly enabled?: boolean;
  /** Asks again every ten seconds while it is on the screen, always or as long as this is so of the last reply. */
  readonly poll?: boolean | ((reply: Reply<P>) => boolean);
  /** Asks again when a hint of the stream is about it. */
  readonly live?: LiveRead;
  /** Keeps the old rows while another filter loads. */
  readonly keep?: boolean;
}

export interface LiveRead extends LiveOptions {
  readonly topics: readonly Topic[];
}

/** Follows what an operation gives. */
export function useRead<P extends Path>(
  path: P,
  body: Request<P>,
  options: ReadOptions<P> = {},
): UseQueryResult<Reply<P>, CallError> {
  const { live, poll } = options;
  const client = useQueryClient();
  const queryKey = [path, body];
  const query = useQuery<Reply<P>, CallError>({
    queryKey,
    queryFn: ({ signal }) => call(path, body, { signal }),
    enabled: options.enabled ?? true,
    // The kept answer may have missed a hint that came while nothing on the screen listened.
    ...(live === undefined ? {} : { staleTime: 0 }),
    refetchInterval: ({ state }) => (isPolled(poll, state.data) ? pollMs : false),
    ...(options.keep === true ? { placeholderData: (before: Reply<P> | undefined) => before } : {}),
  } as Parameters<typeof useQuery<Reply<P>, CallError>>[0]);
  useLive(live?.topics ?? [], () => readAgain(client, queryKey), {
    ...live,
    enabled: live !== undefined && options.enabled !== false && live.enabled !== false,
  });
  return query;
}

function isPolled<P extends Path>(poll: ReadOptions<P>['poll'], reply: Reply<P> | undefined): boolean {
  return typeof poll === 'function' ? reply === undefined || poll(reply) : poll === true;
}

/**
 * Asks again for all that is on the screen of these queries. A read that is under way is given up for a new one; only the
 * first read of a query is joined instead, and it may have been answered before what the hint is about: so it is waited
 * for, and then asked again.
 */
export async function readAgain(client: QueryClient, queryKey: readonly unknown[]): Promise<void> {
  const shown = { queryKey, type: 'active' } as const;
  const isFirst = client
    .getQueryCache()
    .findAll(shown)
    .some(({ state }) => state.data === undefined && state.fetchStatus !== 'idle');
  await client.refetchQueries(shown);
  if (isFirst) await client.refetchQueries(shown);
}

export interface WriteOptions<P extends Path> {
  /** The queries to reload, by path. */
  readonly changes?: readonly Path[];
  readonly onDone?: (reply: Reply<P>, body: Request<P>) => void;
}

/** Carries an operation out. Its answer may be lost and the request repeated: the key keeps it from happening twice. */
export function useWrite<P extends Path>(
  path: P,
  options: WriteOptions<P> = {},
): UseMutationResult<Reply<P>, CallError, Request<P>> {
  const client = useQueryClient();
  return useMutation<Reply<P>, CallError, Request<P>>({
    mutationFn: (body) => call(path, body, { idempotencyKey: keyOf(body) }),
    onSuccess: async (reply, body) => {
      options.onDone?.(reply, body);
      await Promise.all((options.changes ?? []).map((changed) => client.invalidateQueries({ queryKey: [changed] })));
    },
  });
}

/** One key per request object: a retry sends the same object, a new click makes another. */
const keys = new WeakMap<object, string>();

function keyOf(body: object): string {
  const known = keys.get(body);
  if (known !== undefined) return known;
  const key = newIdempotencyKey();
  keys.set(body, key);
  return key;
}
