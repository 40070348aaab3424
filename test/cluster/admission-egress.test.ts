import { Answer, ApiServer, eventually } from './api-server';
import { apply } from './cli';
import { everything } from '../helpers/everything';

const TRUST = '/api/v1/namespaces/team-a/configmaps/agent-trust';
const OWN = '/api/v1/namespaces/agent-platform';

const egress = new ApiServer('system:serviceaccount:agent-platform:egress');
const controller = new ApiServer('system:serviceaccount:agent-platform:controller');
afterAll(() => [egress, controller].forEach((server) => server.close()));

/** Reads and replaces, as the proxy does. */
async function write(change: object, ofMetadata: object = {}, server = egress): Promise<Answer> {
  const { body } = await server.call('GET', TRUST);
  return server.call('PUT', `${TRUST}?dryRun=All`, { ...body, ...change, metadata: { ...body.metadata, ...ofMetadata } });
}

beforeAll(async () => {
  apply(everything('a'));
  for (const own of ['secrets/egress-ca', 'services/egress']) await eventually(async () => egress.call('GET', `${OWN}/${own}`), ({ status }) => status === 200);
  await eventually(async () => write({ data: { other: 'x' } }), ({ body }) => body.message?.includes('only the entries') === true);
  await eventually(async () => write({ data: { other: 'x' } }, {}, controller), ({ body }) => body.message?.includes('only the entry') === true);
}, 180_000);

const ENTRIES = { 'proxy-url': 'http://10.96.0.200:15001', 'ca-bundle.pem': 'x' };
const refused = (message: RegExp) => ({ status: 403, body: { message: expect.stringMatching(message) } });

describe('of what agents trust, the egress proxy', () => {
  test('may write its own entries', async () => {
    expect(await write({ data: ENTRIES })).toMatchObject({ status: 200, body: { data: ENTRIES } });
  });

  test.each<[string, object, RegExp]>([
    ['the keys that sign init tokens', { data: { ...ENTRIES, 'bootstrap-jwks.json': '{"keys":[]}' } }, /only the entries proxy-url and ca-bundle.pem/],
    ['an entry of nobody', { data: { ...ENTRIES, x: 'y' } }, /only the entries/],
    ['an entry of bytes', { binaryData: { 'bootstrap-jwks.json': 'eA==' } }, /nothing beside the entries/],
    ['the end of all changes', { immutable: true }, /nothing beside the entries/],
  ])('may not write %s', async (_what, change, message) => {
    expect(await write(change)).toMatchObject(refused(message));
  });

  test.each<[string, object]>([
    ['a label', { labels: {} }],
    ['an owner', { ownerReferences: [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'x', uid: 'x' }] }],
  ])('may not change %s', async (_what, change) => {
    expect(await write({}, change)).toMatchObject(refused(/nothing beside the entries/));
  });

  test('may neither patch nor delete it, nor look at others', async () => {
    expect(await egress.call('PATCH', `${TRUST}?dryRun=All`, { data: ENTRIES }, 'application/merge-patch+json')).toMatchObject({ status: 403 });
    expect(await egress.call('DELETE', `${TRUST}?dryRun=All`)).toMatchObject({ status: 403 });
    expect(await egress.call('GET', '/api/v1/namespaces/team-a/configmaps')).toMatchObject({ status: 403 });
  });

  test('leaves its entries alone to the controller, which may not write them', async () => {
    expect(await write({ data: ENTRIES }, {}, controller)).toMatchObject(refused(/only the entry bootstrap-jwks.json/));
  });
});

test.each([
  ['its Secret', 'GET', `${OWN}/secrets/egress-ca`, 200],
  ['its Service', 'GET', `${OWN}/services/egress`, 200],
  ['the key of the broker', 'GET', `${OWN}/secrets/broker-keyring`, 403],
  ['the other Secrets', 'GET', `${OWN}/secrets`, 403],
  ['credentials of a namespace of agents', 'GET', '/api/v1/namespaces/team-a/secrets/model-key', 403],
  ['the Service of the broker', 'GET', `${OWN}/services/broker`, 403],
  ['pods of a namespace of agents', 'GET', '/api/v1/namespaces/team-a/pods', 403],
])('asked for %s, the API server gives the proxy what is its own alone', async (_what, method, path, status) => {
  expect(await egress.call(method, path)).toMatchObject({ status });
});
