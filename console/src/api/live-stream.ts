/** The stream of hints, for as long as somebody looks at the page. It says that something changed; what it is now is asked for. */
import { signal } from './signal.ts';
import { pollMs } from './state.ts';

export type Topic = 'incident' | 'alert' | 'delivery' | 'replay';
export const topics: readonly Topic[] = ['incident', 'alert', 'delivery', 'replay'];

export interface Hint {
  readonly topic: Topic;
  readonly data: Readonly<Record<string, string | number>>;
}

export interface Listener {
  hint(hint: Hint): void;
  /** Hints may have been missed: everything shown is asked for again. */
  gap(): void;
}

/** `asleep`: nobody looks. `off`: there has been no stream for a while, so what is shown is polled. */
export type LiveState = 'connecting' | 'live' | 'off' | 'asleep';

/** What the browser gives; a test gives something else. */
export interface LivePorts {
  open(events: { hello(): void; hint(hint: Hint): void; gap(): void; lost(final: boolean): void }): { close(): void };
  after(ms: number, work: () => void): () => void;
  isVisible(): boolean;
  /** Gives back what ends it. */
  onVisibility(listener: () => void): () => void;
}

/** A browser opens six connections to a host, so a tab that nobody sees gives its own back. */
export const sleepAfterMs = 30_000;
/** Without a stream for this long, the page polls. */
export const offAfterMs = 10_000;
/** A new stream begins with the hints of two seconds before it; a stream that took longer to come has missed some. */
export const promptMs = 1_000;
/** A refused stream is tried again. */
const retryMs = 5_000;

export class LiveStream {
  readonly state = signal<LiveState>('connecting');
  readonly #ports: LivePorts;
  readonly #listeners = new Set<Listener>();
  #source: { close(): void } | undefined;
  /** Hints may have been missed before the stream that is being opened begins. */
  #isLate = false;
  #ends: (() => void)[] = [];
  #cancelSleep: (() => void) | undefined;
  #cancelOff: (() => void) | undefined;
  #cancelRetry: (() => void) | undefined;
  #cancelPrompt: (() => void) | undefined;

  constructor(ports: LivePorts) {
    this.#ports = ports;
  }

  follow(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Gives back what ends it. */
  start(): () => void {
    this.#ends.push(this.#ports.onVisibility(() => this.#look()));
    this.#cancelPrompt = this.#ports.after(promptMs, () => (this.#isLate = true));
    if (this.#ports.isVisible()) this.#open();
    else this.#sleep();
    return () => {
      for (const end of this.#ends.splice(0)) end();
      this.#cancelSleep?.();
      this.#cancelPrompt?.();
      this.#close();
    };
  }

  #look(): void {
    this.#cancelSleep?.();
    if (this.#ports.isVisible()) {
      if (this.state.get() === 'asleep') this.#open();
      return;
    }
    this.#cancelSleep = this.#ports.after(sleepAfterMs, () => this.#sleep());
  }

  #sleep(): void {
    this.#close();
    this.state.set('asleep');
  }

  #open(): void {
    this.#close();
    this.state.set('connecting');
    this.#awaitStream();
    this.#connect();
  }

  #connect(): void {
    this.#source?.close();
    this.#source = this.#ports.open({
      hello: () => {
        this.#cancelOff?.();
        this.state.set('live');
        this.#cancelPrompt?.();
        if (this.#isLate) this.#gap();
        this.#isLate = true;
      },
      hint: (hint) => {
        for (const listener of this.#listeners) listener.hint(hint);
      },
      gap: () => this.#gap(),
      lost: (final) => {
        if (this.state.get() === 'live') {
          this.state.set('connecting');
          this.#awaitStream();
        }
        if (final) this.#cancelRetry = this.#ports.after(retryMs, () => this.#connect());
      },
    });
  }

  #awaitStream(): void {
    this.#cancelOff?.();
    this.#cancelOff = this.#ports.after(offAfterMs, () => {
      this.state.set('off');
      this.#poll();
    });
  }

  #poll(): void {
    this.#gap();
    this.#cancelOff = this.#ports.after(pollMs, () => this.#poll());
  }

  #gap(): void {
    for (const listener of this.#listeners) listener.gap();
  }

  #close(): void {
    this.#cancelOff?.();
    this.#cancelRetry?.();
    this.#source?.close();
    this.#source = undefined;
  }
}

function inBrowser(): LivePorts {
  return {
    open(events) {
      const source = new EventSource(`/live?topics=${topics.join(',')}`);
      source.addEventListener('hello', () => events.hello());
      source.addEventListener('gap', () => events.gap());
      for (const topic of topics) {
        source.addEventListener(topic, ({ data }: MessageEvent<string>) =>
          events.hint({ topic, data: JSON.parse(data) as Hint['data'] }),
        );
      }
      source.addEventListener('error', () => events.lost(source.readyState === EventSource.CLOSED));
      return source;
    },
    after(ms, work) {
      const timer = setTimeout(work, ms);
      return () => clearTimeout(timer);
    },
    isVisible: () => document.visibilityState === 'visible',
    onVisibility(listener) {
      document.addEventListener('visibilitychange', listener);
      return () => document.removeEventListener('visibilitychange', listener);
    },
  };
}

/** The one of this tab. */
export const liveStream = new LiveStream(inBrowser());

/** Held: the rows on the screen stay unchanged until somebody lets go. */
export const liveHeld = signal(false);
