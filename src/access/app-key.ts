/** Lets a program act as a member, with that member's rights (contract 6.9). The key itself is shown once and not kept. */
export interface AppKey {
  readonly keyId: string;
  readonly memberId: number;
  readonly name: string;
  /** SHA-256 of the key, hex. */
  readonly hash: string;
  /** The last characters, to tell keys apart. */
  readonly hint: string;
  readonly status: AppKeyStatus;
  /** Unix milliseconds. */
  readonly createdAt: number;
  readonly updatedAt: number;
}

export type AppKeyStatus = 'enabled' | 'disabled';

/** Keys per member (contract 6.9). */
export const appKeysMax = 5;

/** Characters that a key chosen by the operator must have; generated keys have 35. */
export const appKeyMinLength = 32;
