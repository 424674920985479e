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

/** The most keys of one member (contract 6.9). */
export const appKeysMax = 5;

/** A key that the operator chooses must be at least this long; ours have 35 characters. */
export const appKeyMinLength = 32;
