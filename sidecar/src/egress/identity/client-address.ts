import type { Socket } from 'node:net';

const MAPPED = /^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i;

/** Where a connection comes from, in the one spelling that the broker is told; empty when it is gone already. */
export function clientAddressOf({ remoteAddress = '' }: Pick<Socket, 'remoteAddress'>): string {
  return remoteAddress.replace(MAPPED, '');
}
