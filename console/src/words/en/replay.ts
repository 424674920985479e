export const replay = {
  title: 'Replay these deliveries',
  counting: 'Counting…',
  count:
    '{count, plural, =0 {No delivery is selected.} one {# delivery of {name} is selected.} other {# deliveries of {name} are selected.}}',
  pushes: '{pushes, plural, =0 {Nothing will be sent.} one {# push will be sent.} other {# pushes will be sent.}}',
  leftOut:
    'Only failed, unknown, expired and cancelled deliveries are sent again. To send delivered ones again, close this and set the outcome filter to Delivered.',
  replaced: 'Each of these events has arrived since, or a later push takes its place.',
  oldest: 'The oldest event: <when></when>.',
  marked: 'Each is marked tocsin-redelivery, and counts for nothing in the health of the webhook.',
  order: 'Order',
  every: 'Every event, in order',
  latest: 'Only the latest of each alert or incident',
  rate: 'At most per second',
  start: 'Start the replay',
  stop: 'Stop',
  stopped:
    '{count, plural, =0 {Nothing was waiting any more.} one {# push was not sent.} other {# pushes were not sent.}}',
  state: { running: 'Running', done: 'Finished', cancelled: 'Stopped', failed: 'Failed' },
  progress: '{done, number} of {total, number}',
  outcomes:
    '{delivered, number} delivered · {failed, number} failed · {unknown, number} unknown · {other, number} otherwise ended',
  pausedUntil: 'The receiver is down; next try <when></when>.',
  leave: 'It goes on when this is closed, and is listed under Replays of the webhook.',
  none: 'No replay yet. Choose Replay these above a list of deliveries.',
  list: 'Replays',
  begun: 'Begun <when></when>',
} as const;

export const health = {
  outcomes: 'Outcomes in this time',
  reasons: 'Why deliveries have not arrived',
  noReasons: 'Every delivery of this time arrived, or is still to come.',
  now: 'Now',
  waiting: '{count, plural, =0 {Nothing waits.} one {# push waits.} other {# pushes wait.}}',
  behind:
    '{count, plural, =0 {No alert or incident is behind.} one {# alert or incident is behind, the oldest by {oldest}.} other {# alerts and incidents are behind, the oldest by {oldest}.}}',
  severities: 'Pushes that wait: {critical, number} Critical · {warning, number} Warning · {info, number} Info',
} as const;
