import { lookup, Resolver as AresResolver } from 'node:dns/promises';
import { readFile } from 'node:fs/promises';
import type { Clock } from '../runtime/clock.ts';

/** Host names to addresses. Checking them is not its business: whoever dials asks the guard about every address. */
export interface Resolver {
  /** At least one address, IPv4 first. Rejects with an error whose `code` says why. */
  resolve(host: string): Promise<readonly string[]>;
}

/** One query of one server; the deadline of the attempt that asks is usually shorter. */
const queryTimeoutMs = 1_000;
/** How long an answer serves further connections, so that a burst to one host asks once. */
const rememberedMs = 5_000;
const rememberedMax = 1_000;
/** `getaddrinfo` blocks one of the four threads that files need too: so at most this many at once. */
const lookupsMax = 2;
const lookupsWaitingMax = 1_000;

/** What asks the network, to be replaced in tests. */
export interface NameService {
  /** c-ares: asks DNS without a thread, so that a silent server holds up nobody else. */
  query(host: string): Promise<readonly string[]>;
  /** `getaddrinfo`: knows search domains, mDNS and what else the machine is set up for, but blocks a thread. */
  lookup(host: string): Promise<readonly string[]>;
  hostsFile(): Promise<string>;
}

/**
 * Asks the hosts file, then DNS, then, for a name that DNS does not know, the system. In that order a name whose servers
 * are silent never gets to the few threads.
 */
export function systemResolver(clock: Clock, names: NameService = systemNames()): Resolver {
  const remembered = new Map<string, { readonly until: number; readonly answer: Promise<readonly string[]> }>();
  const bounded = atMost(lookupsMax, (host: string) => names.lookup(host));

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

const unknownToDns = new Set(['ENOTFOUND', 'ENODATA', 'ECONNREFUSED']);

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

function systemNames(): NameService {
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

/** The addresses that a hosts file gives to a name. */
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
      // A slot is handed over, not freed, so that a newcomer cannot take it in between.
      const next = waiting.shift();
      if (next === undefined) running -= 1;
      else next();
    }
  };
}
