import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import { getCACertificates, setDefaultCACertificates, type TlsOptions } from 'node:tls';
import { expired, selfSigned } from '../../test/support/certificate.ts';
import { answer, ScriptedReceiver } from '../../test/support/scripted-receiver.ts';
import { testSender } from '../../test/support/test-sender.ts';

test('a peer that has stopped: unknown while it still takes connections, and failed for certain when it takes no more', async () => {
  await using peer = await stoppedPeer();
  using sender = testSender();
  const taken = await sender.send(peer, { timeoutMs: 150 });
  assert.deepEqual([taken.outcome.state, taken.outcome.reason], ['unknown', 'timeout_response']);
  assert.deepEqual([taken.report.phase, taken.report.maybeSent], ['headers', true]);
  await peer.fill();
  const dropped = await sender.send(peer, { timeoutMs: 150 });
  assert.deepEqual([dropped.outcome.state, dropped.outcome.reason], ['failed', 'timeout_connect']);
  assert.deepEqual([dropped.report.phase, dropped.report.maybeSent], ['connect', false]);
});

const badCertificates: readonly {
  readonly name: string;
  readonly tls: TlsOptions;
  readonly host: string;
  message: RegExp;
}[] = [
  { name: 'of another host', tls: selfSigned, host: 'other.test', message: /another host name/ },
  { name: 'that has expired', tls: expired, host: 'receiver.test', message: /expired/ },
  {
    name: 'behind a version of TLS that is too old',
    tls: { ...selfSigned, minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' },
    host: 'receiver.test',
    message: /version/,
  },
];

for (const { name, tls, host, message } of badCertificates) {
  test(`a certificate ${name} is refused before anything is written`, async (t) => {
    const trusted = getCACertificates('default');
    t.after(() => setDefaultCACertificates(trusted));
    setDefaultCACertificates([...trusted, selfSigned.cert, expired.cert]);
    await using receiver = await new ScriptedReceiver((socket) => socket.write(answer(200)), { tls }).listen();
    await using sound = await new ScriptedReceiver((socket) => socket.write(answer(200)), { tls: selfSigned }).listen();
    using sender = testSender();
    const refused = await sender.send(receiver, { scheme: 'https', host });
    assert.deepEqual([refused.outcome.state, refused.outcome.reason], ['failed', 'tls']);
    assert.match(refused.outcome.message, message);
    assert.deepEqual([refused.report.maybeSent, receiver.bytes], [false, 0]);
    // This certificate was refused, and not its issuer.
    const taken = await sender.send(sound, { scheme: 'https', host: 'receiver.test' });
    assert.equal(taken.outcome.state, 'delivered');
  });
}

const stopping = `
  const server = require('node:net').createServer(() => {});
  server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => console.log(server.address().port));`;
/** More than fit into the list of those that wait to be accepted. */
const waitingCount = 4;

/** A process that listens and is stopped: its kernel takes connections, as many as fit, and it takes none. */
async function stoppedPeer() {
  const child = spawn(process.execPath, ['-e', stopping], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  const port = Number(String(line));
  child.kill('SIGSTOP');
  const sockets = new Set<ReturnType<typeof connect>>();
  return {
    port,
    /** Resolves when no further connection is taken. */
    async fill(): Promise<void> {
      for (let count = 0; count < waitingCount; count += 1) {
        const socket = connect(port, '127.0.0.1').on('error', () => {});
        sockets.add(socket);
        await Promise.race([once(socket, 'connect'), new Promise((resolve) => setTimeout(resolve, 50))]);
      }
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    },
  };
}
