import type { AttemptResult } from '../store/delivery-store.ts';
import type { Denial } from './claim.ts';

/**
 * How a picked head is released. `ended`: durably, so its successor may go · `coalesced`: so did it, and others of its lane
 * may have with it · `givenBack`: nothing was begun under its claim · `unclaimed`: the database could not · `unborn`: the
 * change that was to make it never happened · `inDoubt`: whether it did is not known, and its lane waits until it is.
 */
export type End = Denial | 'ended' | 'coalesced' | 'waitsForRetry' | 'givenBack' | 'unclaimed' | 'unborn' | 'inDoubt';

export function endOf({ settlement, overtook }: AttemptResult): End {
  if (settlement.state === 'pending') return 'givenBack';
  if (settlement.state === 'retry_wait') return 'waitsForRetry';
  return overtook === true ? 'coalesced' : 'ended';
}
