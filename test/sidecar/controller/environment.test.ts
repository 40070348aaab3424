import { controllerProblems } from '../../../sidecar/src/controller/start';
import { EnvironmentError, readEnvironment } from '../../../sidecar/src/server/program/config';
import { storeProblems } from '../../../sidecar/src/store/configured-store';
import { CONTROLLER_ENV } from '../../../src/protocol/env';

type Environment = Readonly<Record<string, string | undefined>>;

const STORE = { STORE_URL: 'redis://store' };
const PROCESS = { ...STORE, PROVIDER: 'process', POOLS_FILE: 'pools.json', STATE_DIR: 'state', AUTH: 'file', CALLERS_FILE: 'callers.json' };
const PODS = {
  ...STORE,
  POOLS_FILE: 'pools.json',
  CALLERS_FILE: 'callers.json',
  KUBECONFIG: 'config',
  POD_NAME: 'controller-0',
  POD_NAMESPACE: 'platform',
  TLS_SELF_MADE: 'true',
  CONTROLLER_LISTEN: ':8443',
};

/** What the program says before it ends, as its main file puts it together. */
function problemsWith(env: Environment): readonly string[] {
  try {
    readEnvironment(CONTROLLER_ENV, env, (config) => [...controllerProblems(config), ...storeProblems(config)]);
    return [];
  } catch (error) {
    if (error instanceof EnvironmentError) return error.problems;
    throw error;
  }
}

describe('the controller starts', () => {
  test.each<[string, Environment]>([
    ['without cluster', PROCESS],
    ['as AgentCube, for everybody', { ...PROCESS, AUTH: 'none', CALLERS_FILE: undefined }],
    ['for everybody on other machines, with a certificate', { ...PROCESS, CONTROLLER_LISTEN: ':8443', TLS_DIR: 'tls' }],
    ['in a cluster that it finds by itself', { ...PODS, KUBECONFIG: undefined, KUBERNETES_SERVICE_HOST: '10.0.0.1' }],
    ['beside a cluster', PODS],
    ['with a store of its own and a broker', { ...PODS, STORE_ACCESS: 'true', STORE_URL: 'rediss://session-store', BROKER_URL: 'https://broker' }],
  ])('%s', (_, env) => expect(problemsWith(env)).toEqual([]));
});

describe('the controller does not start', () => {
  const outside = 'needs PROVIDER=pods: without API server there is nothing to share it by';
  test.each<[string, Environment, string]>([
    ['outside a cluster without its address', { ...PODS, KUBECONFIG: undefined }, 'PROVIDER=pods outside a cluster needs KUBECONFIG'],
    ['as no pod', { ...PODS, POD_NAME: undefined }, 'POD_NAME is not set: name of this replica, as holder of the lease (required with PROVIDER=pods)'],
    ['without a folder for its state', { ...PROCESS, STATE_DIR: undefined }, 'STATE_DIR is not set: folder that keeps keys and workspaces (required with PROVIDER=process)'],
    ['without pools', { ...PROCESS, POOLS_FILE: undefined }, 'POOLS_FILE is not set: JSON file with the pools, read again when it changes'],
    ['without callers', { ...PROCESS, CALLERS_FILE: undefined }, 'CALLERS_FILE must be set with AUTH=file'],
    ['without those whose tokens are reviewed', { ...PODS, CALLERS_FILE: undefined }, 'CALLERS_FILE must be set with AUTH=token-review'],
    ['with reviews but no API server', { ...PROCESS, AUTH: 'token-review' }, `AUTH=token-review ${outside}`],
    ['with a certificate of its own but no API server', { ...PROCESS, TLS_SELF_MADE: 'true' }, `TLS_SELF_MADE ${outside}`],
    ['with Secrets to fill but no API server', { ...PROCESS, STORE_ACCESS: 'true' }, `STORE_ACCESS ${outside}`],
    ['with two certificates', { ...PODS, TLS_DIR: 'tls' }, 'TLS_SELF_MADE and TLS_DIR exclude each other'],
    ['in clear text on all addresses', { ...PROCESS, CONTROLLER_LISTEN: ':8443' }, 'CONTROLLER_LISTEN is reachable from other machines, so TLS_DIR must be set'],
    ['with a broker in clear text', { ...PROCESS, BROKER_URL: 'http://broker' }, 'BROKER_URL must be an https URL'],
    ['with a broker that is no URL', { ...PROCESS, BROKER_URL: 'broker:8443' }, 'BROKER_URL must be an https URL'],
    ['with a store that no gateway sees', { ...PROCESS, STORE_URL: 'memory:' }, 'STORE_URL is memory:, which no other process sees; the role dev has controller and gateway in one'],
    ['with a wait beyond a minute', { ...PROCESS, CLAIM_SECONDS: '61' }, 'CLAIM_SECONDS is "61"; allowed: a whole number from 0 to 60'],
  ])('%s', (_, env, problem) => expect(problemsWith(env)).toEqual([problem]));

  test('and says everything that is wrong at once', () => {
    const problems = problemsWith({ ...PROCESS, TLS_SELF_MADE: 'true', BROKER_URL: 'http://broker', STORE_URL: 'memory:' });
    expect(problems).toHaveLength(3);
  });
});
