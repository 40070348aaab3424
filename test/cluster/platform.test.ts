import { eventually } from './api-server';
import { apply, kubectl, must } from './cli';
import { everything } from '../helpers/everything';

const objects = everything('a');
const BROKER = 'system:serviceaccount:agent-platform:broker';

beforeAll(() => apply(objects), 60_000);

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

test('applying does not take the keys away that the broker filled in', () => {
  must(['patch', 'secret', 'broker-keyring', '-n', 'agent-platform', '--field-manager=broker', '--type=merge', '-p', '{"stringData":{"active":"k1"}}']);
  apply(objects);
  expect(must(['get', 'secret', 'broker-keyring', '-n', 'agent-platform', '-o', 'jsonpath={.data.active}'])).toBe(Buffer.from('k1').toString('base64'));
});

test('the API server finds nothing to warn about in the admission policies', async () => {
  const warned = async () => kubectl(['get', 'validatingadmissionpolicies', '-o', 'json', '-l', 'cdk8s-agent-platform/platform=agent-platform']);
  const policies = (text: string) => JSON.parse(text).items as any[];
  const { stdout } = await eventually(warned, (answer) => policies(answer.stdout).every(({ status }) => status?.typeChecking !== undefined));
  for (const { metadata, status } of policies(stdout)) expect([metadata.name, status.typeChecking]).toEqual([metadata.name, {}]);
});

describe('the broker', () => {
  const may = (verb: string, resource: string, namespace: string) => kubectl(['auth', 'can-i', verb, resource, '-n', namespace, '--as', BROKER]).stdout.trim();

  test.each([
    ['get', 'secrets/model-key', 'team-a'],
    ['update', 'secrets/broker-keyring', 'agent-platform'],
    ['list', 'harnessruns.paddock.dev', 'team-a'],
    ['create', 'auditevents.paddock.dev', 'team-a'],
  ])('may %s %s in %s', (verb, resource, namespace) => {
    expect(may(verb, resource, namespace)).toBe('yes');
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
  ])('may not %s %s in %s', (verb, resource, namespace) => {
    expect(may(verb, resource, namespace)).toBe('no');
  });
});

test('workers may do nothing in the API', () => {
  const { stdout } = kubectl(['auth', 'can-i', 'get', 'pods', '-n', 'team-a', '--as', 'system:serviceaccount:team-a:worker-python']);
  expect(stdout.trim()).toBe('no');
});
