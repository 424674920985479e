import { lookup, Resolver as AresResolver } from 'node:dns/promises';
import { readFile } from 'node:fs/promises';
import type { Clock } from '../runtime/clock.ts';

/** Resolves host names. It does not check addresses: the caller asks the guard about each. */
export interface DnsResolver {
  /** At least one address, IPv4 first. Rejects with an error whose `code` says why. */
  resolve(host: string): Promise<readonly string[]>;
}

/** Time of one query to one server; the deadline of an attempt is usually shorter. */
const queryTimeoutMs = 1_000;
/** An answer serves further connections for this time, so that a burst to one host asks once. */
const rememberedMs = 5_000;
const rememberedMax = 1_000;
/** `getaddrinfo` blocks one of the four threads that files need too: so at most this many run at once. */
const lookupsMax = 2;
const lookupsWaitingMax = 1_000;

/** Asks the network; replaced in tests. */
export interface NameService {
  /** c-ares: asks DNS without a thread, so that a silent server delays nothing else. */
  query(host: string): Promise<readonly string[]>;
  /** `getaddrinfo`: knows search domains, mDNS and other settings of the machine, but blocks a thread. */
  lookup(host: string): Promise<readonly string[]>;
  hostsFile(): Promise<string>;
}

/**
 * Asks the hosts file, then DNS, then, for a name that DNS does not know, the system. In this order a name whose
 * servers are silent never takes one of the few threads.
 */
export function systemResolver(clock: Clock, names: NameService = systemNames()): DnsResolver {
  const remembered = new Map<string, { readonly until: number; readonly answer: Promise<readonly string[]> }>();
  const bounded = boundedLookup(names);

  const ask = async (host: string): Promise<readonly string[]> => {
    const listed = hostsEntries(await names.hostsFile().catch(() => ''), host);
    if (listed.length > 0) return listed;
    try {
      return await names.query(host);
    } catch (error) {
      if (!unknownToDns.has(codeOf(error))) throw error;
      return bounded(host);
    }
  };

  return {
    resolve(host) {
      const name = host.toLowerCase();
      const now = clock.monotonic();
      const known = remembered.get(name);
      if (known !== undefined && now < known.until) return known.answer;
      if (remembered.size >= rememberedMax) remembered.clear();
      const answer = ask(name);
      const entry = { until: now + rememberedMs, answer };
      remembered.set(name, entry);
      answer.catch(() => {
        if (remembered.get(name) === entry) remembered.delete(name);
      });
      return answer;
    },
  };
}

/** `getaddrinfo`, at most so often at once. */
export function boundedLookup(names: NameService = systemNames()): NameService['lookup'] {
  return atMost(lookupsMax, (host: string) => names.lookup(host));
}

const unknownToDns = new Set(['ENOTFOUND', 'ENODATA', 'ECONNREFUSED']);

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

export function systemNames(): NameService {
  const ares = new AresResolver({ timeout: queryTimeoutMs, tries: 2 });
  return {
    async query(host) {
      const [four, six] = await Promise.allSettled([ares.resolve4(host), ares.resolve6(host)]);
      const found = [four, six].flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
      if (found.length === 0 && four.status === 'rejected') throw four.reason;
      return found;
    },
    lookup: async (host) => (await lookup(host, { all: true, order: 'ipv4first' })).map((entry) => entry.address),
    hostsFile: () => readFile('/etc/hosts', 'utf8'),
  };
}

/** The addresses of a name in a hosts file. */
function hostsEntries(file: string, host: string): string[] {
  const addresses: string[] = [];
  for (const line of file.split('\n')) {
    const [address, ...names] = (line.split('#')[0] ?? '').trim().toLowerCase().split(/\s+/);
    if (address !== undefined && names.includes(host)) addresses.push(address);
  }
  return addresses;
}

function atMost<Result>(limit: number, work: (host: string) => Promise<Result>): (host: string) => Promise<Result> {
  let running = 0;
  const waiting: (() => void)[] = [];
  return async (host) => {
    if (waiting.length >= lookupsWaitingMax) throw new Error('too many names wait to be looked up');
    if (running >= limit) await new Promise<void>((resume) => waiting.push(resume));
    else running += 1;
    try {
      return await work(host);
    } finally {
      // Passes the slot on instead of freeing it, so that a newcomer cannot take it in between.
      const next = waiting.shift();
      if (next === undefined) running -= 1;
      else next();
    }
  };
}
