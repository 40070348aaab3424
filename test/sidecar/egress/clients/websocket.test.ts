import { once } from 'node:events';
import { IncomingMessage } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { connect as connectTls } from 'node:tls';
import WebSocket, { WebSocketServer } from 'ws';
import { eventually } from '../../../helpers/temp-folder';
import { CREDENTIALS, HOSTS } from '../world/catalog';
import { egressWorld } from '../world/world';

const world = egressWorld();

/** Sends every message back, behind what it knows of the handshake. */
function echo(): void {
  const server = new WebSocketServer({ noServer: true });
  world.upstreams.upgrade = (request, socket, head) => server.handleUpgrade(request, socket, head, (client) => {
    client.on('message', (data, isBinary) => client.send(data, { binary: isBinary }));
    client.on('error', () => undefined);
  });
}

/** With an agent whose connections are tunnels, as libraries have it. */
function dialled(host: string, headers: Record<string, string>, protocol?: string): WebSocket {
  const agent = new (class extends HttpsAgent {
    override createConnection(_options: object, done: (error: Error | null, socket?: any) => void): undefined {
      world.one.connect(`${host}:443`).then(({ wire, answer }) => {
        if (answer.status !== 200) done(new Error(`the proxy answered ${answer.status}`));
        else done(null, connectTls({ socket: wire.release(), servername: host, ca: world.place.bundle }));
      }, done);
      return undefined;
    }
  })();
  return new WebSocket(`wss://${host}/live`, protocol, { agent, headers });
}

const authorization = () => ({ authorization: `Bearer ${world.one.bearers.api}` });

test.each([['intercepted, with the credential', HOSTS.api], ['through a blind tunnel', HOSTS.files]])('messages go both ways %s', async (_, host) => {
  echo();
  const client = dialled(host, host === HOSTS.api ? authorization() : {}, 'chat');
  await once(client, 'open');
  const large = Buffer.alloc(1_000_000, 'ab');
  for (const message of ['one', large]) {
    client.send(message);
    const [data] = await once(client, 'message') as [Buffer];
    expect(data.equals(Buffer.from(message))).toBe(true);
  }
  const closed = once(client, 'close');
  client.close(4001, 'enough');
  expect(String((await closed)[0])).toBe('4001');
  if (host === HOSTS.api) expect(world.upstreams.text.toLowerCase()).toContain(`authorization: bearer ${CREDENTIALS.api}`);
});

test('by base URL', async () => {
  echo();
  const client = new WebSocket(`${world.one.baseUrl(HOSTS.api).replace('http', 'ws')}/live`, { headers: authorization() });
  await once(client, 'open');
  client.send('hello');
  expect(String((await once(client, 'message'))[0])).toBe('hello');
  client.terminate();
  expect(world.upstreams.text.toLowerCase()).toContain(`authorization: bearer ${CREDENTIALS.api}`);
});

test('an upstream that goes away takes the client along, and the other way round', async () => {
  echo();
  const first = dialled(HOSTS.api, authorization());
  await once(first, 'open');
  world.upstreams.cut();
  await once(first, 'close');
  const second = dialled(HOSTS.api, authorization());
  await once(second, 'open');
  second.terminate();
  await eventually(() => world.upstreams.open === 0);
  expect(world.upstreams.seen).toHaveLength(2);
});

describe('refused is', () => {
  const refusalOf = async (client: WebSocket): Promise<IncomingMessage> => {
    client.on('error', () => undefined);
    const [, answer] = await once(client, 'unexpected-response') as [unknown, IncomingMessage];
    answer.resume();
    return answer;
  };

  test('the surrogate of another host', async () => {
    echo();
    const answer = await refusalOf(dialled(HOSTS.api, { authorization: `Bearer ${world.one.bearers.hub}` }));
    expect([answer.statusCode, answer.headers['x-agent-platform-code']]).toEqual([403, 'CREDENTIAL_REFUSED']);
    expect(world.upstreams.text).toBe('');
  });

  test('a surrogate as protocol', async () => {
    echo();
    const answer = await refusalOf(dialled(HOSTS.api, authorization(), `token-${world.one.bearers.hub.replace(/[^\w-]/g, '_')}`));
    expect(answer.statusCode).toBe(403);
    expect(world.upstreams.text).toBe('');
  });

  test('a change that the upstream does not want', async () => {
    world.upstreams.upgrade = (_request, socket) => void socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 4\r\nConnection: close\r\n\r\nnope');
    const answer = await refusalOf(dialled(HOSTS.api, authorization()));
    expect([answer.statusCode, answer.headers['x-agent-platform-code']]).toEqual([403, undefined]);
  });

  test('a change to something else than was asked for', async () => {
    world.upstreams.upgrade = (_request, socket) => void socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n');
    const answer = await refusalOf(dialled(HOSTS.api, authorization()));
    expect([answer.statusCode, answer.headers['x-agent-platform-code']]).toEqual([502, 'UPSTREAM_FAILED']);
  });
});
