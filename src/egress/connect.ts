import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { AddressGuard } from './address-guard.ts';
import type { Phase } from './report.ts';
import type { DnsResolver } from './dns-resolver.ts';
import { openTunnel, type EgressProxy } from './proxy-tunnel.ts';

/** The destination of a connection. */
export interface DialTarget {
  /** A name or an address, without brackets. */
  readonly hostname: string;
  readonly port: number;
  readonly secure: boolean;
  readonly tlsVerify: boolean;
}

export interface DialPorts {
  readonly resolver: DnsResolver;
  readonly guard: AddressGuard;
  /** Source addresses to bind, at most one per family; empty = the system chooses. */
  readonly bind: readonly string[];
  /** All connections go through it when it is set; it then resolves the names. */
  readonly proxy?: EgressProxy | undefined;
}

export interface DialEvents {
  reached(phase: Phase): void;
  connected(socket: Socket): void;
  failed(error: Error): void;
}

/** A refusal by the address guard; the message says which address and why. */
export class AddressRefused extends Error {
  override readonly name = 'Refused';
  readonly code = 'ADDRESS_REFUSED';
}

/** With several addresses, the time after which the next one is tried beside a silent one. */
const attemptMs = 250;

/**
 * Opens a connection: resolve, check every address, connect to the checked ones only, TLS. Ends in exactly one of
 * `connected` and `failed`, never in the same turn. It has no deadline: the caller cancels.
 * @returns cancel: nothing is reported after it.
 */
export function connect(target: DialTarget, ports: DialPorts, events: DialEvents): () => void {
  const call = new ConnectCall(target, ports, events);
  call.begin();
  return () => call.cancel();
}

/** For a socket that has ended: an error without a listener would end the process. */
function ignore(): void {}

class ConnectCall {
  readonly #target: DialTarget;
  readonly #ports: DialPorts;
  readonly #events: DialEvents;
  #socket: Socket | undefined;
  #over = false;

  constructor(target: DialTarget, ports: DialPorts, events: DialEvents) {
    this.#target = target;
    this.#ports = ports;
    this.#events = events;
  }

  begin(): void {
    this.#events.reached('dns');
    this.#checkedAddresses().then(
      (addresses) => this.#connect(addresses),
      (error: unknown) => this.#fail(error),
    );
  }

  cancel(): void {
    this.#over = true;
    this.#socket?.on('error', ignore).destroy();
  }

  /** One lookup per connection, and only checked addresses are dialled: rebinding a name gains nothing. */
  async #checkedAddresses(): Promise<readonly string[]> {
    const { hostname, port } = this.#target;
    const { guard, resolver, proxy } = this.#ports;
    const refusal = guard.refusesName(hostname, port);
    if (refusal !== undefined) throw new AddressRefused(refusal);
    if (proxy !== undefined) return this.#proxyAddresses(proxy);
    const addresses = isIP(hostname) === 0 ? await resolver.resolve(hostname) : [hostname];
    for (const address of addresses) {
      const why = guard.refusesAddress(address, port, hostname);
      if (why !== undefined) throw new AddressRefused(why);
    }
    if (addresses.length === 0) throw new Error(`${hostname} has no address`);
    return addresses;
  }

  /** Still checks a literal address; only the proxy knows the addresses of a name. */
  async #proxyAddresses(proxy: EgressProxy): Promise<readonly string[]> {
    const { hostname, port } = this.#target;
    const why = isIP(hostname) === 0 ? undefined : this.#ports.guard.refusesAddress(hostname, port, hostname);
    if (why !== undefined) throw new AddressRefused(why);
    return isIP(proxy.hostname) === 0 ? this.#ports.resolver.resolve(proxy.hostname) : [proxy.hostname];
  }

  #connect(addresses: readonly string[]): void {
    if (this.#over) return;
    this.#events.reached('connect');
    try {
      const socket = connectTcp(this.#tcpOptions(addresses));
      this.#socket = socket;
      socket.setNoDelay(true);
      socket.once('error', this.#onError).once('close', this.#onClose);
      socket.once('connect', () => this.#onConnect(socket));
    } catch (error) {
      this.#fail(error);
    }
  }

  #tcpOptions(addresses: readonly string[]) {
    const { bind, proxy } = this.#ports;
    const { hostname, port } = proxy ?? this.#target;
    const families = new Set(bind.map((address) => isIP(address)));
    const usable = bind.length === 0 ? addresses : addresses.filter((address) => families.has(isIP(address)));
    const first = usable[0];
    if (first === undefined) throw new Error(`no source address is bound for the family of ${addresses.join(', ')}`);
    const localAddress = bind.find((address) => isIP(address) === isIP(first));
    if (usable.length === 1 || localAddress !== undefined) {
      return { host: first, port, ...(localAddress === undefined ? {} : { localAddress }) };
    }
    const all = usable.map((address) => ({ address, family: isIP(address) }));
    return {
      host: hostname,
      port,
      autoSelectFamily: true,
      autoSelectFamilyAttemptTimeout: attemptMs,
      lookup: (
        _host: string,
        options: { all?: boolean | undefined },
        give: (error: null, answer: string | typeof all, family?: number) => void,
      ) => (options.all === true ? give(null, all) : give(null, first, isIP(first))),
    };
  }

  #onConnect(socket: Socket): void {
    if (this.#over) return;
    const address = socket.remoteAddress;
    // Absent means already closed, not refused.
    if (address === undefined) return this.#fail(new Error('the connection was closed at once'));
    const { guard, proxy } = this.#ports;
    if (proxy !== undefined) return this.#tunnel(socket, proxy);
    const why = guard.refusesAddress(address, this.#target.port, this.#target.hostname);
    if (why !== undefined) return this.#fail(new AddressRefused(why));
    this.#ready(socket);
  }

  #tunnel(socket: Socket, proxy: EgressProxy): void {
    openTunnel(socket, proxy, this.#target, {
      opened: () => {
        if (!this.#over) this.#ready(socket);
      },
      refused: (why) => this.#fail(why),
    });
  }

  #ready(socket: Socket): void {
    if (this.#target.secure) this.#secure(socket);
    else this.#hand(socket);
  }

  #secure(raw: Socket): void {
    const { hostname, tlsVerify } = this.#target;
    this.#events.reached('tls');
    const socket = connectTls({
      socket: raw,
      host: hostname,
      servername: isIP(hostname) === 0 ? hostname : '',
      // Explicit, so that no setting of the process can turn it off.
      rejectUnauthorized: tlsVerify,
      ALPNProtocols: ['http/1.1'],
      minVersion: 'TLSv1.2',
    });
    raw.removeListener('error', this.#onError).removeListener('close', this.#onClose).on('error', ignore);
    this.#socket = socket;
    socket.once('error', this.#onError).once('close', this.#onClose);
    socket.once('secureConnect', () => {
      if (!this.#over) this.#hand(socket);
    });
  }

  #hand(socket: Socket): void {
    this.#over = true;
    socket.removeListener('error', this.#onError).removeListener('close', this.#onClose);
    this.#events.connected(socket);
  }

  readonly #onError = (error: Error): void => this.#fail(error);

  readonly #onClose = (): void => this.#fail(new Error('the connection was closed before it was ready'));

  #fail(error: unknown): void {
    if (this.#over) return;
    this.#over = true;
    this.#socket?.on('error', ignore).destroy();
    this.#events.failed(error instanceof Error ? error : new Error(String(error)));
  }
}
