import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, test } from 'node:test';
import { z } from 'zod';
import { integrationKey, startStubServer, type StubServer } from '../../../test/support/stub-server.ts';
import { until } from '../../../test/support/until.ts';
import { query } from '../routes/route.ts';
import { sharedPartBytes } from './body.ts';

const path = `/event/push/alert/standard?integration_key=${integrationKey}`;
const anonymous = { authorization: '' };
const limits = { ingestBodyMaxBytes: 3_000_000 };

/** No two parts of it are equal, so that a wrong order would show. */
function textOf(bytes: number): string {
  const numbers = Array.from({ length: Math.ceil(bytes / 8) }, (_, at) => String(at).padStart(8, '0'));
  return `"${numbers.join('').slice(0, bytes - 2)}"`;
}

/** Sends it in one piece with its length, or in chunks without one. */
async function send(server: StubServer, text: string, chunked: boolean): Promise<number> {
  if (!chunked) return (await server.post(path, text, { headers: anonymous })).status;
  const body = new Blob([text]).stream();
  const init = { method: 'POST', body, headers: { ...anonymous, 'content-type': 'application/json' } };
  const answer = await fetch(server.url + path, { ...init, duplex: 'half' });
  await answer.arrayBuffer();
  return answer.status;
}

describe('a large body', () => {
  for (const chunked of [false, true]) {
    const how = chunked ? 'in chunks' : 'with its length';
    for (const bytes of [524_289, 4 * sharedPartBytes, 4 * sharedPartBytes + 1, limits.ingestBodyMaxBytes]) {
      test(`of ${bytes} bytes that comes ${how} is kept in small parts that threads share`, async () => {
        await using server = await startStubServer({ limits });
        const text = textOf(bytes);
        assert.equal(await send(server, text, chunked), 200);
        const parts = (server.toys.pushes[0] as { body: Uint8Array[] }).body;
        assert.equal(parts.length, Math.ceil(bytes / sharedPartBytes));
        assert.ok(parts.every((part) => part.buffer instanceof SharedArrayBuffer));
        assert.ok(parts.every((part) => part.length <= sharedPartBytes));
        assert.ok(Buffer.concat(parts).equals(Buffer.from(text)));
      });
    }

    test(`of a byte more than allowed is refused when it comes ${how}`, async () => {
      await using server = await startStubServer({ limits });
      assert.equal(await send(server, textOf(limits.ingestBodyMaxBytes + 1), chunked), 413);
      assert.equal(server.toys.pushes.length, 0);
    });
  }
});

test('a body of up to 512 KiB is read as it is', async () => {
  await using server = await startStubServer({ limits });
  for (const bytes of [2, 65_536, 65_537, 524_288]) {
    const text = textOf(bytes);
    assert.equal(await send(server, text, false), 200);
    assert.equal((server.toys.pushes.pop() as { body: unknown }).body, JSON.parse(text));
  }
});

describe('memory for large bodies', () => {
  test('a sender that keeps many of them coming gets 503 for those beyond its share, and the others go on', async () => {
    await using server = await startStubServer({ limits: { ingestBodyMaxBytes: 1_000_000, bodyMaxBytes: 300_000 } });
    const head = `POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n`;
    const begun = Array.from({ length: 3 }, () => {
      const socket = connect(server.port, '127.0.0.1');
      socket.write(`${head}Content-Length: 900000\r\n\r\n"${'x'.repeat(799_999)}`);
      return socket;
    });
    const answered = begun.map(async (socket) => {
      const [answer] = await once(socket, 'data');
      return { socket, answer: String(answer) };
    });
    const { socket, answer } = await Promise.race(answered);
    assert.match(answer, /^HTTP\/1\.1 503 [^]*retry-after: 2\r\n[^]*ServiceUnavailable/i);
    // Bodies with another key are taken, and small bodies with the same one.
    const body = { name: 'x'.repeat(200_000) };
    assert.equal((await server.post('/thing/create', body)).status, 400);
    assert.equal((await server.post(path, {}, { headers: anonymous })).status, 200);
    for (const one of begun) if (one !== socket) one.end(`${'x'.repeat(99_999)}"`);
    const others = await Promise.all(answered.filter((_, at) => begun[at] !== socket));
    for (const one of others) assert.match(one.answer, /^HTTP\/1\.1 200 /);
    socket.destroy();
    // Their memory is free again.
    for (let at = 0; at < 3; at += 1) assert.equal(await send(server, textOf(900_000), false), 200);
  });

  test('a stranger who invents a name for each body has one share all the same', async () => {
    const nothing = z.object({});
    const shape = { request: nothing, reply: nothing };
    const open = query('/thing/open', 'Is for anyone.', 'anyone', shape, async () => ({}));
    const limits = { ingestBodyMaxBytes: 20_000, bodyMaxBytes: 20_000 };
    await using server = await startStubServer({ limits, routes: [open] });
    const begun = Array.from({ length: 8 }, (_, number) => {
      const socket = connect(server.port, '127.0.0.1');
      const head = `POST /thing/open HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer invented-${number}\r\n`;
      const type = 'Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n';
      socket.write(`${head}${type}3e80\r\n"${'x'.repeat(15_999)}\r\n`);
      return socket;
    });
    const [answer] = await Promise.race(begun.map((socket) => once(socket, 'data')));
    assert.match(String(answer), /^HTTP\/1\.1 503 [^]*ServiceUnavailable/);
    for (const socket of begun) socket.destroy();
  });

  test('a client that goes away gives its share back', async () => {
    await using server = await startStubServer({ limits: { ingestBodyMaxBytes: 1_000_000, bodyMaxBytes: 300_000 } });
    const head = `POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n`;
    for (let at = 0; at < 2; at += 1) {
      const socket = connect(server.port, '127.0.0.1');
      socket.write(`${head}Content-Length: 900000\r\n\r\n"${'x'.repeat(799_999)}`, () => socket.destroy());
      await once(socket, 'close');
    }
    await until(async () => (await send(server, textOf(900_000), false)) === 200);
    await until(async () => (await send(server, textOf(900_000), false)) === 200);
  });
});
