/** Seeds that once failed, and what they found. They run first. */
export const regressions: readonly { readonly seed: number; readonly found: string }[] = [
  { seed: 94, found: 'B62: what came back from an attempt after its webhook was disabled stayed pending for ever' },
  { seed: 298, found: 'B10: a claim whose commit was in doubt was still sending after an orderly stop' },
  {
    seed: 200_017,
    found:
      'two claims side by side gave back what was in doubt, one of them the claim that the other had just been granted',
  },
];
