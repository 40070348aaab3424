import { once } from 'node:events';
import type { Server } from 'node:net';
import { ClientSockets } from './client-sockets';
import { MAX_EGRESS_SOCKETS, MAX_SOCKETS_PER_ADDRESS } from '../../../../src/protocol/egress-api';
import type { ListeningServer } from '../../server/program/role';
import type { After } from '../../server/time/timers';

/** Milliseconds for answers that are on their way when the proxy stops. Tunnels have no end of their own. */
const LAST_ANSWERS = 10_000;

const BOUNDS = { perAddress: MAX_SOCKETS_PER_ADDRESS, altogether: MAX_EGRESS_SOCKETS };

export interface ProxyListenerOptions {
  readonly after: After;
  /** Told when the proxy begins to stop. */
  readonly drain?: () => void;
  /** Ends what has no end of its own. */
  readonly end?: () => void;
}

/** A listener of the proxy, as the frame starts and stops it. */
export class ProxyListener implements ListeningServer {
  private readonly sockets: ClientSockets;

  constructor(readonly server: Server & { closeIdleConnections?(): void }, private readonly options: ProxyListenerOptions) {
    this.sockets = new ClientSockets(server, BOUNDS);
  }

  async listen(where: { readonly host: string; readonly port: number }): Promise<void> {
    // An error before that rejects: https://nodejs.org/api/events.html#eventsonceemitter-name-options
    const listening = once(this.server, 'listening');
    this.server.listen(where);
    await listening;
  }

  drain(): void {
    this.options.drain?.();
  }

  async close(): Promise<void> {
    if (!this.server.listening) return;
    const closed = once(this.server, 'close');
    this.server.close();
    this.options.end?.();
    const cancel = this.options.after(LAST_ANSWERS, () => this.sockets.destroy());
    await closed;
    cancel();
  }
}
