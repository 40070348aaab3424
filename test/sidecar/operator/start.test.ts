import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { operatorProblems, startOperator } from '../../../sidecar/src/operator/start';
import { EnvironmentError, readEnvironment } from '../../../sidecar/src/server/program/config';
import { createRegistry } from '../../../sidecar/src/server/telemetry/metrics';
import { OPERATOR_ENV } from '../../../src/protocol/env';
import { eventually, tempFolder } from '../../helpers/temp-folder';
import { ApiStandIn, json } from '../kube/api-stand-in';
import { capturedLog } from '../server/frame';

type Environment = Readonly<Record<string, string | undefined>>;

const USUAL = {
  KUBECONFIG: 'config',
  BROKER_URL: 'https://broker:8443',
  BROKER_TOKEN_FILE: 'token',
  SIDECAR_IMAGE: 'registry.example/sidecar:1',
  SEED_IMAGE: 'registry.example/git:1',
  POD_NAME: 'operator-0',
  POD_NAMESPACE: 'platform',
};

/** What the program says before it ends. */
function problemsWith(env: Environment): readonly string[] {
  try {
    readEnvironment(OPERATOR_ENV, env, operatorProblems);
    return [];
  } catch (error) {
    if (error instanceof EnvironmentError) return error.problems;
    throw error;
  }
}

describe('the operator starts', () => {
  test.each<[string, Environment]>([
    ['beside a cluster', USUAL],
    ['in a cluster that it finds by itself', { ...USUAL, KUBECONFIG: undefined, KUBERNETES_SERVICE_HOST: '10.0.0.1' }],
    ['without a namespace that it serves', { ...USUAL, RUN_NAMESPACES: '' }],
    ['with namespaces and choices', { ...USUAL, RUN_NAMESPACES: 'team-a,team-b', SEED_IMAGE_PULL_POLICY: 'Never', WORKSPACE_STORAGE_CLASS: 'fast', SIDECAR_IMAGE_PINNED: 'true', RECONCILES: '64', TTL_SECONDS_AFTER_FINISHED: '0', PULL_SECRETS: 'team-a/registry' }],
  ])('%s', (_, env) => expect(problemsWith(env)).toEqual([]));
});

describe('the operator does not start', () => {
  const unset = (name: 'BROKER_TOKEN_FILE' | 'BROKER_URL' | 'SIDECAR_IMAGE' | 'SEED_IMAGE' | 'POD_NAME' | 'POD_NAMESPACE'): [string, Environment, string] => (
    [`without ${name}`, { ...USUAL, [name]: undefined }, `${name} is not set: ${OPERATOR_ENV[name].doc}`]
  );
  test.each<[string, Environment, string]>([
    ['outside a cluster without its address', { ...USUAL, KUBECONFIG: undefined }, 'the operator outside a cluster needs KUBECONFIG'],
    ...(['BROKER_URL', 'BROKER_TOKEN_FILE', 'SIDECAR_IMAGE', 'SEED_IMAGE', 'POD_NAME', 'POD_NAMESPACE'] as const).map(unset),
    ...['http://broker', 'http://127.0.0.1:8443', 'broker:8443', '//broker', 'https://', 'ftp://broker'].map((BROKER_URL): [string, Environment, string] => (
      [`with a broker at ${BROKER_URL}`, { ...USUAL, BROKER_URL }, 'BROKER_URL must be an https URL']
    )),
    ...['-1', '1.5', '2147483648'].map((TTL_SECONDS_AFTER_FINISHED): [string, Environment, string] => (
      [`with ${TTL_SECONDS_AFTER_FINISHED} seconds`, { ...USUAL, TTL_SECONDS_AFTER_FINISHED }, `TTL_SECONDS_AFTER_FINISHED is "${TTL_SECONDS_AFTER_FINISHED}"; allowed: a whole number from 0 to 2147483647`]
    )),
    ['with nobody to work', { ...USUAL, RECONCILES: '0' }, 'RECONCILES is "0"; allowed: a whole number from 1 to 64'],
    ['with more workers than there is use for', { ...USUAL, RECONCILES: '65' }, 'RECONCILES is "65"; allowed: a whole number from 1 to 64'],
  ])('%s', (_, env, problem) => expect(problemsWith(env)).toEqual([problem]));

  test('with a pull policy that Kubernetes does not know', () => {
    expect(problemsWith({ ...USUAL, SEED_IMAGE_PULL_POLICY: 'Sometimes' })).toEqual([expect.stringMatching(/^SEED_IMAGE_PULL_POLICY is "Sometimes"; allowed: /)]);
  });

  test('and says everything that is wrong at once', () => {
    expect(problemsWith({ ...USUAL, KUBECONFIG: undefined, BROKER_URL: 'http://broker' })).toHaveLength(2);
  });
});

describe('an operator that has started', () => {
  const folder = tempFolder();
  let api: ApiStandIn;
  beforeEach(async () => { api = await new ApiStandIn().start(); });
  afterEach(() => api.close());

  function started() {
    const { server, ca } = api.connection();
    const file = join(folder, 'config');
    writeFileSync(file, JSON.stringify({
      'current-context': 'here',
      'contexts': [{ name: 'here', context: { cluster: 'c', user: 'u' } }],
      'clusters': [{ name: 'c', cluster: { 'server': server.href, 'certificate-authority-data': ca!.content().toString('base64') } }],
      'users': [{ name: 'u', user: { token: 'planted-api-token' } }],
    }));
    const captured = capturedLog();
    const config = readEnvironment(OPERATOR_ENV, { ...USUAL, KUBECONFIG: file, RUN_NAMESPACES: 'team-a' });
    return { captured, role: startOperator({ config, log: captured.log, registry: createRegistry('operator') }) };
  }

  test('is not ready until it has read what is of no namespace, listens nowhere, and asks for its own namespaces and lease alone', async () => {
    const { role, captured } = started();
    const { servers, unready, close } = await role;
    expect(servers).toEqual([]);
    expect(unready!()).toMatch(/^not read yet: /);
    await eventually(() => api.arrived.length >= 9);
    await close!();
    for (const { method, url } of api.arrived) {
      expect(method).toBe('GET');
      expect(url).toMatch(/\/namespaces\/(team-a\/|platform\/leases\/)|\/clusterharnesstemplates\?/);
    }
    expect(captured.text()).not.toContain('planted');
  });

  test('is ready, and leads nothing while another holds the lease', async () => {
    const lease = { metadata: { name: 'operator', namespace: 'platform', resourceVersion: '1' }, spec: { holderIdentity: 'other', leaseDurationSeconds: 15, renewTime: '2030-01-01T00:00:00.000000Z' } };
    api.answer = (response, { url }) => {
      if (url.includes('/leases/')) return json(response, 200, lease);
      if (url.includes('watch=true')) return void response.writeHead(200, { 'content-type': 'application/json' }).flushHeaders();
      json(response, 200, { metadata: { resourceVersion: '5' }, items: [] });
    };
    const { unready, close } = await started().role;
    await eventually(() => unready!() === undefined);
    await close!();
    expect(api.arrived.filter(({ method }) => method !== 'GET')).toEqual([]);
  });

  test('ends though its API server does not answer', async () => {
    api.answer = () => undefined;
    const { close } = await started().role;
    await expect(close!()).resolves.toBeUndefined();
  });
});
