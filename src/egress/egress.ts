import type { CrashPoints } from '../runtime/crash-points.ts';
import type { AddressGuard } from './address-guard.ts';
import { systemResolver } from './dns-resolver.ts';
import { createEgressThreads, type EgressThreadsParts } from './egress-threads.ts';
import { createHttpClient, type HttpClient } from './http-client.ts';

export interface EgressParts extends EgressThreadsParts {
  readonly at: CrashPoints;
  readonly guard: AddressGuard;
}

/** The client for all requests: in threads, or with none in the thread that calls it. */
export function createEgress(parts: EgressParts): HttpClient {
  if (parts.count > 0) return createEgressThreads(parts);
  const { clock, settings } = parts;
  return createHttpClient({ ...parts, ...settings, resolver: systemResolver(clock) });
}
