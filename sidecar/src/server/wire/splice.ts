import type { Socket } from 'node:net';

/** Milliseconds for the second half of a connection after its first has ended, and for what is still to be taken of one. */
const HALF_OPEN = 30_000;

/** Milliseconds until a silent connection is asked whether somebody is still there. */
const KEEP_ALIVE = 60_000;

/** Passes bytes on both ways, as they are, until both sides have ended. */
export function splice(client: Socket, upstream: Socket): void {
  // What one side has ended the other may still answer.
  upstream.allowHalfOpen = true;
  client.pipe(upstream).pipe(client);
  for (const [one, other] of [[client, upstream], [upstream, client]]) {
    one.setNoDelay(true).setKeepAlive(true, KEEP_ALIVE).setTimeout(0);
    one.on('error', () => one.destroy());
    // What has come goes on, but nobody who does not take it keeps a connection for ever.
    one.once('close', () => other.setTimeout(HALF_OPEN).destroySoon());
    one.once('timeout', () => one.destroy());
    one.once('end', () => other.setTimeout(HALF_OPEN));
  }
}
