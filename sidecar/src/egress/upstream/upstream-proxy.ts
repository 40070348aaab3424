import { isIP, isIPv6, connect, type Socket } from 'node:net';
import { established, type WayOut } from './dial';
import { DIAL_TIMEOUT } from '../../../../src/protocol/egress-api';
import { readText } from '../../server/files/read-file';
import type { After } from '../../server/time/timers';
import type { Resolver } from '../destinations/resolver';
import { refuse } from '../refusals/refuse';

export interface ProxyOptions {
  /** `http://host:port`. */
  readonly url: string;
  /** File with `user:password`, read for each connection. @default - none are sent */
  readonly credentialsFile?: string;
  /** For hosts that are addresses; names are resolved by the proxy. */
  readonly resolver: Pick<Resolver, 'resolve'>;
  readonly after: After;
}

const MAX_CREDENTIALS = 4 * 1024;
/** Longest answer to CONNECT. */
const MAX_ANSWER = 16 * 1024;
const END_OF_HEADERS = '\r\n\r\n';

/**
 * Connects through another proxy by CONNECT, which resolves the names. Throws a RangeError for a URL that names no such proxy.
 * https://www.rfc-editor.org/rfc/rfc9110#section-9.3.6
 */
export function proxyWay({ url, credentialsFile, resolver, after }: ProxyOptions): WayOut {
  const proxy = addressIn(url);
  const check = async (host: string): Promise<void> => {
    if (isIP(host) !== 0) await resolver.resolve(host);
  };
  return {
    check,
    dial: async (host, port) => {
      await check(host);
      const credentials = await credentialsIn(credentialsFile);
      const socket = await established(connect(proxy), 'the upstream proxy', after);
      socket.write(requestFor(host, port, credentials), 'latin1');
      await accepted(socket, after);
      return socket;
    },
  };
}

function addressIn(url: string): { readonly host: string; readonly port: number } {
  const { protocol, hostname, port, username, password, pathname, search, hash } = new URL(url);
  // The URL is in manifests, where no password may be.
  if (protocol !== 'http:' || username !== '' || password !== '' || pathname !== '/' || search !== '' || hash !== '') {
    throw new RangeError('the upstream proxy must be http://host:port, without user and path');
  }
  return { host: hostname.replace(/^\[|\]$/g, ''), port: port === '' ? 80 : Number(port) };
}

async function credentialsIn(file: string | undefined): Promise<string | undefined> {
  if (file === undefined) return undefined;
  try {
    return (await readText(file, MAX_CREDENTIALS)).trim();
  } catch (cause) {
    throw refuse('UPSTREAM_FAILED', 'the credentials for the upstream proxy cannot be read', { cause });
  }
}

function requestFor(host: string, port: number, credentials: string | undefined): string {
  const target = `${isIPv6(host) ? `[${host}]` : host}:${port}`;
  const authorization = credentials === undefined ? '' : `Proxy-Authorization: Basic ${Buffer.from(credentials).toString('base64')}\r\n`;
  return `CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n${authorization}\r\n`;
}

/** Resolves when the proxy has answered with 2xx; what comes behind its headers is left in the socket. */
function accepted(socket: Socket, after: After): Promise<void> {
  return new Promise((resolve, reject) => {
    let answer = Buffer.alloc(0);
    const settle = (problem?: Error): void => {
      cancel();
      socket.off('readable', read).off('end', ended).off('close', ended);
      if (problem === undefined) return resolve();
      socket.destroy();
      reject(problem);
    };
    const ended = (): void => settle(refuse('UPSTREAM_FAILED', 'the upstream proxy has ended the connection'));
    const read = (): void => {
      for (let chunk: Buffer | null = socket.read(); chunk !== null; chunk = socket.read()) {
        answer = Buffer.concat([answer, chunk]);
        const end = answer.indexOf(END_OF_HEADERS);
        if (end < 0 && answer.length <= MAX_ANSWER) continue;
        const problem = end < 0 || end > MAX_ANSWER ? 'its answer is too long' : problemIn(answer.toString('latin1', 0, end));
        if (problem !== undefined) return settle(refuse('UPSTREAM_FAILED', `the upstream proxy does not connect: ${problem}`));
        const rest = answer.subarray(end + END_OF_HEADERS.length);
        settle();
        if (rest.length > 0) socket.unshift(rest);
        return;
      }
    };
    const cancel = after(DIAL_TIMEOUT, () => settle(refuse('UPSTREAM_TIMEOUT', 'the upstream proxy has not answered in time')));
    socket.on('readable', read).once('end', ended).once('close', ended);
  });
}

function problemIn(head: string): string | undefined {
  const [, status] = /^HTTP\/1\.[01] (\d{3})(?: |\r\n|$)/.exec(head) ?? [];
  if (status === undefined) return 'its answer is no HTTP';
  return status.startsWith('2') ? undefined : `it answered ${status}`;
}
