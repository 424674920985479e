/** Seeds that once failed, and what they found. They run first. */
export const regressions: readonly { readonly seed: number; readonly found: string }[] = [
  {
    seed: 94,
    found: 'B62: a delivery that came back from an attempt after its webhook was disabled stayed pending for ever',
  },
  { seed: 298, found: 'B10: a claim whose commit was in doubt was still sending after an orderly stop' },
  {
    seed: 82,
    found: 'a process that stood still while a transaction gave the event loop its turn took it for an idle one',
  },
  {
    seed: 22062,
    found:
      'I25: a lane whose head in memory stood behind a resend lost its turn to a newer one when its claim was refused',
  },
  {
    seed: 30276,
    found:
      'I25: an old lane that could go again stayed in the database while its class was full and its cursor stood still',
  },
  {
    seed: 31502,
    found: 'I26: a replay never ended, because a resend that was open when it came to the original had ended since',
  },
  {
    seed: 32335,
    found: 'I17: a delivery that came back unclaimed to a webhook that was paused meanwhile stayed in memory for ever',
  },
];
