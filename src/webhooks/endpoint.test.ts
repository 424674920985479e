import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { checkEndpoint, destinationOf, endpointMaxChars, secretsOfEndpoint } from './endpoint.ts';
import type { EndpointPolicy } from './endpoint.ts';

/** Everything may be called, so refusals here are about form. The rules of egress have their own table. */
const open: EndpointPolicy = { refusal: () => undefined, ownHosts: ['duty.example.test', 'other.example.test:8567'] };

function messages(text: string, policy: EndpointPolicy = open): string[] {
  const check = checkEndpoint(text, policy);
  return check.ok ? [] : check.faults.map(({ field, message }) => `${field}: ${message}`);
}

const label64 = 'a'.repeat(64);
const host254 = Array.from({ length: 5 }, () => 'a'.repeat(50)).join('.');

/** The row of test/acceptance/bad-input.test.ts, an input, and the message of its only fault. */
const refused: readonly (readonly [row: number, text: string, message: RegExp])[] = [
  [8, 'http://[fe80::1%25eth0]', /not a valid URL/],
  [8, 'http://[fe80::1%eth0]', /not a valid URL/],
  [14, 'http://user:pw@host/', /user name or password before the host; put credentials into a custom header/],
  [14, 'http://good.example@127.0.0.1/', /user name or password/],
  [14, 'http://@host/', /user name or password/],
  [15, 'http:\\\\127.0.0.1', /holds a backslash.*|must start with/],
  [15, 'http:127.0.0.1', /must start with http:\/\/ or https:\/\//],
  [15, 'http:/127.0.0.1', /must start with http:\/\//],
  [15, 'http:///127.0.0.1', /has no host after/],
  [15, 'https://', /has no host after/],
  [15, 'HTTP://example.com', /must start with http:\/\//],
  [15, 'ht\ttp://example.com', /control character/],
  [15, 'http://exa\nmple.com/', /holds a control character, such as a tab or a line break/],
  [15, ' http://example.com', /starts or ends with a space/],
  [15, 'http://example.com\u00a0', /starts or ends with a space/],
  [15, 'http://example.com/a b', /holds a space; write %20/],
  [16, 'file:///etc/passwd', /must start with http:\/\/ or https:\/\//],
  [16, 'ftp://example.com', /must start with/],
  [16, 'gopher://example.com', /must start with/],
  [16, 'data:text/plain,x', /must start with/],
  [16, 'javascript:alert(1)', /must start with/],
  [16, 'unix:/var/run/docker.sock', /must start with/],
  [16, 'ws://example.com', /must start with/],
  [16, 'example.com/hook', /must start with/],
  [16, '', /is missing; give the URL to call/],
  [17, 'http://example.com:65536/', /not a valid URL: look at its host and its port/],
  [17, 'http://example.com:80%20/', /not a valid URL/],
  [17, 'http://example.com:x/', /not a valid URL/],
  [18, 'http://xn--a/', /"xn--a" is not valid punycode/],
  [18, 'http://xn--0.example/', /"xn--0" is not valid punycode/],
  [18, `http://${label64}.example/`, /a part of the host is longer than 63 characters/],
  [18, `http://${host254}/`, /the host is longer than 253 characters/],
  [18, 'http://a..example/', /an empty part between its dots/],
  [18, 'http://.example/', /an empty part/],
  [18, 'http://a!b.example/', /"a!b" cannot be part of a host name/],
  [18, 'http://-a.example/', /"-a" cannot be part of a host name/],
  [19, 'http://exa\u200bmple.com/', /an invisible character; if you mean example\.com, write it so/],
  [19, 'http://exa\u00admple.com/', /an invisible character; if you mean example\.com/],
  [19, 'http://exa\u2060mple.com/', /an invisible character/],
  [20, `https://example.com/${'a'.repeat(endpointMaxChars)}`, /longer than 2048 characters/],
  [20, 'https://example.com/a\u0000b', /control character/],
  [20, 'https://example.com/a\u007fb', /control character/],
  [20, 'https://example.com/a%00b', /holds %00/],
  [20, 'https://example.com/\ud800', /broken character/],
  [21, 'http://duty.example.test/event/push', /duty\.example\.test:80 is this service itself/],
  [21, 'https://DUTY.example.test.:8443/', /is this service itself/],
  [21, 'http://other.example.test:8567/', /other\.example\.test:8567 is this service itself/],
];

for (const [row, text, message] of refused) {
  test(`C1 row ${row}: ${JSON.stringify(text.slice(0, 60))} is refused`, () => {
    const found = messages(text);
    assert.match(found.join('\n'), message);
    assert.ok(found.every((fault) => fault.startsWith('endpoint: ')));
  });
}

const accepted: readonly (readonly [row: number, text: string, host: string, port: number])[] = [
  [17, 'http://example.com', 'example.com', 80],
  [17, 'https://example.com', 'example.com', 443],
  [17, 'https://example.com:8443/', 'example.com', 8443],
  [18, 'https://bücher.example/hook', 'xn--bcher-kva.example', 443],
  [18, 'https://xn--bcher-kva.example/', 'xn--bcher-kva.example', 443],
  [18, 'https://EXAMPLE.com./', 'example.com', 443],
  [18, 'http://a_b.example:8080/', 'a_b.example', 8080],
  [18, `http://${'a'.repeat(63)}.example/`, `${'a'.repeat(63)}.example`, 80],
  [20, 'https://example.com/ü?name=ß&x=%0a', 'example.com', 443],
  [21, 'http://other.example.test/', 'other.example.test', 80],
];

for (const [row, text, host, port] of accepted) {
  test(`C1 row ${row}: ${JSON.stringify(text.slice(0, 60))} is accepted as it is`, () => {
    assert.deepEqual(checkEndpoint(text, open), { ok: true, url: text, host, port });
  });
}

test('C1 row 15: a backslash before an @ cannot hide which host is called', () => {
  assert.match(messages('http://127.0.0.1\\@good.example/').join(), /holds a backslash; write \/ or %5C/);
});

test('C1 row 20: a fragment is never sent, so it is not kept', () => {
  const check = checkEndpoint('https://example.com/a?b=c#token', open);
  assert.deepEqual(check, { ok: true, url: 'https://example.com/a?b=c', host: 'example.com', port: 443 });
});

test('all faults of a text are named at once', () => {
  const found = messages(` ftp\t://a\\b${'x'.repeat(endpointMaxChars)}`);
  assert.equal(found.length, 4);
});

test('the policy is asked about the host as it will be dialled, and its sentence is the fault', () => {
  const asked: unknown[] = [];
  const policy: EndpointPolicy = {
    ownHosts: [],
    refusal(host, port) {
      asked.push([host, port]);
      return `${host} is refused, see TOCSIN_EGRESS_ALLOW`;
    },
  };
  const same = [
    'http://0x7f.1',
    'http://2130706433:80',
    'http://①②⑦.0.0.1',
    'http://127。0。0。1',
    'http://%31%32%37.0.0.1',
  ];
  for (const text of same) {
    assert.deepEqual(messages(text, policy), ['endpoint: 127.0.0.1 is refused, see TOCSIN_EGRESS_ALLOW']);
  }
  messages('https://[::1]/', policy);
  messages('https://LOCALHOST.:8443/', policy);
  assert.deepEqual(asked.slice(-3), [
    ['127.0.0.1', 80],
    ['::1', 443],
    ['localhost', 8443],
  ]);
});

test('path and query go out exactly as they were given, dots, escapes and order included', () => {
  const targets: [string, string][] = [
    ['https://example.com', '/'],
    ['https://example.com?a=b', '/?a=b'],
    ["https://example.com/a/../b/%2e/./c//d?x='1'&y={2}&x=3|", "/a/../b/%2e/./c//d?x='1'&y={2}&x=3|"],
    ['https://example.com/ü?ß=1', '/%C3%BC?%C3%9F=1'],
  ];
  for (const [text, target] of targets) assert.equal(destinationOf(text).target, target);
  assert.deepEqual(destinationOf('https://[::1]:8443/x'), {
    secure: true,
    host: '::1',
    port: 8443,
    origin: 'https://[::1]:8443',
    target: '/x',
  });
});

test('whatever is accepted can be split, and its target is fit for a request line', () => {
  const text = fc.webUrl({ withQueryParameters: true, withFragments: true, validSchemes: ['http', 'https'] });
  const property = fc.property(
    fc.oneof(
      text,
      fc.string({ unit: 'binary' }).map((tail) => `http://example.com/${tail}`),
    ),
    (text) => {
      const check = checkEndpoint(text, open);
      if (!check.ok) return;
      const destination = destinationOf(check.url);
      assert.match(destination.target, /^\/[!-~]*$/);
      assert.equal(destination.host, check.host);
      assert.equal(
        new URL(`http://${check.host.includes(':') ? `[${check.host}]` : check.host}/`).hostname.replaceAll(
          /[[\]]/g,
          '',
        ),
        check.host,
      );
    },
  );
  fc.assert(property, { numRuns: 300 });
});

test('the secrets of an endpoint are its path and query, whole and in parts, also decoded, from eight characters on', () => {
  assert.deepEqual(secretsOfEndpoint('https://chat.example.org/services/T0000/sevenly?token=a%20secret&x=1'), [
    '/services/T0000/sevenly?token=a%20secret&x=1',
    '/services/T0000/sevenly?token=a secret&x=1',
    '/services/T0000/sevenly',
    'token=a%20secret&x=1',
    'token=a secret&x=1',
    'a%20secret',
    'services',
    'a secret',
  ]);
  for (const endpoint of ['https://chat.example.org', 'https://chat.example.org/short', 'no URL', '']) {
    assert.deepEqual(secretsOfEndpoint(endpoint), []);
  }
  assert.ok(secretsOfEndpoint('http://chat.example.org/%zz-broken-escape').includes('%zz-broken-escape'));
});
