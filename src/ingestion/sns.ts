import { verify, X509Certificate } from 'node:crypto';
import type { Clock } from '../runtime/clock.ts';
import { Failure, invalid } from '../runtime/failure.ts';
import { isObject, textOf } from './formats/fields.ts';
import type { Fields } from './formats/fields.ts';

/** Reads a page of another server by GET, through the address guard. */
export type ReadPage = (url: string) => Promise<{ readonly status: number; readonly body: string }>;

export interface SnsPorts {
  readonly read: ReadPage;
  readonly clock: Clock;
}

/** Cached certificates. AWS has one per region, and changes it about once a year. */
const certificatesMax = 32;

const urlMaxChars = 1024;

/** Only AWS may say what AWS signs. */
const snsHost = /^sns\.[a-z0-9-]{3,40}\.amazonaws\.com(?:\.cn)?$/;

/** The signed fields in order, by the type of the message. */
const signedFields: ReadonlyMap<string, readonly string[]> = new Map([
  ['Notification', ['Message', 'MessageId', 'Subject', 'Timestamp', 'TopicArn', 'Type']],
  ['SubscriptionConfirmation', ['Message', 'MessageId', 'SubscribeURL', 'Timestamp', 'Token', 'TopicArn', 'Type']],
  ['UnsubscribeConfirmation', ['Message', 'MessageId', 'SubscribeURL', 'Timestamp', 'Token', 'TopicArn', 'Type']],
]);

const algorithms: ReadonlyMap<string, string> = new Map([
  ['1', 'RSA-SHA1'],
  ['2', 'RSA-SHA256'],
]);

/** Admits messages that Amazon's Simple Notification Service has signed, and confirms subscriptions. */
export class SnsGate {
  readonly #ports: SnsPorts;
  readonly #certificates = new Map<string, X509Certificate>();

  constructor(ports: SnsPorts) {
    this.#ports = ports;
  }

  /**
   * @throws Failure InvalidParameter for messages that AWS did not sign, ServiceUnavailable when AWS cannot be reached.
   */
  async admit(body: unknown): Promise<void> {
    const message = isObject(body) ? body : {};
    const fields = signedFields.get(textOf(message, 'Type'));
    if (fields === undefined) {
      const hint = 'must be a message of SNS: switch raw message delivery off, since only such messages are signed';
      throw invalid([{ field: 'Type', message: hint }]);
    }
    const certificate = await this.#certificate(snsUrl(message, 'SigningCertURL'));
    if (!isSigned(message, fields, certificate)) {
      throw invalid([{ field: 'Signature', message: 'is not one of AWS for this message' }]);
    }
    if (message['Type'] === 'SubscriptionConfirmation') await this.#read(snsUrl(message, 'SubscribeURL'));
  }

  async #certificate(url: string): Promise<X509Certificate> {
    const now = this.#ports.clock.now();
    const known = this.#certificates.get(url);
    if (known !== undefined && known.validToDate.getTime() > now) return known;
    const certificate = parseCertificate(await this.#read(url));
    if (
      certificate === undefined ||
      certificate.validToDate.getTime() <= now ||
      certificate.validFromDate.getTime() > now
    ) {
      throw invalid([{ field: 'SigningCertURL', message: 'leads to no certificate that is valid now' }]);
    }
    const [oldest] = this.#certificates.keys();
    if (this.#certificates.size >= certificatesMax && oldest !== undefined) this.#certificates.delete(oldest);
    this.#certificates.set(url, certificate);
    return certificate;
  }

  async #read(url: string): Promise<string> {
    const { status, body } = await this.#ports.read(url);
    if (status === 200) return body;
    const { host } = new URL(url);
    const answer = status === 0 ? 'did not answer' : `answered ${status}`;
    throw new Failure('ServiceUnavailable', `${host} ${answer}, so the message could not be checked: SNS tries again`);
  }
}

function snsUrl(message: Fields, field: string): string {
  const text = textOf(message, field);
  const url = text.length > urlMaxChars || !URL.canParse(text) ? undefined : new URL(text);
  const isPage = field !== 'SigningCertURL' || url?.pathname.endsWith('.pem') === true;
  const isSound = url?.protocol === 'https:' && url.port === '' && url.username === '' && snsHost.test(url.hostname);
  if (url !== undefined && isSound && isPage) return url.href;
  throw invalid([{ field, message: 'must be an https URL of sns.REGION.amazonaws.com' }]);
}

function parseCertificate(pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem);
  } catch {
    return undefined;
  }
}

function isSigned(message: Fields, fields: readonly string[], certificate: X509Certificate): boolean {
  const algorithm = algorithms.get(textOf(message, 'SignatureVersion'));
  if (algorithm === undefined || certificate.publicKey.asymmetricKeyType !== 'rsa') return false;
  const signed = fields
    .filter((field) => typeof message[field] === 'string')
    .map((field) => `${field}\n${textOf(message, field)}\n`)
    .join('');
  return verify(
    algorithm,
    Buffer.from(signed),
    certificate.publicKey,
    Buffer.from(textOf(message, 'Signature'), 'base64'),
  );
}
