import { contains, parseAddress, parseRange, sameBytes, type AddressBytes } from './ip-ranges.ts';

/**
 * The addresses that webhooks call only if the operator allows them, and those that they never call: the ranges that
 * IANA's special-purpose registries do not call globally reachable, and a few more that lead into private networks.
 */
const forbiddenRanges = (
  [
    ['0.0.0.0/8', 'an address of this machine'],
    ['10.0.0.0/8', 'a private address'],
    ['100.64.0.0/10', 'an address of a carrier network'],
    ['127.0.0.0/8', 'a loopback address'],
    ['169.254.0.0/16', 'a link-local address'],
    ['172.16.0.0/12', 'a private address'],
    ['192.0.0.0/24', 'a reserved address'],
    ['192.0.2.0/24', 'a documentation address'],
    ['192.88.99.0/24', 'a 6to4 relay address'],
    ['192.168.0.0/16', 'a private address'],
    ['198.18.0.0/15', 'a benchmarking address'],
    ['198.51.100.0/24', 'a documentation address'],
    ['203.0.113.0/24', 'a documentation address'],
    ['224.0.0.0/4', 'a multicast address'],
    ['240.0.0.0/4', 'a reserved address'],
    ['::1/128', 'a loopback address'],
    ['::/128', 'an address of this machine'],
    ['::/8', 'a reserved address'],
    ['100::/64', 'a discard address'],
    ['2001::/23', 'a reserved address'],
    ['2001:db8::/32', 'a documentation address'],
    ['2002::/16', 'a 6to4 address'],
    ['3fff::/20', 'a documentation address'],
    ['5f00::/16', 'a segment-routing address'],
    ['fc00::/7', 'a private address'],
    ['fe80::/10', 'a link-local address'],
    ['fec0::/10', 'a site-local address'],
    ['ff00::/8', 'a multicast address'],
  ] as const
).map(([range, what]) => ({ ...parseRange(range), what }));

/** The part of IPv6 that is assigned to the public internet. */
const globalUnicast = parseRange('2000::/3');

/** The kind of a blocked address; undefined for a public one. */
export function blockedAs(address: AddressBytes): string | undefined {
  const found = forbiddenRanges.find((range) => contains(range, address));
  if (found !== undefined) return found.what;
  const ipv4 = contains(everyIPv4, address);
  return ipv4 || contains(globalUnicast, address) ? undefined : 'a reserved address';
}

const everyIPv4 = parseRange('0.0.0.0/0');

/** Addresses where clouds give credentials to any caller inside; some are in ranges that look public. */
const metadataAddresses = [
  '169.254.169.254', // AWS, Azure, Google, OpenStack and most others
  '169.254.170.2', // AWS, containers
  '169.254.170.23', // AWS, pods
  '169.254.0.23', // Tencent
  '169.254.42.42', // Scaleway
  '100.100.100.200', // Alibaba
  '168.63.129.16', // Azure, the host
  '192.0.0.192', // Oracle
  'fd00:ec2::254', // AWS
  'fd00:ec2::23', // AWS, pods
  'fd20:ce::254', // Google
  'fd00:42::42', // Scaleway
  'fd00:a9fe:a9fe::1', // Linode
  'fe80::a9fe:a9fe', // OpenStack
].map((text) => {
  const address = parseAddress(text);
  if (address === undefined) throw new TypeError(`${text} is not an address`);
  return address;
});

const metadataNames = new Set([
  'metadata',
  'metadata.google.internal',
  'metadata.goog',
  'metadata.tencentyun.com',
  'instance-data',
  'instance-data.ec2.internal',
]);

export function isMetadataAddress(address: AddressBytes): boolean {
  return metadataAddresses.some((metadata) => sameBytes(metadata, address));
}

export function isMetadataName(host: string): boolean {
  return metadataNames.has(host);
}

const localNames = new Set(['localhost', 'localhost.localdomain', 'ip6-localhost', 'ip6-loopback']);
const localSuffixes = ['.localhost', '.localdomain'];
const insideSuffixes = ['.local', '.internal', '.home.arpa'];

/** Whether the name means this machine. */
export function isLocalName(host: string): boolean {
  return localNames.has(host) || localSuffixes.some((suffix) => host.endsWith(suffix));
}

/** Whether only a private network resolves the name. */
export function isInsideName(host: string): boolean {
  return insideSuffixes.some((suffix) => host === suffix.slice(1) || host.endsWith(suffix));
}
