import ipaddr from 'ipaddr.js';

/** 16 bytes; an IPv4 address is written as the IPv6 address that maps it, `::ffff:a.b.c.d`. */
export type AddressBytes = readonly number[];

export interface AddressRange {
  readonly prefix: AddressBytes;
  /** Leading bits of `prefix` that an address shares. */
  readonly bits: number;
}

/**
 * Parses an address in its usual notation, as resolvers and sockets write it. Undefined for anything else: `127.1`,
 * octal digits and zones mean different things to different parsers.
 */
export function parseAddress(text: string): AddressBytes | undefined {
  if (text.includes(':')) {
    if (!ipaddr.IPv6.isValid(text) || text.includes('%')) return undefined;
    return ipaddr.IPv6.parse(text).toByteArray();
  }
  if (!ipaddr.IPv4.isValidFourPartDecimal(text)) return undefined;
  const address = ipaddr.IPv4.parse(text);
  return address.toString() === text ? address.toIPv4MappedAddress().toByteArray() : undefined;
}

/**
 * Parses `address/bits`. The bits of an IPv4 range count in its mapped form too. Throws a sentence for anything else.
 */
export function parseRange(text: string): AddressRange {
  const [address = '', length = '', rest] = text.split('/');
  const prefix = parseAddress(address);
  const widest = address.includes(':') ? 128 : 32;
  const valid = rest === undefined && /^\d{1,3}$/.test(length) && Number(length) <= widest;
  if (prefix === undefined || !valid) throw new RangeError(`is not an address range like 10.0.0.0/8 or fd00::/8`);
  const bits = address.includes(':') ? Number(length) : Number(length) + 96;
  const network = prefix.map((byte, index) => byte & maskOf(bits, index));
  if (!sameBytes(network, prefix)) {
    throw new RangeError(`has bits set beyond its prefix; write ${formatAddress(network)}/${length}`);
  }
  return { prefix, bits };
}

/** Never across families: `::/0` is every IPv6 address, not every IPv4 address in its mapped form. */
export function contains(range: AddressRange, address: AddressBytes): boolean {
  if (isIPv4(address) && range.bits < 96) return false;
  return address.every((byte, index) => ((byte ^ (range.prefix[index] ?? 0)) & maskOf(range.bits, index)) === 0);
}

export function isIPv4(address: AddressBytes): boolean {
  return contains96(address, mappedPrefix);
}

export function sameBytes(left: AddressBytes, right: AddressBytes): boolean {
  return left.every((byte, index) => byte === right[index]);
}

/** The usual notation, IPv4 in four parts. */
export function formatAddress(address: AddressBytes): string {
  if (isIPv4(address)) return address.slice(12).join('.');
  return ipaddr.fromByteArray([...address]).toString();
}

/** The IPv4 address that a router or gateway finally calls for an IPv6 address. */
export interface Embedded {
  readonly by: string;
  readonly address: AddressBytes;
}

/**
 * Every IPv4 address that an IPv6 address may embed. One of these forms is enough to reach 127.0.0.1 or a cloud's
 * metadata service around a list of IPv4 ranges.
 */
export function embeddedIPv4(address: AddressBytes): Embedded[] {
  if (isIPv4(address)) return [];
  const at = (by: string, ...indexes: readonly number[]): Embedded => ({
    by,
    address: mapped(indexes.map((index) => address[index] ?? 0)),
  });
  if (isWellKnownNat64(address)) return [at('NAT64', 12, 13, 14, 15)];
  // `::` and `::1` are this machine and embed nothing.
  if (contains(unspecifiedAndLoopback, address)) return [];
  if (contains96(address, zeroPrefix)) return [at('an IPv4-compatible address', 12, 13, 14, 15)];
  if (contains96(address, translatedPrefix)) return [at('an IPv4-translated address', 12, 13, 14, 15)];
  if (contains(localNat64, address)) {
    // RFC 6052: the position of the four bytes depends on the prefix length that the gateway's operator chose.
    return [
      [12, 13, 14, 15],
      [6, 7, 9, 10],
      [7, 9, 10, 11],
      [9, 10, 11, 12],
    ].map((bytes) => at('local NAT64', ...bytes));
  }
  if (contains(sixToFour, address)) return [at('6to4', 2, 3, 4, 5)];
  if (contains(teredo, address)) {
    const client = mapped(address.slice(12).map((byte) => byte ^ 0xff));
    return [at('Teredo', 4, 5, 6, 7), { by: 'Teredo', address: client }];
  }
  return [];
}

/** The prefix through which networks without IPv4 reach the public IPv4 internet: the one embedding in honest use. */
export function isWellKnownNat64(address: AddressBytes): boolean {
  return contains96(address, nat64Prefix);
}

const mappedPrefix = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff];
const translatedPrefix = [0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0];
const nat64Prefix = [0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0];
const zeroPrefix = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
const unspecifiedAndLoopback = parseRange('::/127');
const localNat64 = parseRange('64:ff9b:1::/48');
const sixToFour = parseRange('2002::/16');
const teredo = parseRange('2001::/32');

function contains96(address: AddressBytes, prefix: readonly number[]): boolean {
  return prefix.every((byte, index) => byte === address[index]);
}

function mapped(ipv4: readonly number[]): AddressBytes {
  return [...mappedPrefix, ...ipv4];
}

function maskOf(bits: number, index: number): number {
  const left = Math.min(Math.max(bits - index * 8, 0), 8);
  return (0xff << (8 - left)) & 0xff;
}
