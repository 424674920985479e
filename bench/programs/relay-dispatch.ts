import { copies, dispatchPost, serveForwarder } from './forwarder.ts';

/** The same relay over the client's fastest way. */
serveForwarder(async (options) => {
  const post = dispatchPost(options);
  return (body) => Promise.all(copies(options.fanOut, body).map(post));
});
