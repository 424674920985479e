import { secretMaxBytes, secretMinBytes, signingKey } from '#receiver';
import type { Fault } from '../runtime/failure.ts';
import type { Random } from '../runtime/random.ts';
import type { Webhook, WebhookSecret } from './webhook.ts';

/** Bytes of a generated secret: the length of the HMAC's digest. */
export const secretBytes = 32;
/** Secrets that sign together: more than one rotation in an overlap is rare, and receivers check each signature. */
export const signingSecretsMax = 4;

const prefix = 'whsec_';

export function makeSecret(random: Random): string {
  return prefix + Buffer.from(random.bytes(secretBytes)).toString('base64');
}

export type SecretCheck =
  | { readonly ok: true; readonly secret: string }
  | { readonly ok: false; readonly faults: readonly Fault[] };

/** Checks a secret chosen by the user: `whsec_` and the base64 of 24 to 64 bytes. */
export function checkSecret(text: string): SecretCheck {
  const shape = `must be ${prefix} and the base64 of ${secretMinBytes} to ${secretMaxBytes} random bytes`;
  const refuse = (what: string): SecretCheck => ({
    ok: false,
    faults: [{ field: 'secret', message: `${what}; it ${shape}` }],
  });
  if (!text.startsWith(prefix)) return refuse(`the secret does not start with ${prefix}`);
  try {
    signingKey(text);
  } catch (error) {
    if (error instanceof TypeError) return refuse(error.message);
    throw error;
  }
  return { ok: true, secret: text };
}

/** The secrets that sign a push now, newest first; none when the webhook does not sign. */
export function signingSecrets(webhook: Pick<Webhook, 'signing' | 'secrets'>, now: number): string[] {
  return webhook.signing ? webhook.secrets.filter((secret) => signsAt(secret, now)).map(({ secret }) => secret) : [];
}

export function signsAt(secret: Pick<WebhookSecret, 'expiresAt'>, now: number): boolean {
  return secret.expiresAt === 0 || secret.expiresAt > now;
}

/** The secrets after a rotation: the new one first, older ones until the overlap ends, without expired ones. */
export function rotateSecrets(
  secrets: readonly WebhookSecret[],
  fresh: string,
  now: number,
  overlapMs: number,
): WebhookSecret[] {
  if (overlapMs === 0) return [{ secret: fresh, expiresAt: 0 }];
  const end = now + overlapMs;
  const kept = secrets
    .map(({ secret, expiresAt }) => ({ secret, expiresAt: expiresAt === 0 ? end : expiresAt }))
    .filter((secret) => secret.secret !== fresh && signsAt(secret, now));
  return [{ secret: fresh, expiresAt: 0 }, ...kept].slice(0, signingSecretsMax);
}

/** Enough to tell two secrets apart, too little to use. */
export function maskSecret(secret: string): string {
  return `${prefix}••••${secret.replace(/=+$/, '').slice(-4)}`;
}
