import assert from 'node:assert/strict';
import { sign } from 'node:crypto';
import { describe, test } from 'node:test';
import { expired, rsaSigned, selfSigned } from '../../test/support/certificate.ts';
import { fixture } from './formats/fixtures/fixture.ts';
import { SnsGate } from './sns.ts';

type Message = Record<string, string>;

const notification = fixture('cloudwatch')['firing'] as Message;
const subscribeUrl = 'https://sns.eu-central-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn=x&Token=t';
const confirmation: Message = {
  Type: 'SubscriptionConfirmation',
  MessageId: '165545c9-2a5c-472c-8df2-7ff2be2b3b1b',
  Token: 't',
  TopicArn: 'arn:aws:sns:eu-central-1:123456789012:alarms',
  Message: 'You have chosen to subscribe to the topic.',
  SubscribeURL: subscribeUrl,
  Timestamp: '2026-11-24T11:50:00.000Z',
  SignatureVersion: '2',
  SigningCertURL: String(notification['SigningCertURL']),
};

const fieldsOf = (message: Message) =>
  message['Type'] === 'Notification'
    ? ['Message', 'MessageId', 'Subject', 'Timestamp', 'TopicArn', 'Type']
    : ['Message', 'MessageId', 'SubscribeURL', 'Timestamp', 'Token', 'TopicArn', 'Type'];

/** As AWS signs it. */
function signed(message: Message): Message {
  const text = fieldsOf(message)
    .filter((field) => message[field] !== undefined)
    .map((field) => `${field}\n${message[field]}\n`)
    .join('');
  const algorithm = message['SignatureVersion'] === '1' ? 'RSA-SHA1' : 'RSA-SHA256';
  return { ...message, Signature: sign(algorithm, Buffer.from(text), rsaSigned.key).toString('base64') };
}

function gate(pem = rsaSigned.cert, status = 200) {
  const read: string[] = [];
  const sns = new SnsGate({
    read: async (url) => {
      read.push(url);
      return { status, body: pem };
    },
    clock: { now: () => Date.UTC(2027, 0, 1), monotonic: () => 0 },
  });
  return { sns, read };
}

describe('what AWS has signed is let in', () => {
  const rows: readonly [name: string, message: Message, read: number][] = [
    ['a notification of version 1', notification, 1],
    ['a notification of version 2', { ...notification, SignatureVersion: '2' }, 1],
    ['one without a subject', without(notification, 'Subject'), 1],
    ['the end of a subscription, which confirms nothing', { ...confirmation, Type: 'UnsubscribeConfirmation' }, 1],
  ];
  for (const [name, message, count] of rows) {
    test(name, async () => {
      const { sns, read } = gate();
      await sns.admit(signed(message));
      await sns.admit(signed(message));
      assert.deepEqual(read, [notification['SigningCertURL']].slice(0, count));
    });
  }

  test('a subscription is confirmed by the page that AWS names', async () => {
    const { sns, read } = gate();
    await sns.admit(signed(confirmation));
    assert.deepEqual(read, [notification['SigningCertURL'], subscribeUrl]);
  });
});

describe('everything else is refused', () => {
  const rows: readonly [name: string, message: unknown, field: RegExp][] = [
    ['a changed message', { ...signed(notification), Message: '{}' }, /^Signature: /],
    ['a changed place to subscribe at', { ...signed(confirmation), SubscribeURL: `${subscribeUrl}&x` }, /^Signature: /],
    ['no signature', without(signed(notification), 'Signature'), /^Signature: /],
    ['another version', { ...signed(notification), SignatureVersion: '3' }, /^Signature: /],
    ['a name of the prototype', { ...signed(notification), SignatureVersion: 'constructor' }, /^Signature: /],
    ['raw delivery', JSON.parse(String(notification['Message'])), /^Type: .*raw message delivery/],
    ['no object', 'x', /^Type: /],
    ['a type of the prototype', { Type: 'toString' }, /^Type: /],
    ...[
      'https://sns.evil.test/x.pem',
      'https://sns.eu-central-1.amazonaws.com.evil.test/x.pem',
      'https://evil.test/sns.eu-central-1.amazonaws.com/x.pem',
      'http://sns.eu-central-1.amazonaws.com/x.pem',
      'https://sns.eu-central-1.amazonaws.com:8443/x.pem',
      'https://sns.eu-central-1.amazonaws.com@evil.test/x.pem',
      'https://x@sns.eu-central-1.amazonaws.com/x.pem',
      'https://sns.eu-central-1.amazonaws.com/x',
      'https://169.254.169.254/x.pem',
      '',
    ].map((url): [string, unknown, RegExp] => [
      `a certificate at ${url}`,
      signed({ ...notification, SigningCertURL: url }),
      /^SigningCertURL: /,
    ]),
    ['a subscription elsewhere', signed({ ...confirmation, SubscribeURL: 'https://evil.test/' }), /^SubscribeURL: /],
  ];
  for (const [name, message, field] of rows) {
    test(name, async () => {
      await assert.rejects(gate().sns.admit(message), { code: 'InvalidParameter', message: field });
    });
  }

  for (const [name, pem] of [
    ['an expired certificate', expired.cert],
    ['no certificate', '<html>'],
  ] as const) {
    test(name, async () => {
      await assert.rejects(gate(pem).sns.admit(signed(notification)), { message: /^SigningCertURL: / });
    });
  }

  test('a certificate of another kind of key', async () => {
    await assert.rejects(gate(selfSigned.cert).sns.admit(signed(notification)), { message: /^Signature: / });
  });
});

for (const [status, answer] of [
  [0, 'did not answer'],
  [503, 'answered 503'],
] as const) {
  test(`SNS is asked to try again when AWS ${answer}`, async () => {
    const message = new RegExp(`^sns\\.eu-central-1\\.amazonaws\\.com ${answer}`);
    await assert.rejects(gate('', status).sns.admit(signed(notification)), { code: 'ServiceUnavailable', message });
  });
}

function without(message: Message, field: string): Message {
  return Object.fromEntries(Object.entries(message).filter(([name]) => name !== field));
}
