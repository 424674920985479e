import {
  embeddedIPv4,
  formatAddress,
  isWellKnownNat64,
  parseAddress,
  type AddressBytes,
  type Embedded,
} from './ip-ranges.ts';
import { egressAllowSetting, normalHost, parseEgressAllow } from './allow-list.ts';
import { blockedAs, isInsideName, isLocalName, isMetadataAddress, isMetadataName } from './blocked-ranges.ts';

/**
 * Decides which destinations webhooks may call. Both methods return a sentence that says why not; undefined = allowed.
 */
export interface AddressGuard {
  /**
   * Checks each address before it is dialled, and the address that was reached.
   * @param host the name that led to the address: an allowed name may lead anywhere but to metadata.
   */
  refusesAddress(address: string, port: number, host?: string): string | undefined;
  /** Checks a name before it is resolved: when a webhook is saved, and before each connection. */
  refusesName(host: string, port: number): string | undefined;
}

export interface AddressGuardOptions {
  /** The entries of `TOCSIN_EGRESS_ALLOW`: ranges, addresses, hosts, each host or address with a port or without. */
  readonly allow: readonly string[];
  /** Allowed ports below 1024; the others belong to mail, shells, directories and the like. */
  readonly lowPorts?: readonly number[];
}

/** HTTP and HTTPS. Any other low port must be allowed in full: host:port. */
export const defaultLowPorts: readonly number[] = [80, 443];

/** Throws a `Failure` that names every wrong entry of the setting. */
export function createAddressGuard(options: AddressGuardOptions): AddressGuard {
  const allowance = parseEgressAllow(options.allow);
  const lowPorts = new Set(options.lowPorts ?? defaultLowPorts);

  function refusesPort(port: number, names: readonly string[]): string | undefined {
    if (!Number.isInteger(port) || port < 1 || port > 65_535) return `${port} is not a port from 1 to 65535`;
    if (port >= 1024 || lowPorts.has(port) || names.some((name) => allowance.allowsPort(name, port))) return undefined;
    const open = [...lowPorts].sort((left, right) => left - right).join(', ');
    return `port ${port} is not for webhooks (of those below 1024, only ${open}); ${toAllow(`${names[0]}:${port}`)}`;
  }

  function refusesParsed(address: AddressBytes, port: number, host: string | undefined): string | undefined {
    const text = formatAddress(address);
    const embedded = embeddedIPv4(address);
    if (isMetadataAddress(address)) return refusedMetadata(text);
    const carried = embedded.find((inner) => isMetadataAddress(inner.address));
    if (carried !== undefined) return refusedMetadata(describe(address, carried));

    const names = host === undefined ? [text] : [host, text];
    const refusal = refusesPort(port, names);
    if (refusal !== undefined) return refusal;
    // A NAT64 gateway calls the embedded IPv4 address; the other forms are refused whole.
    const inner = isWellKnownNat64(address) ? embedded[0]?.address : undefined;
    const targets = inner === undefined ? [address] : [address, inner];
    if (targets.some((target) => allowance.allowsRange(target))) return undefined;
    if (names.some((name) => allowance.allowsHost(name, port))) return undefined;
    const what = blockedAs(inner ?? address);
    return what === undefined ? undefined : `${describe(address, embedded[0])} is ${what}; ${toAllow(text)}`;
  }

  return {
    refusesAddress(address, port, host) {
      const parsed = parseAddress(address);
      if (parsed === undefined) return `${JSON.stringify(address)} is not an address that webhooks can call`;
      return refusesParsed(parsed, port, host === undefined ? undefined : normalHost(host));
    },
    refusesName(host, port) {
      const name = normalHost(host);
      if (name === undefined) return `${JSON.stringify(host)} is not a host that webhooks can call`;
      const address = parseAddress(name);
      if (address !== undefined) return refusesParsed(address, port, undefined);
      if (isMetadataName(name)) return refusedMetadata(name);

      const refusal = refusesPort(port, [name]);
      if (refusal !== undefined || allowance.allowsHost(name, port)) return refusal;
      const loopback = [loopbackIPv4, loopbackIPv6].some((address) => allowance.allowsRange(address));
      if (isLocalName(name) && !loopback) return `${name} is this machine itself; ${toAllow(`${name}:${port}`)}`;
      if (isInsideName(name) && !allowance.hasRanges) {
        return `${name} is a name of the local network; ${toAllow(`${name}:${port}`)}`;
      }
      return undefined;
    },
  };
}

const loopbackIPv4: AddressBytes = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 127, 0, 0, 1];
const loopbackIPv6: AddressBytes = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];

/** An address, with the IPv4 address in it where that is not visible. */
function describe(address: AddressBytes, carried: Embedded | undefined): string {
  const text = formatAddress(address);
  return carried === undefined ? text : `${text} (${carried.by} of ${formatAddress(carried.address)})`;
}

function refusedMetadata(what: string): string {
  return `${what} is the metadata service of a cloud, which webhooks never call, whatever ${egressAllowSetting} says`;
}

function toAllow(entry: string): string {
  return `if it is meant to be called, the operator can add ${entry} to ${egressAllowSetting}`;
}
