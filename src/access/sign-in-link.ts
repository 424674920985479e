import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';
import type { Random } from '../runtime/random.ts';
import type { KeyRing } from './secret-box.ts';

/** A link that the operator made on the machine itself, at the first start or by the command. */
export const operatorLinkMs = 3_600_000;
/** A link that an administrator hands over: an invitation, or help for a lost password. */
export const invitationMs = 72 * 3_600_000;

/** The oldest administrator, as whom one comes in without knowing any id or address; no email looks like this. */
export const oldestAdministrator = 'administrator';

/** Who a link signs in: a member by id or by email, or the {@link oldestAdministrator}. */
export type LinkSubject = number | string;

export interface SignInLink {
  /** Which link it is: used once, it is remembered by this. */
  readonly linkId: string;
  readonly subject: LinkSubject;
  /** Unix milliseconds. */
  readonly issuedAt: number;
  readonly expiresAt: number;
}

/**
 * Makes and reads the tokens of sign-in links. A token carries what it stands for and is authenticated with a key that is
 * derived from the installation's sealing key. So the command makes one on the machine itself while the service runs,
 * without touching a database that only one process may write to.
 */
export interface LinkSigner {
  issue(subject: LinkSubject, now: number, lifeMs: number): { readonly token: string; readonly expiresAt: number };
  /** `undefined` for a token that was not made with this key, or was changed. Its expiry is the caller's to look at. */
  read(token: string): SignInLink | undefined;
}

const linkIdBytes = 32;
/** Longer texts are no tokens. */
const tokenMaxChars = 1024;

export function createLinkSigner(ring: KeyRing, random: Random): LinkSigner {
  const keys = ring.map((key) => Buffer.from(hkdfSync('sha256', key, new Uint8Array(), 'tocsin sign-in link v1', 32)));
  const mac = (key: Buffer | undefined, body: string) =>
    createHmac('sha256', key ?? Buffer.alloc(0))
      .update(body)
      .digest();
  return {
    issue(subject, now, lifeMs) {
      const linkId = Buffer.from(random.bytes(linkIdBytes)).toString('base64url');
      const expiresAt = now + lifeMs;
      const body = Buffer.from(JSON.stringify([linkId, subject, now, expiresAt])).toString('base64url');
      return { token: `${body}.${mac(keys[0], body).toString('base64url')}`, expiresAt };
    },
    read(token) {
      if (token.length > tokenMaxChars) return undefined;
      const [body = '', given = '', rest] = token.split('.');
      const tag = Buffer.from(given, 'base64url');
      const fits = (wanted: Buffer) => tag.length === wanted.length && timingSafeEqual(tag, wanted);
      if (rest !== undefined || !keys.some((key) => fits(mac(key, body)))) return undefined;
      // Only this service makes the mac, so what is under it has the shape that was written above.
      const [linkId, subject, issuedAt, expiresAt] = JSON.parse(Buffer.from(body, 'base64url').toString()) as [
        string,
        LinkSubject,
        number,
        number,
      ];
      return { linkId, subject, issuedAt, expiresAt };
    },
  };
}

/** The token is in the fragment: it reaches no server log and no `Referer`, and only the page's POST spends it. */
export function signInUrl(baseUrl: string, token: string): string {
  return `${baseUrl}/sign-in/link#${token}`;
}

/** Signs in the administrator who is the oldest when it is used. */
export function operatorLink(links: LinkSigner, baseUrl: string, now: number): string {
  return signInUrl(baseUrl, links.issue(oldestAdministrator, now, operatorLinkMs).token);
}
