import { Agent as HttpsAgent, get, RequestOptions } from 'node:https';
import { connect as connectTls } from 'node:tls';
import { CREDENTIALS, HOSTS } from '../world/catalog';
import { egressWorld } from '../world/world';

const world = egressWorld();

/** What many libraries do by hand: an agent whose connections are tunnels. */
class TunnelAgent extends HttpsAgent {
  override createConnection(options: RequestOptions, done: (error: Error | null, socket?: any) => void): undefined {
    const { host, port } = options;
    world.one.connect(`${host}:${port ?? 443}`).then(({ wire, answer }) => {
      if (answer.status !== 200) done(new Error(`the proxy answered ${answer.status}`));
      else done(null, connectTls({ socket: wire.release(), servername: String(host), ca: world.place.bundle }));
    }, done);
    return undefined;
  }
}

function ask(url: string, options: RequestOptions): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    get(url, options, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (chunk) => { text += chunk; }).on('end', () => resolve({ status: answer.statusCode!, text })).on('error', reject);
    }).on('error', reject);
  });
}

test('one request after the other over a kept tunnel', async () => {
  const agent = new TunnelAgent({ keepAlive: true, maxSockets: 1 });
  const headers = { authorization: `Bearer ${world.one.bearers.api}` };
  for (let count = 0; count < 3; count += 1) expect(await ask(`https://${HOSTS.api}/${count}`, { agent, headers })).toEqual({ status: 200, text: 'hello from the upstream' });
  agent.destroy();
  expect(world.upstreams.dialled).toHaveLength(1);
  expect(world.upstreams.text.match(new RegExp(CREDENTIALS.api, 'g'))).toHaveLength(3);
});

test('a blind tunnel shows the certificate of its host', async () => {
  const agent = new TunnelAgent();
  expect(await ask(`https://${HOSTS.files}/`, { agent })).toEqual({ status: 200, text: 'hello from the upstream' });
  agent.destroy();
});

test('a host that nobody granted is an error, and nobody is asked for its address', async () => {
  const agent = new TunnelAgent();
  await expect(ask(`https://${HOSTS.foreign}/`, { agent })).rejects.toThrow('the proxy answered 403');
  agent.destroy();
  world.expectUntouched();
});

test('a client that trusts only the public authorities does not trust the proxy', async () => {
  await expect(world.one.tunnel(HOSTS.api, 443, { ca: undefined })).rejects.toThrow(/issuer certificate|self-signed certificate|unable to verify/);
});
