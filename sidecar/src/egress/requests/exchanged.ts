import type { Socket } from 'node:net';

/** Bytes that went through a WebSocket. */
export interface Exchanged {
  readonly sent: number;
  readonly received: number;
}

/** Tells what has gone through two ends, which are about to be joined, when both are closed. */
export function countExchanged(client: Socket, upstream: Socket, closed: (exchanged: Exchanged) => void): void {
  // What came along with the answer is of the new protocol.
  const before = { read: upstream.bytesRead - upstream.readableLength, written: upstream.bytesWritten };
  let open = 2;
  for (const socket of [client, upstream]) {
    socket.once('close', () => {
      open -= 1;
      if (open === 0) closed({ sent: upstream.bytesWritten - before.written, received: upstream.bytesRead - before.read });
    });
  }
}
