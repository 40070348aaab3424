import { connect, isIPv6, type LookupFunction, type Socket } from 'node:net';
import { DIAL_TIMEOUT } from '../../../../src/protocol/egress-api';
import type { After } from '../../server/time/timers';
import type { Resolver } from '../destinations/resolver';
import { refuse } from '../refusals/refuse';

/** How connections leave: straight to addresses, or through another proxy. */
export interface WayOut {
  /** Whether there is a way to the host. Rejects with `NAME_UNRESOLVED`, `ADDRESS_REFUSED` or `SERVER_OVERLOADED`. */
  check(host: string): Promise<void>;
  /** A connection to the host. Rejects with these, `UPSTREAM_FAILED` or `UPSTREAM_TIMEOUT`. */
  dial(host: string, port: number): Promise<Socket>;
}

export interface DirectOptions {
  readonly resolver: Pick<Resolver, 'resolve'>;
  readonly after: After;
}

/** Milliseconds that an address has before the next one is tried; the last one has all that is left. */
const NEXT_ADDRESS = 500;

/** Connects to the addresses that were checked, and to no other. */
export function directWay({ resolver, after }: DirectOptions): WayOut {
  return {
    check: async (host) => void await resolver.resolve(host),
    dial: async (host, port) => connected(host, await resolver.resolve(host), port, after),
  };
}

/** A TCP connection to one of the addresses. No text names an address. */
export function connected(host: string, addresses: readonly string[], port: number, after: After): Promise<Socket> {
  const socket = connect(addresses.length === 1 ? { host: addresses[0], port } : {
    host, port, lookup: answering(addresses), autoSelectFamily: true, autoSelectFamilyAttemptTimeout: NEXT_ADDRESS,
  });
  return established(socket, host, after);
}

/** The socket once it is connected, from then on with somebody who hears its errors. */
export function established(socket: Socket, host: string, after: After): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const cancel = after(DIAL_TIMEOUT, () => {
      socket.destroy();
      reject(refuse('UPSTREAM_TIMEOUT', `${host} has not taken the connection in time`));
    });
    socket.once('connect', () => {
      cancel();
      resolve(socket);
    });
    socket.on('error', (cause: NodeJS.ErrnoException) => {
      cancel();
      socket.destroy();
      reject(refuse('UPSTREAM_FAILED', `the connection to ${host} failed: ${cause.code}`, { cause }));
    });
  });
}

/** What Node asks in place of the resolver of the system. */
function answering(addresses: readonly string[]): LookupFunction {
  const all = addresses.map((address) => ({ address, family: isIPv6(address) ? 6 : 4 }));
  return (_host, _options, done) => done(null, all);
}
