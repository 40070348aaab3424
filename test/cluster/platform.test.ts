import { eventually } from './api-server';
import { apply, kubectl, must } from './cli';
import { everything } from '../helpers/everything';

const objects = everything('a');
const ACCOUNT = 'system:serviceaccount:agent-platform';

beforeAll(() => apply(objects), 120_000);

const idOf = ({ kind, metadata }: any): string => `${kind} ${metadata.namespace ?? ''} ${metadata.name}`;

/** Of the objects above; other tests may have put more into the cluster. */
function versions(): Record<string, string> {
  const ours = new Set(objects.map(idOf));
  const kinds = [...new Set(objects.map(({ kind }) => kind.toLowerCase()))].join(',');
  const list = JSON.parse(must(['get', kinds, '-A', '-o', 'json', '-l', 'cdk8s-agent-platform/platform=agent-platform']));
  const found = list.items.map((item: any): [string, string] => [idOf(item), item.metadata.generation ?? item.metadata.resourceVersion]);
  return Object.fromEntries(found.filter(([id]: [string, string]) => ours.has(id)));
}

test('every object is accepted, and is there', () => {
  expect(Object.keys(versions())).toHaveLength(objects.length);
});

test('applying the same again changes nothing', () => {
  const before = versions();
  apply(objects);
  expect(versions()).toEqual(before);
});

test.each([['broker', 'broker-keyring'], ['controller', 'session-keys']])('applying does not take the keys away that the %s filled in', (role, secret) => {
  must(['patch', 'secret', secret, '-n', 'agent-platform', `--field-manager=${role}`, '--type=merge', '-p', '{"stringData":{"active":"k1"}}']);
  apply(objects);
  expect(must(['get', 'secret', secret, '-n', 'agent-platform', '-o', 'jsonpath={.data.active}'])).toBe(Buffer.from('k1').toString('base64'));
});

test('applying does not take the Lease from its holder', () => {
  const lease = ['lease', 'controller', '-n', 'agent-platform'];
  must(['patch', ...lease, '--field-manager=controller', '--type=merge', '-p', '{"spec":{"holderIdentity":"controller-1"}}']);
  apply(objects);
  expect(must(['get', ...lease, '-o', 'jsonpath={.spec.holderIdentity}'])).toBe('controller-1');
});

test('the API server finds nothing to warn about in the admission policies', async () => {
  const warned = async () => kubectl(['get', 'validatingadmissionpolicies', '-o', 'json', '-l', 'cdk8s-agent-platform/platform=agent-platform']);
  const policies = (text: string) => JSON.parse(text).items as any[];
  const { stdout } = await eventually(warned, (answer) => policies(answer.stdout).every(({ metadata, status }) => (
    status?.typeChecking !== undefined && status.observedGeneration === metadata.generation)));
  for (const { metadata, status } of policies(stdout)) expect([metadata.name, status.typeChecking]).toEqual([metadata.name, {}]);
}, 120_000);

const SUBRESOURCES = ['eviction', 'exec', 'status', 'token'];

// Rights begin, and those of an earlier platform end, a moment after they are applied.

/** `pods/exec` is a subresource, `secrets/exec` were an object of that name; `kubectl` wants the first said apart. */
const mayAs = (role: string) => (verb: string, resource: string, namespace: string) => {
  const [kind, rest] = resource.split('/');
  const what = rest !== undefined && SUBRESOURCES.includes(rest) ? [kind, '--subresource', rest] : [resource];
  return kubectl(['auth', 'can-i', verb, ...what, '-n', namespace, '--as', `${ACCOUNT}:${role}`]).stdout.trim();
};

describe('the broker', () => {
  const may = mayAs('broker');

  test.each([
    ['get', 'secrets/model-key', 'team-a'],
    ['update', 'secrets/broker-keyring', 'agent-platform'],
    ['list', 'harnessruns.paddock.dev', 'team-a'],
    ['patch', 'harnessruns.paddock.dev/status', 'team-a'],
    ['create', 'auditevents.paddock.dev', 'team-a'],
  ])('may %s %s in %s', async (verb, resource, namespace) => {
    await eventually(async () => may(verb, resource, namespace), (said) => said === 'yes');
  });

  test.each([
    ['get', 'secrets/other', 'team-a'],
    ['list', 'secrets', 'team-a'],
    ['list', 'secrets', 'agent-platform'],
    ['get', 'secrets/model-key', 'default'],
    ['create', 'pods', 'team-a'],
    ['create', 'pods/exec', 'team-a'],
    ['delete', 'auditevents.paddock.dev', 'team-a'],
    ['patch', 'harnessruns.paddock.dev', 'team-a'],
    ['list', 'harnessruns.paddock.dev', 'default'],
    ['list', 'secrets', 'default'],
    ['watch', 'secrets', 'team-a'],
    ['patch', 'secrets/model-key', 'team-a'],
    ['get', 'secrets/broker-tls', 'team-a'],
    ['delete', 'configmaps/revoked-sessions', 'agent-platform'],
    ['get', 'auditevents.paddock.dev', 'team-a'],
    ['get', 'pods', 'team-a'],
    ['create', 'serviceaccounts/token', 'agent-platform'],
  ])('may not %s %s in %s', async (verb, resource, namespace) => {
    await eventually(async () => may(verb, resource, namespace), (said) => said === 'no');
  });
});

describe('the controller', () => {
  const may = mayAs('controller');

  test.each([
    ['watch', 'pods', 'team-a'],
    ['patch', 'pods', 'team-a'],
    ['delete', 'pods', 'team-a'],
    ['get', 'configmaps/pool-python', 'team-a'],
    ['update', 'configmaps/agent-trust', 'team-a'],
    ['update', 'secrets/session-store-access', 'agent-platform'],
    ['update', 'leases.coordination.k8s.io/controller', 'agent-platform'],
    ['create', 'tokenreviews.authentication.k8s.io', 'default'],
  ])('may %s %s in %s', async (verb, resource, namespace) => {
    await eventually(async () => may(verb, resource, namespace), (said) => said === 'yes');
  });

  test.each([
    ['create', 'pods', 'team-a'],
    ['create', 'pods/exec', 'team-a'],
    ['get', 'pods/exec', 'team-a'],
    ['create', 'pods/eviction', 'team-a'],
    ['patch', 'pods/status', 'team-a'],
    ['deletecollection', 'pods', 'team-a'],
    ['patch', 'pods', 'agent-platform'],
    ['get', 'pods', 'default'],
    ['get', 'secrets/model-key', 'team-a'],
    ['get', 'secrets/broker-keyring', 'agent-platform'],
    ['list', 'secrets', 'agent-platform'],
    ['get', 'configmaps/other', 'team-a'],
    ['delete', 'configmaps/pool-python', 'team-a'],
    ['create', 'leases.coordination.k8s.io', 'agent-platform'],
    ['patch', 'deployments.apps', 'team-a'],
    ['create', 'serviceaccounts/token', 'agent-platform'],
    ['get', 'harnessruns.paddock.dev', 'team-a'],
  ])('may not %s %s in %s', async (verb, resource, namespace) => {
    await eventually(async () => may(verb, resource, namespace), (said) => said === 'no');
  });
});

test.each(['agent-platform:gateway', 'agent-platform:session-store', 'team-a:worker-python'])('%s may do no more in the API than everybody', (account) => {
  const listed = (who: string) => must(['auth', 'can-i', '--list', '-n', 'team-a', '--as', `system:serviceaccount:${who}`]);
  expect(listed(account)).toBe(listed('default:nobody'));
});

test.each(['secrets/session-keys', 'secrets/controller-bootstrap', 'secrets/gateway-api-keys', 'configmaps/controller-ca'])('the gateway may not get %s from the API', (resource) => {
  expect(mayAs('gateway')('get', resource, 'agent-platform')).toBe('no');
});
