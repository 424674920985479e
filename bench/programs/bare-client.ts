import { Pool, type Dispatcher } from 'undici';
import { microseconds, serveParent } from './parent.ts';

/** The limit: a client that posts one body over and over, with nothing in front of it and nothing behind it. */
serveParent({
  run: ({ port, body, connections, seconds }: { port: number; body: string; connections: number; seconds: number }) =>
    new Promise((resolve, reject) => {
      const pool = new Pool(`http://127.0.0.1:${port}`, { connections, pipelining: 1 });
      const startedAt = microseconds();
      const until = startedAt + seconds * 1_000_000;
      let waiting = 0;
      let answered = 0;
      const options = {
        method: 'POST',
        path: '/bare',
        headers: { 'content-type': 'application/json' },
        body,
      } as const;
      const handler: Dispatcher.DispatchHandler = {
        onRequestStart() {},
        onResponseStart() {},
        onResponseData() {},
        onResponseEnd() {
          waiting -= 1;
          answered += 1;
          if (microseconds() < until) send();
          else if (waiting === 0)
            void pool.close().then(() => resolve({ answered, startedAt, endedAt: microseconds() }));
        },
        onResponseError(_controller, error) {
          reject(error);
        },
      };
      const send = () => {
        waiting += 1;
        pool.dispatch(options, handler);
      };
      for (let index = 0; index < connections; index += 1) send();
    }),
});
