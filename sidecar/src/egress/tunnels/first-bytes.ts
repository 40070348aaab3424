import type { Socket } from 'node:net';
import { HELLO_TIMEOUT, type TunnelEnd } from '../../../../src/protocol/egress-api';
import type { After } from '../../server/time/timers';
import { ClientHelloReader, type HelloState } from '../hello/client-hello';
import type { Hello } from '../hello/hello-message';
import type { Target } from '../targets/target';

/** What a client began with: its hello, which is in the socket still, or why there is none. */
export type FirstBytes = Hello | { readonly state: 'none'; readonly end: TunnelEnd };

/** Waits for the ClientHello. */
export function firstBytes(socket: Socket, after: After): Promise<FirstBytes> {
  return new Promise((resolve) => {
    const reader = new ClientHelloReader();
    const chunks: Buffer[] = [];
    const settle = (found: FirstBytes): void => {
      cancel();
      socket.off('readable', read).off('end', ended).off('close', ended);
      resolve(found);
    };
    const read = (): void => {
      for (let chunk: Buffer | null = socket.read(); chunk !== null; chunk = socket.read()) {
        chunks.push(chunk);
        const state: HelloState = reader.push(chunk);
        if (state.state === 'need-more') continue;
        if (state.state === 'refused') return settle({ state: 'none', end: 'HELLO_REFUSED' });
        settle(state);
        return socket.unshift(Buffer.concat(chunks));
      }
    };
    const ended = (): void => settle({ state: 'none', end: 'CLOSED' });
    const cancel = after(HELLO_TIMEOUT, () => settle({ state: 'none', end: 'HELLO_TIMEOUT' }));
    socket.on('readable', read).once('end', ended).once('close', ended);
    // What is there already has been told to whoever listened before.
    read();
  });
}

/** Why a hello may not pass; undefined when it may. A hidden hello may ask for another host than the one that can be read. */
export function helloProblem({ serverName, hasEch }: Hello, { host, kind }: Target, isBlind: boolean): TunnelEnd | undefined {
  if (serverName !== (kind === 'name' ? host : undefined)) return 'SERVER_NAME_MISMATCH';
  return isBlind && hasEch ? 'HELLO_REFUSED' : undefined;
}
