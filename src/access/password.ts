import { argon2, timingSafeEqual } from 'node:crypto';
import { Failure } from '../runtime/failure.ts';
import type { Random } from '../runtime/random.ts';
import { isCommonPassword } from './common-password.ts';

export const passwordMinChars = 12;
export const passwordMaxChars = 128;

/** OWASP's second choice for Argon2id: 19 MiB and two passes, about 40 ms of one core. */
const memoryKiB = 19 * 1024;
const passes = 2;
const parallelism = 1;
const saltBytes = 16;
const tagBytes = 32;

/** Hashes that are computed at the same time: each takes its memory, and one of the four threads that files need too. */
const runningMax = 2;
/** Hashes that may wait for their turn: about a second of work. */
export const waitingMax = 40;

/** The part of an address before the @ counts as contained from this length on: shorter ones are in many words. */
const localPartMinChars = 4;

/** Why a new password is refused, in a sentence; `undefined` = it is good. */
export function passwordFault(password: string, email: string): string | undefined {
  const { length } = Array.from(password.slice(0, passwordMaxChars * 2 + 1));
  if (length < passwordMinChars || length > passwordMaxChars) {
    return `must have ${passwordMinChars} to ${passwordMaxChars} characters`;
  }
  const text = password.toLowerCase();
  const address = email.toLowerCase();
  const local = address.slice(0, address.indexOf('@'));
  if ((address !== '' && text.includes(address)) || (local.length >= localPartMinChars && text.includes(local))) {
    return 'must not contain your email address or the part of it before the @';
  }
  if (isCommonPassword(password)) {
    return 'is one of the passwords that are tried first: use several unrelated words, or let a password manager make one';
  }
  return undefined;
}

/** Computes and compares password hashes, few at a time, so that sign-ins never take the machine from the pushes. */
export class PasswordHasher {
  readonly #random: Random;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  /** @returns the PHC text form: the parameters and the salt travel with the hash. @throws Failure when too many wait. */
  async hash(password: string): Promise<string> {
    const salt = Buffer.from(this.#random.bytes(saltBytes));
    const tag = await this.#inTurn(() => derive(password, { salt, memory: memoryKiB, passes, tagLength: tagBytes }));
    return `$argon2id$v=19$m=${memoryKiB},t=${passes},p=${parallelism}$${unpadded(salt)}$${unpadded(tag)}`;
  }

  /**
   * Takes as long for a member without a password, or for nobody, as for a wrong password: the time tells nothing.
   * @throws Failure when too many wait.
   */
  async verify(password: string, stored: string | undefined): Promise<boolean> {
    const { salt, tag, memory, passes: rounds } = parse(stored ?? decoy);
    const made = await this.#inTurn(() => derive(password, { salt, memory, passes: rounds, tagLength: tag.length }));
    return timingSafeEqual(made, tag) && stored !== undefined;
  }

  async #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.#running < runningMax) this.#running += 1;
    else if (this.#waiting.length < waitingMax) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else throw new Failure('RequestTooFrequently', 'too many sign-ins at once; try again', { retryAfterSeconds: 2 });
    try {
      return await work();
    } finally {
      // The place is handed on; it is free only when nobody waits.
      const next = this.#waiting.shift();
      if (next === undefined) this.#running -= 1;
      else next();
    }
  }
}

interface Parameters {
  readonly salt: Buffer;
  readonly memory: number;
  readonly passes: number;
  readonly tagLength: number;
}

/** The same text typed on two keyboards may differ in its bytes, hence the normal form. */
function derive(password: string, { salt, ...numbers }: Parameters): Promise<Buffer> {
  // Longer than any password can be: cut before the work that is not linear.
  const message = password.slice(0, passwordMaxChars * 4).normalize('NFKC');
  return new Promise((resolve, reject) => {
    argon2('argon2id', { message, nonce: salt, parallelism, ...numbers }, (error, tag) => {
      if (error === null) resolve(tag);
      else reject(error);
    });
  });
}

const phc = /^\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,3}),p=1\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$/;

function parse(stored: string): { salt: Buffer; tag: Buffer; memory: number; passes: number } {
  const [, memory = '', rounds = '', salt = '', tag = ''] = phc.exec(stored) ?? [];
  if (tag === '') throw new Error('a stored password is not in a form that this version can read');
  return {
    salt: Buffer.from(salt, 'base64'),
    tag: Buffer.from(tag, 'base64'),
    memory: Number(memory),
    passes: Number(rounds),
  };
}

function unpadded(bytes: Buffer): string {
  return bytes.toString('base64').replaceAll('=', '');
}

/** The hash that a sign-in is compared with where there is none: of the right cost, and of no password. */
const decoy = `$argon2id$v=19$m=${memoryKiB},t=${passes},p=${parallelism}$${unpadded(Buffer.alloc(saltBytes))}$${unpadded(Buffer.alloc(tagBytes))}`;
