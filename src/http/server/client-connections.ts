import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { addressKey } from './rate-limit.ts';

/** One address may hold this part of all connections without having sent the head of a request. */
const share = 1 / 4;

/**
 * Requests of one connection whose answers are not out yet. All that come in one packet are begun in one turn of the event
 * loop: without a limit 1,400 are, which hold it for 150 ms.
 */
export const unansweredMax = 100;

/**
 * The connections of clients, up to a limit. Those on which no head of a request has come yet are kept by address: where
 * one has too many, its oldest is cut, because a client that means something sends at once.
 */
export class ClientConnections {
  readonly #max: number;
  readonly #halfOpenMax: number;
  /** In the order of their arrival. */
  readonly #byAddress = new Map<string, Set<Socket>>();
  /** The address of each of them. */
  readonly #halfOpen = new Map<Socket, string>();
  readonly #unanswered = new WeakMap<Socket, number>();

  /** Open ones, of all listening sockets. */
  count = 0;

  /** @param connectionsMax that may be open at once. */
  constructor(connectionsMax: number) {
    this.#max = connectionsMax;
    this.#halfOpenMax = Math.max(1, Math.floor(connectionsMax * share));
  }

  /** @returns whether there was room for it. */
  opened(socket: Socket): boolean {
    if (this.count >= this.#max) return false;
    this.count += 1;
    const address = addressKey(socket.remoteAddress ?? '');
    const waiting = this.#byAddress.get(address) ?? new Set();
    this.#byAddress.set(address, waiting);
    waiting.add(socket);
    this.#halfOpen.set(socket, address);
    socket.once('close', () => {
      this.count -= 1;
      this.spoke(socket);
    });
    if (waiting.size <= this.#halfOpenMax) return true;
    const [oldest] = waiting;
    if (oldest !== undefined) {
      this.spoke(oldest);
      oldest.destroy();
    }
    return true;
  }

  /** The head of a request has come, or never will. It may have come before, on the same connection. */
  spoke(socket: Socket): void {
    const address = this.#halfOpen.get(socket);
    if (address === undefined) return;
    this.#halfOpen.delete(socket);
    const waiting = this.#byAddress.get(address);
    if (waiting?.delete(socket) === true && waiting.size === 0) this.#byAddress.delete(address);
  }

  /** A request has come. @returns whether its connection may have one more without an answer. */
  asked(socket: Socket, response: Pick<ServerResponse, 'once'>): boolean {
    this.spoke(socket);
    const before = this.#unanswered.get(socket) ?? 0;
    if (before >= unansweredMax) return false;
    this.#unanswered.set(socket, before + 1);
    response.once('close', () => this.#unanswered.set(socket, (this.#unanswered.get(socket) ?? 1) - 1));
    return true;
  }
}
