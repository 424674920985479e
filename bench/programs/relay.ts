import { copies, requestPost, serveForwarder } from './forwarder.ts';

/** A relay that keeps nothing: the sender has its 200 when the receiver has answered. */
serveForwarder(async (options) => {
  const post = requestPost(options);
  return (body) => Promise.all(copies(options.fanOut, body).map(post));
});
