import { publicUrlOf } from '../config/room-settings.ts';
import {
  createLinkSigner,
  oldestAdministrator,
  operatorLinkMs,
  signInUrl,
  type LinkSubject,
} from '../access/sign-in-link.ts';
import type { Config } from '../config/settings.ts';
import { systemClock } from '../runtime/clock.ts';
import { systemRandom } from '../runtime/random.ts';
import { keyRingOf } from './key-ring.ts';

/**
 * A link that signs somebody in, once, for people who have lost every other way. It is made with the installation's key
 * alone, so nobody who may read that key needs another one; the service may run meanwhile, on either database.
 * @param email '' = the oldest administrator.
 * @throws Failure when there is no installation.
 */
export function signInLink(config: Config, email: string): string {
  return signInUrl(publicUrlOf(config), operatorToken(config, subjectOf(email)));
}

/** The token of such a link. */
export function operatorToken(config: Config, subject: LinkSubject): string {
  return createLinkSigner(keyRingOf(config), systemRandom).issue(subject, systemClock.now(), operatorLinkMs).token;
}

/** @param email '' = the oldest administrator. */
export function subjectOf(email: string): LinkSubject {
  return email === '' ? oldestAdministrator : email.trim().toLowerCase();
}
