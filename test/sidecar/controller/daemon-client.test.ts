import { createServer, IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { httpDaemon } from '../../../sidecar/src/controller/daemon-client';

const open: Server[] = [];
afterEach(() => Promise.all(open.splice(0).map((server) => new Promise((closed) => {
  server.closeAllConnections();
  server.close(closed);
}))));

async function served(answer: (request: IncomingMessage, response: ServerResponse) => void) {
  const server = createServer(answer);
  open.push(server);
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return httpDaemon(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
}

const signal = () => AbortSignal.timeout(20_000);

test('a body goes out as JSON, and comes back with the status', async () => {
  const ask = await served(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    response.writeHead(409).end(JSON.stringify({ method: request.method, url: request.url, type: request.headers['content-type'], got: JSON.parse(body) }));
  });
  expect(await ask({ method: 'POST', path: '/init', body: { token: 'ü' }, signal: signal() })).toEqual({
    status: 409, body: { method: 'POST', url: '/init', type: 'application/json', got: { token: 'ü' } },
  });
});

test('an answer that is no JSON has no body', async () => {
  const ask = await served((_request, response) => response.end('<html>'));
  expect(await ask({ method: 'GET', path: '/init', signal: signal() })).toEqual({ status: 200, body: undefined });
});

test('a redirect is not followed', async () => {
  const ask = await served((request, response) => request.url === '/init' ? response.writeHead(302, { location: '/other' }).end('{}') : response.end('{"followed":true}'));
  expect(await ask({ method: 'GET', path: '/init', signal: signal() })).toEqual({ status: 302, body: {} });
});

test('an answer without end is given up', async () => {
  const ask = await served((_request, response) => {
    const write = (): void => {
      while (!response.destroyed && response.write('x'.repeat(1024)));
    };
    response.on('drain', write);
    write();
  });
  await expect(ask({ method: 'GET', path: '/init', signal: signal() })).rejects.toThrow('the answer is longer than 16384 bytes');
});

test('an answer that does not come ends with the signal', async () => {
  const ask = await served(() => undefined);
  const given = new AbortController();
  const asked = ask({ method: 'GET', path: '/init', signal: given.signal });
  given.abort();
  await expect(asked).rejects.toThrow('aborted');
});

test('an answer that breaks off is none', async () => {
  const ask = await served((_request, response) => {
    response.writeHead(200, { 'content-length': 100 });
    response.write('{', () => response.destroy());
  });
  await expect(ask({ method: 'GET', path: '/init', signal: signal() })).rejects.toThrow('aborted');
});

test('nobody who listens is an error', async () => {
  const ask = await served(() => undefined);
  const [server] = open.splice(0);
  await new Promise((closed) => server.close(closed));
  await expect(ask({ method: 'GET', path: '/init', signal: signal() })).rejects.toThrow('ECONNREFUSED');
});
