import { KubeError } from '../../../../../sidecar/src/kube/kube-error';
import { wayOutStep } from '../../../../../sidecar/src/operator/runs/steps/way-out-step';
import { wayOutEnvironment } from '../../../../../src/protocol/way-out-env';
import { FakeClient, FakeWork, forbidden, PLANTED } from '../fake-run';

const TOKEN = `pdk-egress-${PLANTED}`;

async function step(answer: unknown) {
  const work = new FakeWork();
  const client = new FakeClient(() => answer);
  return { work, client, outcome: await wayOutStep({ client: client.asClient() }, work, TOKEN) };
}

const NOT_FOUND = new KubeError('NotFound', 'GET /api/v1/namespaces/team/configmaps/agent-trust: 404 NotFound');

function published(data: unknown) {
  return { metadata: { name: 'agent-trust' }, data };
}

describe('the way out of a run', () => {
  test('is the address that the egress proxy has published in the namespace, with name and token of the run', async () => {
    const { client, outcome } = await step(published({ 'proxy-url': 'http://10.96.0.9:15001', 'ca-bundle.pem': 'x' }));
    expect(outcome).toEqual({ kind: 'done', value: wayOutEnvironment('http://10.96.0.9:15001', 'fix-it', TOKEN) });
    expect((outcome as any).value.HTTPS_PROXY).toBe(`http://fix-it:${TOKEN}@10.96.0.9:15001`);
    expect(client.calls).toEqual([['get', 'configmaps', 'agent-trust']]);
  });

  test('is told without the token', async () => {
    const { work } = await step(published({ 'proxy-url': 'http://[fd00::9]:15001' }));
    expect(work.conditions).toEqual({ EgressConfigured: { reason: 'Cooperative', message: 'the way out is http://[fd00::9]:15001' } });
    expect(work.told()).not.toContain(PLANTED);
  });
});

describe('without a way out', () => {
  test.each<[string, unknown]>([
    ['no data', published(undefined)],
    ['no address', published({ 'ca-bundle.pem': 'x' })],
    ['an empty address', published({ 'proxy-url': '' })],
    ['an address that is none', published({ 'proxy-url': 'egress:15001' })],
    ['an address that is no text', published({ 'proxy-url': 7 })],
    ['an address of another protocol', published({ 'proxy-url': 'file:///etc/passwd' })],
  ])('as there is %s, the run waits', async (_case, answer) => {
    const { work, outcome } = await step(answer);
    const message = "ConfigMap 'agent-trust' in namespace 'team' has no address under 'proxy-url' yet: the egress proxy publishes it when it is up";
    expect(outcome).toEqual({ kind: 'wait', reason: 'ProxyNotConfigured', message, againAfter: 5000 });
    expect(work.conditions).toEqual({ EgressConfigured: { reason: 'ProxyNotConfigured', message } });
  });

  test('as nobody has made the ConfigMap, the run waits and says where it comes from', async () => {
    const { outcome } = await step(NOT_FOUND);
    expect(outcome).toMatchObject({ kind: 'wait', reason: 'ProxyNotConfigured', message: "namespace 'team' has no ConfigMap 'agent-trust': it is made with the namespace" });
  });

  test.each([forbidden('no'), new KubeError('Unavailable', 'GET /x: no answer')])('an API server that does not say is asked again later: %s', async (error) => {
    await expect(step(error)).rejects.toBe(error);
  });
});
