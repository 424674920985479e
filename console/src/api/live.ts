import { useEffect, useRef } from 'react';
import { liveHeld, liveStream, type Hint, type Topic } from './live-stream.ts';
import { Newsroom, type News } from './news.ts';

export interface LiveOptions {
  /** `refresh` is not run more often than this. */
  readonly everyMs?: number;
  /** Which hints are about what is shown; all of the topics when left out. */
  readonly wants?: (hint: Hint) => boolean;
  readonly enabled?: boolean;
}

const everyMsDefault = 500;
const ports = {
  now: () => performance.now(),
  after(ms: number, work: () => void) {
    const timer = setTimeout(work, ms);
    return () => clearTimeout(timer);
  },
};

/**
 * Runs `refresh` when something of these topics has changed: soon after the first hint, then at most twice a second, never
 * while live updates are held. While there is no stream it runs every ten seconds, as after a gap.
 */
export function useLive(
  topics: readonly Topic[],
  refresh: (news: News) => Promise<unknown> | void,
  { everyMs = everyMsDefault, wants, enabled = true }: LiveOptions = {},
): void {
  const held = useRef({ refresh, wants });
  useEffect(() => {
    held.current = { refresh, wants };
  });
  const names = topics.join(',');
  useEffect(() => {
    if (!enabled) return undefined;
    const room = new Newsroom(ports, everyMs, (news) => held.current.refresh(news));
    const hold = (): void => room.hold(liveHeld.get());
    hold();
    const ends = [
      liveHeld.follow(hold),
      liveStream.follow({
        hint(hint) {
          if (names.split(',').includes(hint.topic) && held.current.wants?.(hint) !== false) room.hint(hint);
        },
        gap: () => room.gap(),
      }),
    ];
    return () => {
      for (const end of ends) end();
      room.close();
    };
  }, [names, everyMs, enabled]);
}
