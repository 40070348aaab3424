import { createSocket } from 'node:dgram';
import { connect, isIPv6 } from 'node:net';
import type { ProbeReply, ProbeRequest } from '../../../src/protocol/probe';
import { whenSilent } from '../server/time/timers';

/** What became of one attempt. Where `open` is missing, the attempt failed on this side and says nothing about the network. */
export interface Dialed {
  readonly open?: boolean;
  /** How that shows, in words. */
  readonly because: string;
  /** What a listener of the probe said. */
  readonly reply?: ProbeReply;
}

/** Where an attempt goes. */
export interface Destination {
  readonly at: string;
  readonly port: number;
  readonly protocol: 'TCP' | 'UDP';
}

/** Tries once to connect. With a request it says that, and waits for the line that comes back. */
export type Dial = (destination: Destination, request?: ProbeRequest) => Promise<Dialed>;

/** Milliseconds until silence counts as an answer. */
const PATIENCE = 2000;

/** An attempt takes at most this many times the patience: whoever drips is never silent. */
const ROUNDS = 5;

/** Most that a listener says: the result of a pod. */
const LONGEST_REPLY = 1024 * 1024;

/** What a network does to a connection that it does not want. Any other error is a fault of this pod. */
const CLOSED = new Set(['ECONNREFUSED', 'ECONNRESET', 'EHOSTUNREACH', 'ENETUNREACH', 'EHOSTDOWN', 'ETIMEDOUT', 'EACCES', 'EPERM']);

/** Dials over the network of the pod. */
export function networkDial(patience = PATIENCE): Dial {
  return (destination, request) => (destination.protocol === 'TCP' ? dialTcp(destination, request, patience) : askDns(destination, patience));
}

function dialTcp({ at, port }: Destination, request: ProbeRequest | undefined, patience: number): Promise<Dialed> {
  return new Promise((resolve) => {
    let connected = false;
    let text = '';
    const socket = connect({ host: at, port });
    const finish = (dialed: Dialed): void => {
      giveUp();
      endRounds();
      socket.destroy();
      resolve(dialed);
    };
    const silent = (): void => finish(connected ? SILENT : noAnswer(patience));
    let giveUp = whenSilent(patience, silent);
    const endRounds = whenSilent(ROUNDS * patience, silent);
    const heard = (): void => {
      giveUp();
      giveUp = whenSilent(patience, silent);
    };
    socket.setEncoding('utf8');
    socket.on('connect', () => {
      heard();
      connected = true;
      if (request === undefined) return finish({ open: true, because: 'it accepts connections' });
      socket.write(`${JSON.stringify(request)}\n`);
    });
    socket.on('data', (part) => {
      heard();
      text += part;
      if (text.includes('\n') || text.length > LONGEST_REPLY) finish(answered(text));
    });
    socket.on('close', () => finish(connected ? SILENT : { open: false, because: 'closed' }));
    socket.on('error', (error: NodeJS.ErrnoException) => finish(connected ? SILENT : failed(error)));
  });
}

const SILENT: Dialed = { open: true, because: 'it accepts connections, and nobody answers' };

function answered(text: string): Dialed {
  const reply = replyOf(text.slice(0, text.indexOf('\n')));
  return reply === undefined ? { open: true, because: 'something answers that is not of the probe' } : { open: true, because: `${reply.as} answers`, reply };
}

function replyOf(line: string): ProbeReply | undefined {
  try {
    const value = JSON.parse(line) as Partial<ProbeReply> | null;
    return typeof value?.as === 'string' && typeof value.seen === 'string' ? value as ProbeReply : undefined;
  } catch {
    return undefined;
  }
}

/** Any answer to a question will do, also that there is no such name. */
function askDns({ at, port }: Destination, patience: number): Promise<Dialed> {
  return new Promise((resolve) => {
    const socket = createSocket(isIPv6(at) ? 'udp6' : 'udp4');
    const giveUp = whenSilent(patience, () => finish(noAnswer(patience)));
    const finish = (dialed: Dialed): void => {
      giveUp();
      socket.removeAllListeners('error').on('error', () => {}).close();
      resolve(dialed);
    };
    socket.once('error', (error: NodeJS.ErrnoException) => finish(failed(error)));
    socket.once('message', () => finish({ open: true, because: 'it answers' }));
    // Only a connected socket hears that a port is closed.
    socket.connect(port, at, () => socket.send(QUESTION));
  });
}

/** One question for the address of `kubernetes.default.svc`: https://www.rfc-editor.org/rfc/rfc1035#section-4.1 */
const QUESTION = Buffer.concat([
  Buffer.from([0x5a, 0x17, 0x01, 0x00, 0, 1, 0, 0, 0, 0, 0, 0]),
  ...['kubernetes', 'default', 'svc'].map((label) => Buffer.from([label.length, ...Buffer.from(label)])),
  Buffer.from([0, 0, 1, 0, 1]),
]);

function noAnswer(patience: number): Dialed {
  return { open: false, because: `no answer within ${patience / 1000} s` };
}

function failed({ code, message }: NodeJS.ErrnoException): Dialed {
  return code !== undefined && CLOSED.has(code) ? { open: false, because: code } : { because: code ?? message };
}
