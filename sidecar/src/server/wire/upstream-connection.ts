import type { Socket } from 'node:net';
import { type buildConnector, Client, type Dispatcher } from 'undici';

/** Milliseconds. An idle connection is closed before most servers would. */
const IDLE_CONNECTION = 4_000;

/** Code of a connection that the server at its other end has reset. */
export const RESET = 'UPSTREAM_RESET';

export interface UpstreamOptions {
  /** `http://host:port`, or with https. */
  readonly origin: string;
  /** Makes the connection, ready for HTTP. */
  readonly dial: buildConnector.connector;
  /** Called when a request is over. */
  readonly free?: (connection: UpstreamConnection) => void;
}

/**
 * One connection to a server, for one request at a time; it dials again when it has to.
 *
 * The client of undici fails an assertion, and with it the process, when a server ends a connection whose answer waits
 * for a slow reader: so the answer goes on the moment before the client hears of the end, and what is left of it is
 * little. It also takes a reset for the end of an answer without length, of one that was given up too, and fails again:
 * so a reset has another name before the client hears of it. And it dials once more for a request that was given up.
 */
export class UpstreamConnection {
  private readonly client: Client;
  private socket: Socket | undefined;
  private waiting: Dispatcher.DispatchController | undefined;
  private over = false;
  private isAsked = false;

  constructor(private readonly options: UpstreamOptions) {
    const { origin, dial } = options;
    this.client = new Client(origin, {
      connect: (wanted, done) => {
        if (!this.isAsked) return done(new Error('nobody waits for an answer'), null);
        dial(wanted, (...dialled) => {
          if (dialled[0] === null) this.follow(dialled[1]);
          done(...dialled);
        });
      },
      keepAliveTimeout: IDLE_CONNECTION,
      keepAliveMaxTimeout: IDLE_CONNECTION,
      // A command may run, and a stream may be silent, for as long as the server lets an answer take. It has one timer for
      // all of them, where the client would keep one for each in memory, half a second longer than the request.
      headersTimeout: 0,
      bodyTimeout: 0,
    });
  }

  dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): void {
    this.isAsked = true;
    this.client.dispatch(options, handler);
  }

  /** Stops reading until `goOn`. */
  wait(controller: Dispatcher.DispatchController): void {
    if (this.over) return;
    this.waiting = controller;
    controller.pause();
  }

  goOn(): void {
    const { waiting } = this;
    this.waiting = undefined;
    if (waiting?.aborted === false) waiting.resume();
  }

  /** The request is over, whatever came of it. */
  giveBack(): void {
    this.waiting = undefined;
    this.isAsked = false;
    this.options.free?.(this);
  }

  /** Ends once the request that it serves has. */
  close(): void {
    void this.client.close();
  }

  destroy(): Promise<void> {
    return this.client.destroy();
  }

  private follow(socket: Socket): void {
    this.socket = socket;
    this.over = false;
    const ends = (): void => {
      if (this.socket !== socket) return;
      this.over = true;
      this.goOn();
    };
    socket.on('end', ends).on('close', ends);
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNRESET') error.code = RESET;
    });
  }
}
