import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { refusalAnswer } from './refusal-answer';
import type { ApiError } from '../../server/http/errors';
import type { After } from '../../server/time/timers';

/** Milliseconds for a client to take its refusal. */
const LINGER = 2_000;

/** Answers on a bare socket and ends it. */
export function refuseAndEnd(socket: Socket, refusal: ApiError, after: After): void {
  if (socket.destroyed) return;
  const cancel = after(LINGER, () => socket.destroy());
  socket.once('close', cancel).once('end', () => socket.destroySoon());
  socket.end(rawRefusal(refusal, 'close'));
  // Closed with bytes that nobody has read, a connection is reset, and the answer lost with it.
  socket.resume();
}

/** Answers on a bare socket that its client may go on with. `done` is called once the answer has left; a client that does not take it is gone. */
export function refuseAndGoOn(socket: Socket, refusal: ApiError, after: After, done: () => void): void {
  const cancel = after(LINGER, () => socket.destroy());
  socket.write(rawRefusal(refusal, 'keep-alive'), () => {
    cancel();
    if (!socket.destroyed) done();
  });
}

function rawRefusal(refusal: ApiError, connection: 'close' | 'keep-alive'): Buffer {
  const { status, headers, body } = refusalAnswer(refusal);
  const lines = Object.entries({ ...headers, connection }).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.concat([Buffer.from(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('')}\r\n`, 'latin1'), body]);
}
