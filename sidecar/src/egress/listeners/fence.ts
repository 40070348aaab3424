import { createServer, type Server } from 'node:net';

/** Answers nobody: whoever connects has got through, which is all that it tells. */
export function fenceServer(): Server {
  return createServer((socket) => {
    socket.on('error', () => undefined);
    socket.destroy();
  });
}
