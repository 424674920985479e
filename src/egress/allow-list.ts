import { Failure, type Fault } from '../runtime/failure.ts';
import { contains, formatAddress, parseAddress, parseRange } from './ip-ranges.ts';
import type { AddressBytes, AddressRange } from './ip-ranges.ts';
import { isMetadataAddress, isMetadataName } from './blocked-ranges.ts';

/** The destinations that the operator allows beyond the public internet: `TOCSIN_EGRESS_ALLOW`. */
export interface EgressAllowance {
  readonly allowsRange: (address: AddressBytes) => boolean;
  readonly allowsHost: (host: string, port: number) => boolean;
  /** Whether host and port are allowed in full, so that even a blocked port may be called. */
  readonly allowsPort: (host: string, port: number) => boolean;
  /** A range is allowed, so names of the local network may lead to an allowed address. */
  readonly hasRanges: boolean;
}

export const egressAllowMax = 1_000;
export const egressAllowSetting = 'TOCSIN_EGRESS_ALLOW';

/**
 * Reads the entries: `10.0.0.0/8`, `10.1.2.3`, `10.1.2.3:8080`, `[fd00::5]:8080`, `tickets.internal`, `tickets.internal:8080`.
 * Throws a `Failure` that names every wrong entry.
 */
export function parseEgressAllow(entries: readonly string[]): EgressAllowance {
  const faults: Fault[] = [];
  const ranges: AddressRange[] = [];
  const hosts = new Map<string, Set<number>>();
  if (entries.length > egressAllowMax) {
    faults.push(faultOf(`has ${entries.length} entries; ${egressAllowMax} are allowed`));
  }
  for (const entry of entries.slice(0, egressAllowMax)) {
    try {
      const read = readEntry(entry.trim());
      if ('range' in read) ranges.push(read.range);
      else hosts.set(read.host, (hosts.get(read.host) ?? new Set()).add(read.port));
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      faults.push(faultOf(`${JSON.stringify(entry)} ${error.message}`));
    }
  }
  if (faults.length > 0) {
    const message = faults.map((fault) => `${fault.field}: ${fault.message}`).join('; ');
    throw new Failure('InvalidParameter', message, { faults });
  }
  const allowsPort = (host: string, port: number) => hosts.get(host)?.has(port) === true;
  return {
    allowsRange: (address) => ranges.some((range) => contains(range, address)),
    allowsHost: (host, port) => allowsPort(host, port) || allowsPort(host, anyPort),
    allowsPort,
    hasRanges: ranges.length > 0,
  };
}

/**
 * The form in which rules compare hosts: lower case, punycode, no trailing dot, an address in its usual notation (from
 * any notation, `0x7f.1` and circled digits included). Undefined when it is no host.
 */
export function normalHost(host: string): string | undefined {
  const bare = host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host;
  if (bare === '' || /[/?#@\\\s]/.test(bare)) return undefined;
  const url = URL.parse(bare.includes(':') ? `http://[${bare}]/` : `http://${bare}/`);
  const name = url?.hostname.replace(/^\[(.*)\]$/, '$1').replace(/\.$/, '') ?? '';
  if (name === '') return undefined;
  const address = parseAddress(name);
  return address === undefined ? name : formatAddress(address);
}

type AllowedEntry = { readonly range: AddressRange } | { readonly host: string; readonly port: number };

const anyPort = 0;

function readEntry(entry: string): AllowedEntry {
  if (entry === '') throw new RangeError('is empty');
  if (entry.includes('://')) throw new RangeError('is a URL; write only its host, or host:port');
  if (entry.includes('*')) throw new RangeError('has a wildcard, which is not supported; write each host, or a range');
  if (entry.includes('/')) return { range: parseRange(entry) };
  const address = parseAddress(entry);
  if (address !== undefined) {
    refuseMetadata(isMetadataAddress(address));
    return { range: { prefix: address, bits: 128 } };
  }
  const [, hostText = '', portText] = /^(\[[^\]]*\]|[^:]*)(?::(.*))?$/.exec(entry) ?? [];
  const host = normalHost(hostText);
  if (host === undefined) throw new RangeError('is not a range, a host or host:port; put an IPv6 address into [ ]');
  if (portText === undefined && parseAddress(host) !== undefined && !hostText.startsWith('[')) {
    throw new RangeError(`is an unusual way to write an address; write ${host}`);
  }
  const port = portText === undefined ? anyPort : Number(portText);
  if (portText !== undefined && (!/^\d{1,5}$/.test(portText) || port < 1 || port > 65_535)) {
    throw new RangeError('has a port that is not a number from 1 to 65535');
  }
  const named = parseAddress(host);
  refuseMetadata(isMetadataName(host) || (named !== undefined && isMetadataAddress(named)));
  return { host, port };
}

function refuseMetadata(refused: boolean): void {
  if (refused) throw new RangeError('is the metadata service of a cloud, which webhooks never call');
}

function faultOf(message: string): Fault {
  return { field: egressAllowSetting, message };
}
