import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Failure } from '../runtime/failure.ts';
import { checkEndpoint } from '../webhooks/endpoint.ts';
import { createAddressGuard } from './address-guard.ts';
import type { AddressGuard } from './address-guard.ts';
import { formatAddress } from './ip-ranges.ts';

const closed = createAddressGuard({ allow: [] });

function atSave(text: string, guard: AddressGuard = closed): string {
  const check = checkEndpoint(text, { refusal: guard.refusesName, ownHosts: [] });
  return check.ok ? '' : check.faults.map(({ message }) => message).join('\n');
}

/** Refused when a webhook is saved, and the fault's message. Rows as in test/acceptance/bad-input.test.ts. */
const refusedAtSave: readonly (readonly [row: number, texts: readonly string[], message: RegExp])[] = [
  [
    1,
    ['http://127.0.0.1'],
    /^127\.0\.0\.1 is a loopback address; if it is meant to be called, the operator can add 127\.0\.0\.1 to TOCSIN_EGRESS_ALLOW$/,
  ],
  [1, ['http://10.0.0.1', 'http://172.16.0.1', 'http://192.168.1.1'], /is a private address; .* TOCSIN_EGRESS_ALLOW/],
  [1, ['http://100.64.0.1'], /is an address of a carrier network/],
  [
    2,
    [
      'http://2130706433',
      'http://0x7f000001',
      'http://0177.0.0.1',
      'http://127.1',
      'http://017700000001',
      'http://0x7f.1/',
    ],
    /^127\.0\.0\.1 is a loopback/,
  ],
  [2, ['http://0', 'http://0.0.0.0'], /^0\.0\.0\.0 is an address of this machine/],
  [
    3,
    ['http://①②⑦.0.0.1', 'http://１２７.0.0.1', 'http://127。0。0。1', 'http://%31%32%37.0.0.1'],
    /^127\.0\.0\.1 is a loopback/,
  ],
  [4, ['http://[::1]'], /^::1 is a loopback address/],
  [4, ['http://[::]'], /^:: is an address of this machine/],
  [5, ['http://[::ffff:127.0.0.1]', 'http://[::ffff:7f00:1]'], /^127\.0\.0\.1 is a loopback/],
  [5, ['http://[::ffff:a9fe:a9fe]'], /^169\.254\.169\.254 is the metadata service/],
  [6, ['http://[::127.0.0.1]'], /\(an IPv4-compatible address of 127\.0\.0\.1\) is a reserved address/],
  [6, ['http://[::ffff:0:127.0.0.1]'], /\(an IPv4-translated address of 127\.0\.0\.1\) is a reserved address/],
  [6, ['http://[64:ff9b::7f00:1]'], /\(NAT64 of 127\.0\.0\.1\) is a loopback address/],
  [6, ['http://[64:ff9b:1::a00:1]'], /\(local NAT64 of 10\.0\.0\.1\) is a reserved address/],
  [6, ['http://[2002:7f00:1::]'], /\(6to4 of 127\.0\.0\.1\) is a 6to4 address/],
  [6, ['http://[2001:0:7f00:1::1]'], /\(Teredo of 127\.0\.0\.1\) is a reserved address/],
  [
    7,
    [
      'http://169.254.169.254',
      'http://169.254.169.254.',
      'http://0xA9.254.0xA9FE',
      'http://[fd00:ec2::254]',
      'http://100.100.100.200',
      'http://168.63.129.16',
      'http://192.0.0.192',
    ],
    /is the metadata service of a cloud, which webhooks never call, whatever TOCSIN_EGRESS_ALLOW says$/,
  ],
  [
    7,
    ['http://[2002:a9fe:a9fe::]', 'http://[64:ff9b::a9fe:a9fe]', 'http://[64:ff9b:1:a9fe:a9:fe00::]'],
    / of 169\.254\.169\.254\) is the metadata service/,
  ],
  [
    9,
    ['http://localhost', 'http://LOCALHOST', 'http://localhost.', 'http://x.localhost', 'http://ip6-loopback'],
    /is this machine itself; .* can add \S+:80 to TOCSIN_EGRESS_ALLOW/,
  ],
  [
    9,
    ['http://metadata.google.internal', 'http://metadata.google.internal.', 'http://metadata'],
    /is the metadata service of a cloud/,
  ],
  [
    9,
    ['http://tickets.internal', 'http://printer.local', 'http://nas.home.arpa'],
    /is a name of the local network; .* TOCSIN_EGRESS_ALLOW/,
  ],
  [17, ['http://example.com:0'], /^0 is not a port from 1 to 65535$/],
  [
    17,
    [1, 22, 25, 53, 79, 81, 110, 143, 389, 445, 465, 587, 993, 1023].map((port) => `http://example.com:${port}`),
    /^port \d+ is not for webhooks \(of those below 1024, only 80, 443\); .* can add example\.com:\d+ to TOCSIN_EGRESS_ALLOW$/,
  ],
];

for (const [row, texts, message] of refusedAtSave) {
  for (const text of texts)
    test(`C1 row ${row}: ${text} is refused when saved`, () => assert.match(atSave(text), message));
}

test('C1 row 7: metadata is refused even when everything is allowed, in each of its embeddings', () => {
  const open = createAddressGuard({ allow: ['0.0.0.0/0', '::/0', 'rebound.example'] });
  const metadata = [
    '169.254.169.254',
    '100.100.100.200',
    '168.63.129.16',
    '192.0.0.192',
    'fd00:ec2::254',
    'fe80::a9fe:a9fe',
  ];
  const embedded = metadata.filter((text) => !text.includes(':')).flatMap((text) => embeddings(octetsOf(text)));
  for (const address of [...metadata, ...embedded]) {
    assert.match(open.refusesAddress(address, 443, 'rebound.example') ?? '', /is the metadata service/);
    assert.match(open.refusesName(address, 443) ?? '', /is the metadata service/);
  }
  assert.match(open.refusesName('metadata.google.internal', 80) ?? '', /is the metadata service/);
});

test('C1 row 10: a public name of a private address is saved, and refused at the dial', () => {
  assert.equal(atSave('http://127.0.0.1.nip.io'), '');
  assert.match(closed.refusesAddress('127.0.0.1', 80, '127.0.0.1.nip.io') ?? '', /is a loopback address/);
});

test('C1 rows 11 and 12: each address of an answer is judged alone, whatever the one before it was', () => {
  assert.equal(closed.refusesAddress('93.184.216.34', 80, 'two.example'), undefined);
  assert.match(closed.refusesAddress('10.0.0.1', 80, 'two.example') ?? '', /^10\.0\.0\.1 is a private address/);
  assert.equal(closed.refusesAddress('93.184.216.34', 80, 'two.example'), undefined);
});

/** The first and the last address of each blocked range, and the public ones beside them. */
const borders: readonly (readonly [
  first: string,
  last: string,
  before: string | undefined,
  after: string | undefined,
])[] = [
  ['0.0.0.0', '0.255.255.255', undefined, '1.0.0.0'],
  ['10.0.0.0', '10.255.255.255', '9.255.255.255', '11.0.0.0'],
  ['100.64.0.0', '100.127.255.255', '100.63.255.255', '100.128.0.0'],
  ['127.0.0.0', '127.255.255.255', '126.255.255.255', '128.0.0.0'],
  ['169.254.0.0', '169.254.255.255', '169.253.255.255', '169.255.0.0'],
  ['172.16.0.0', '172.31.255.255', '172.15.255.255', '172.32.0.0'],
  ['192.0.0.0', '192.0.0.255', '191.255.255.255', '192.0.1.0'],
  ['192.0.2.0', '192.0.2.255', '192.0.1.255', '192.0.3.0'],
  ['192.88.99.0', '192.88.99.255', '192.88.98.255', '192.88.100.0'],
  ['192.168.0.0', '192.168.255.255', '192.167.255.255', '192.169.0.0'],
  ['198.18.0.0', '198.19.255.255', '198.17.255.255', '198.20.0.0'],
  ['198.51.100.0', '198.51.100.255', '198.51.99.255', '198.51.101.0'],
  ['203.0.113.0', '203.0.113.255', '203.0.112.255', '203.0.114.0'],
  ['224.0.0.0', '255.255.255.255', '223.255.255.255', undefined],
  ['168.63.129.16', '168.63.129.16', '168.63.129.15', '168.63.129.17'],
  ['::', '1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', undefined, '2000::'],
  ['2001::', '2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff', '2000:ffff::', '2001:200::'],
  ['2001:db8::', '2001:db8:ffff:ffff:ffff:ffff:ffff:ffff', '2001:db7:ffff::', '2001:db9::'],
  ['2002::', '2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff', '2001:ffff::', '2003::'],
  ['3fff::', '3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff', '3ffe:ffff::', '3fff:1000::'],
  ['4000::', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', '3fff:ffff::', undefined],
];

for (const [first, last, before, after] of borders) {
  test(`${first} to ${last} is refused, and nothing beside it`, () => {
    for (const address of [first, last]) assert.notEqual(closed.refusesAddress(address, 443), undefined, address);
    for (const address of [before, after]) {
      if (address !== undefined) assert.equal(closed.refusesAddress(address, 443), undefined, address);
    }
  });
}

test('each special range is refused by its name', () => {
  const names: [string, RegExp][] = [
    ['100::1', /a discard address/],
    ['5f00::1', /a segment-routing address/],
    ['fc00::1', /a private address/],
    ['fd12:3456::1', /a private address/],
    ['fe80::1', /a link-local address/],
    ['fec0::1', /a site-local address/],
    ['ff02::1', /a multicast address/],
    ['4000::1', /a reserved address/],
  ];
  for (const [address, message] of names) assert.match(closed.refusesAddress(address, 443) ?? '', message);
});

test('text that is no address in its usual notation is refused, whatever a system call would make of it', () => {
  for (const text of [
    '',
    '127.1',
    '0177.0.0.1',
    '08.8.8.8',
    '2130706433',
    '8.8.8.8 ',
    'fe80::1%eth0',
    '2606::1%1',
    'example.com',
    '[::1]',
  ]) {
    assert.match(closed.refusesAddress(text, 443) ?? '', /is not an address that webhooks can call/);
  }
});

test('a gateway to the public IPv4 internet may be called, as networks without IPv4 have no other way', () => {
  assert.equal(closed.refusesAddress('64:ff9b::808:808', 443), undefined);
  assert.equal(closed.refusesAddress('::ffff:8.8.8.8', 443), undefined);
});

const octets = fc.tuple(fc.nat(255), fc.nat(255), fc.nat(255), fc.nat(255));
const bytes16 = fc.uint8Array({ minLength: 16, maxLength: 16 });

test('every embedding of a refused IPv4 address is refused', () => {
  const property = fc.property(octets, (octets) => {
    fc.pre(closed.refusesAddress(octets.join('.'), 443) !== undefined);
    for (const address of embeddings(octets)) assert.notEqual(closed.refusesAddress(address, 443), undefined, address);
  });
  fc.assert(property, {
    numRuns: 200,
    examples: [[[127, 0, 0, 1]], [[10, 0, 0, 1]], [[169, 254, 169, 254]], [[168, 63, 129, 16]]],
  });
});

const ipv4Range = fc
  .tuple(octets, fc.integer({ min: 0, max: 32 }))
  .map(([octets, bits]) => ({ prefix: [...mappedHead, ...octets], bits: bits + 96, shown: bits }));
const ipv6Range = fc
  .tuple(bytes16, fc.integer({ min: 0, max: 128 }))
  .map(([bytes, bits]) => ({ prefix: [...bytes], bits, shown: bits }));

test('every address of an allowed range passes, but metadata; all others are judged as if nothing were allowed', () => {
  const property = fc.property(fc.oneof(ipv4Range, ipv6Range), bytes16, ({ prefix, bits, shown }, random) => {
    const network = mix(prefix, zeros(16), bits);
    const guard = createAddressGuard({ allow: [`${formatAddress(network)}/${shown}`] });
    for (const bytes of [mix(prefix, [...random], bits), network, [...random], [...mappedHead, ...random.slice(12)]]) {
      const address = formatAddress(bytes);
      const closedSays = closed.refusesAddress(address, 443);
      const metadata = closedSays !== undefined && /metadata service/.test(closedSays);
      // A wide range of IPv6 holds the mapped form of IPv4 addresses, but does not allow those.
      const sameFamily = address.includes(':') === formatAddress(network).includes(':');
      const inside = sameFamily && mix(network, bytes, bits).join() === bytes.join();
      assert.equal(guard.refusesAddress(address, 443), inside && !metadata ? undefined : closedSays, address);
    }
  });
  fc.assert(property, { numRuns: 300 });
});

test('an entry with a port opens that port only, and one without opens all but the low ones', () => {
  const guard = createAddressGuard({
    allow: ['10.1.2.3:8080', '10.1.2.4', 'tickets.internal:8443', 'mail.example:25', '[fd00::5]:8080', 'desk.local'],
  });
  const addresses: [string, number, string | undefined, boolean][] = [
    ['10.1.2.3', 8080, undefined, true],
    ['10.1.2.3', 8081, undefined, false],
    ['10.1.2.4', 8081, undefined, true],
    ['10.1.2.4', 22, undefined, false],
    ['fd00::5', 8080, undefined, true],
    ['fd00::6', 8080, undefined, false],
    ['10.9.9.9', 8443, 'TICKETS.internal.', true],
    ['10.9.9.9', 9443, 'tickets.internal', false],
    ['10.9.9.9', 8443, 'other.internal', false],
    ['10.9.9.9', 443, 'desk.local', true],
    ['10.9.9.9', 22, 'desk.local', false],
    ['8.8.8.8', 25, 'mail.example', true],
    ['8.8.8.8', 25, 'other.example', false],
  ];
  for (const [address, port, host, allowed] of addresses) {
    assert.equal(guard.refusesAddress(address, port, host) === undefined, allowed, `${address} ${port} ${host}`);
  }
  assert.equal(guard.refusesName('tickets.internal', 8443), undefined);
  const named = createAddressGuard({ allow: ['tickets.internal:8443'] });
  assert.equal(named.refusesName('tickets.internal', 8443), undefined);
  assert.match(named.refusesName('tickets.internal', 9443) ?? '', /the local network/);
  assert.match(named.refusesName('other.internal', 8443) ?? '', /the local network/);
  assert.equal(guard.refusesName('mail.example', 25), undefined);
  assert.match(guard.refusesName('mail.example', 22) ?? '', /port 22 is not for webhooks/);
  assert.equal(guard.refusesName('[FD00::5]', 8080), undefined);
});

test('an allowed range lets names of the local network be saved, and its loopback names this machine', () => {
  const local = createAddressGuard({ allow: ['127.0.0.0/8'] });
  assert.equal(local.refusesName('localhost', 8080), undefined);
  assert.equal(local.refusesAddress('127.0.0.1', 8080, 'localhost'), undefined);
  assert.notEqual(local.refusesAddress('::1', 8080, 'localhost'), undefined);
  const network = createAddressGuard({ allow: ['10.0.0.0/8'] });
  assert.equal(network.refusesName('tickets.internal', 443), undefined);
  assert.match(network.refusesName('localhost', 443) ?? '', /is this machine itself/);
  assert.equal(network.refusesAddress('::ffff:10.0.0.1', 443), undefined);
});

test('the low ports that may be called are a setting', () => {
  const guard = createAddressGuard({ allow: [], lowPorts: [443, 81] });
  assert.equal(guard.refusesName('example.com', 81), undefined);
  assert.match(guard.refusesName('example.com', 80) ?? '', /only 81, 443/);
});

const wrongEntries: readonly (readonly [entry: string, message: RegExp])[] = [
  ['', /"" is empty/],
  ['http://tickets.internal', /is a URL; write only its host, or host:port/],
  ['*.internal', /has a wildcard, which is not supported/],
  ['10.0.0.0/33', /is not an address range like/],
  ['10.0.0.0/', /is not an address range like/],
  ['tickets.internal/8', /is not an address range like/],
  ['10.0.0.5/8', /has bits set beyond its prefix; write 10\.0\.0\.0\/8/],
  ['fd00::1/8', /has bits set beyond its prefix; write fd00::\/8/],
  ['tickets:0', /has a port that is not a number from 1 to 65535/],
  ['tickets:65536', /has a port/],
  ['tickets:http', /has a port/],
  ['tickets internal', /is not a range, a host or host:port/],
  ['[::1:80', /is not a range, a host or host:port/],
  ['127.1', /is an unusual way to write an address; write 127\.0\.0\.1/],
  ['169.254.169.254', /is the metadata service of a cloud/],
  ['169.254.169.254:80', /is the metadata service of a cloud/],
  ['metadata.google.internal:80', /is the metadata service of a cloud/],
];

for (const [entry, message] of wrongEntries) {
  test(`the entry ${JSON.stringify(entry)} of TOCSIN_EGRESS_ALLOW is refused`, () => {
    assert.throws(
      () => createAddressGuard({ allow: [entry] }),
      (error) =>
        error instanceof Failure &&
        error.faults.length === 1 &&
        error.faults[0]?.field === 'TOCSIN_EGRESS_ALLOW' &&
        message.test(error.message),
    );
  });
}

test('all wrong entries are named at once', () => {
  assert.throws(
    () => createAddressGuard({ allow: ['10.0.0.0/8', '*.a', '', 'x:0'] }),
    (error) => error instanceof Failure && error.faults.length === 3,
  );
});

const mappedHead = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255];

function zeros(count: number): number[] {
  return Array.from({ length: count }, () => 0);
}

function octetsOf(text: string): number[] {
  return text.split('.').map(Number);
}

/** The IPv6 addresses that carry an IPv4 address. */
function embeddings(octets: readonly number[]): string[] {
  const [a = 0, b = 0, c = 0, d = 0] = octets;
  const flipped = octets.map((octet) => octet ^ 255);
  return [
    [...mappedHead, a, b, c, d],
    [...zeros(8), 255, 255, 0, 0, a, b, c, d],
    [...zeros(12), a, b, c, d],
    [0, 0x64, 0xff, 0x9b, ...zeros(8), a, b, c, d],
    [0, 0x64, 0xff, 0x9b, 0, 1, ...zeros(6), a, b, c, d],
    [0, 0x64, 0xff, 0x9b, 0, 1, a, b, 0, c, d, ...zeros(5)],
    [0, 0x64, 0xff, 0x9b, 0, 1, 9, a, 0, b, c, d, ...zeros(4)],
    [0, 0x64, 0xff, 0x9b, 0, 1, 9, 9, 0, a, b, c, d, ...zeros(3)],
    [0x20, 0x02, a, b, c, d, ...zeros(9), 1],
    [0x20, 0x01, 0, 0, a, b, c, d, ...zeros(8)],
    [0x20, 0x01, 0, 0, 8, 8, 8, 8, ...zeros(4), ...flipped],
  ].map((bytes) => formatText(bytes));
}

/** Written here in full, so that the guard is not tested with its own notation. */
function formatText(bytes: readonly number[]): string {
  return Array.from({ length: 8 }, (_, index) =>
    ((bytes[index * 2] ?? 0) * 256 + (bytes[index * 2 + 1] ?? 0)).toString(16),
  ).join(':');
}

/** The first bits of one and the rest of the other. */
function mix(head: readonly number[], tail: readonly number[], bits: number): number[] {
  return head.map((byte, index) => {
    const kept = Math.min(Math.max(bits - index * 8, 0), 8);
    const mask = (0xff << (8 - kept)) & 0xff;
    return (byte & mask) | ((tail[index] ?? 0) & ~mask & 0xff);
  });
}
