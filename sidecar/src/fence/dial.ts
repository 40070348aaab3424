import { connect } from 'node:net';
import { unreachables } from './unreachables';
import { whenSilent } from '../server/time/timers';

/** What became of one attempt to connect. */
export interface Dialed {
  /** `answers`: connected. `stopped`: something on the way does not let the packets through. `failed`: anything else, a reset of the other end first of all. */
  readonly kind: 'answers' | 'stopped' | 'failed';
  /** How that shows, in words. */
  readonly because: string;
}

/** Tries once to connect. */
export type Dial = (host: string, port: number) => Promise<Dialed>;

/** Milliseconds until silence counts as an answer: a second SYN is sent after one. https://www.rfc-editor.org/rfc/rfc6298#section-2 */
const PATIENCE = 1500;

/**
 * What a filter on the way makes of a connection, here or by ICMP, "administratively prohibited" included. The same host
 * answers at another port, so no route is missing. https://www.rfc-editor.org/rfc/rfc1812#section-5.2.7.1
 */
const STOPPED = new Set(['ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH', 'EHOSTDOWN', 'EACCES', 'EPERM']);

const REFUSED = 'the other end refuses, so packets get there';

/**
 * Dials over the network of the pod. Plugins that reject instead of dropping answer with an ICMP message that the socket
 * shows as ECONNREFUSED, as it does a reset of the other end; the kernel counts only the former.
 */
export function networkDial(patience = PATIENCE, unreachablesNow = unreachables): Dial {
  return async (host, port) => {
    const before = unreachablesNow();
    const dialed = await dialOnce(host, port, patience);
    const isRejected = dialed.because === REFUSED && unreachablesNow() > before;
    return isRejected ? { kind: 'stopped', because: 'rejected by ICMP' } : dialed;
  };
}

function dialOnce(host: string, port: number, patience: number): Promise<Dialed> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const finish = (kind: Dialed['kind'], because: string): void => {
      giveUp();
      socket.destroy();
      resolve({ kind, because });
    };
    const giveUp = whenSilent(patience, () => finish('stopped', `no answer within ${patience / 1000} s`));
    socket.on('connect', () => finish('answers', 'it accepts connections'));
    socket.on('error', ({ code = '', message }: NodeJS.ErrnoException) => {
      if (code === 'ECONNREFUSED') finish('failed', REFUSED);
      else finish(STOPPED.has(code) ? 'stopped' : 'failed', code === '' ? message : code);
    });
  });
}
