import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Chart, Testing } from 'cdk8s';
import { parse, stringify } from 'yaml';
import { ApiServer, eventually } from './api-server';
import { apply, must } from './cli';
import { AgentPlatform, BrokerPolicy, CredentialDelivery, CredentialGrant, HarnessRun, HarnessTemplate, RunPrompt } from '../../src';
import { BrokerProcess } from '../helpers/broker-process';
import { synth } from '../helpers/manifests';
import { API_SERVER, IMAGE } from '../helpers/platform';

export const SYSTEM = 'agent-platform';
export const TEAM = 'team-drill';
const RUNS = `/apis/paddock.dev/v1alpha1/namespaces/${TEAM}/harnessruns`;
const ACCOUNTS = `/api/v1/namespaces/${TEAM}/serviceaccounts`;
const ROOT = join(__dirname, '..', '..');

/** Stand for credentials: in answers only where the wire has them, in no line of output ever. */
export const PLANTED = { model: 'planted-model-key-5b1e', pats: ['planted-pat-a-11', 'planted-pat-b-22', 'planted-pat-c-33'], raw: 'planted-raw-value-77' };

/** A platform whose runs may use a key, a pool with fewer tokens than runs, and a value in the container. */
export function deployDrillPlatform(): void {
  const chart = new Chart(Testing.app(), 'drill');
  const namespace = new AgentPlatform(chart, 'platform', { image: IMAGE, apiServer: API_SERVER }).addNamespace(TEAM);
  new BrokerPolicy(chart, 'policy', {
    namespace,
    name: 'policy',
    appliesToTemplates: ['coder'],
    credentials: [
      CredentialGrant.anthropicApi('KEY', { secret: { name: 'drill-model', key: 'token' } }),
      CredentialGrant.patPool('PAT', { secret: { name: 'drill-pats', key: 'pool' }, hosts: ['github.com'] }),
      CredentialGrant.userSupplied('RAW', { secret: { name: 'drill-raw', key: 'value' }, delivery: CredentialDelivery.inContainer({ reason: 'the client signs with it, so no proxy can' }) }),
    ],
    egress: [{ host: 'api.anthropic.com', ports: [443] }, { host: 'github.com', ports: [443] }],
  });
  const template = new HarnessTemplate(chart, 'template', { namespace, name: 'coder', image: 'example.com/coder', command: ['/coder'], credentials: ['KEY', 'PAT', 'RAW'] });
  new HarnessRun(chart, 'run', { namespace, name: 'pattern', template, prompt: RunPrompt.inline('work') });
  apply(synth(chart));
  must(['apply', '-f', '-'], [
    secretNamed('drill-model', { token: PLANTED.model }),
    secretNamed('drill-pats', { pool: PLANTED.pats.join('\n') }),
    secretNamed('drill-raw', { value: PLANTED.raw }),
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'deputy', namespace: TEAM } },
  ]);
}

function secretNamed(name: string, stringData: Readonly<Record<string, string>>): object {
  return { apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace: TEAM }, stringData };
}

/** The bundle of the broker as images carry it. In a process of its own, as esbuild cannot run inside jest. */
export function bundleAsShipped(folder: string): string {
  const entries = { broker: join(ROOT, 'sidecar', 'src', 'broker', 'main.ts') };
  const script = `import { bundle } from ${JSON.stringify(join(ROOT, 'sidecar', 'bundle.mjs'))};
    const { problems } = await bundle({ entries: ${JSON.stringify(entries)}, outdir: ${JSON.stringify(folder)} });
    if (problems.length > 0) throw new Error(problems.join());`;
  execFileSync(process.execPath, ['--input-type=module', '-e', script]);
  return join(folder, 'broker.mjs');
}

/** Makes runs with an account each, as the operator does, and asks for tokens. */
export class DrillRuns {
  private readonly api = new ApiServer();

  async make(name: string): Promise<string> {
    const { body: { spec } } = await this.api.call('GET', `${RUNS}/pattern`);
    await this.call('POST', ACCOUNTS, { metadata: { name: `${name}-collector` } });
    await this.call('POST', RUNS, { apiVersion: 'paddock.dev/v1alpha1', kind: 'HarnessRun', metadata: { name }, spec });
    return this.token(`${name}-collector`);
  }

  async end(name: string): Promise<void> {
    await this.call('PATCH', `${RUNS}/${name}/status`, { status: { phase: 'Succeeded' } }, 'application/merge-patch+json');
  }

  async delete(name: string): Promise<void> {
    await this.call('DELETE', `${RUNS}/${name}`);
    await this.call('DELETE', `${ACCOUNTS}/${name}-collector`);
  }

  async token(account: string): Promise<string> {
    const answer = await this.call('POST', `${ACCOUNTS}/${account}/token`, { spec: { audiences: ['paddock-broker'] } });
    return String((answer.status as { token?: string }).token);
  }

  close(): void {
    this.api.close();
  }

  private async call(method: string, path: string, body?: object, type?: string): Promise<Readonly<Record<string, unknown>>> {
    const answer = await this.api.call(method, path, body, type);
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${answer.body.message}`);
    return answer.body;
  }
}

/** A kubeconfig that speaks as the broker's own ServiceAccount, to another address of the API server where one is given. */
export function brokerConfig(folder: string, server?: string): string {
  const config = parse(readFileSync(process.env.KUBECONFIG!, 'utf8'));
  const [{ context }] = config.contexts.filter(({ name }: { name: string }) => name === config['current-context']);
  config.users = [{ name: context.user, user: { token: must(['create', 'token', 'broker', '-n', SYSTEM, '--duration=2h']).trim() } }];
  for (const { cluster } of config.clusters) cluster.server = server ?? cluster.server;
  const file = join(folder, 'kubeconfig');
  writeFileSync(file, stringify(config), { mode: 0o600 });
  return file;
}

/** The address of the API server. */
export function apiServerUrl(): string {
  return parse(readFileSync(process.env.KUBECONFIG!, 'utf8')).clusters[0].cluster.server;
}

/** Starts replicas that share everything but their folder, which a killed one finds again. */
export function fleetOf(bundle: string, folder: string, kubeconfig: string) {
  const identities = join(folder, 'identities.json');
  const capabilities = ['issue', 'issue-egress', 'revoke', 'validate-egress', 'substitute-auth'];
  writeFileSync(identities, JSON.stringify({ [`${TEAM}/deputy`]: { capabilities, subjects: ['runs', 'sessions'] } }));
  return async (name: string): Promise<BrokerProcess> => {
    const state = join(folder, name);
    mkdirSync(state, { recursive: true });
    const broker = await new BrokerProcess(bundle, {
      BROKER_LISTEN: '127.0.0.1:0',
      ADMIN_LISTEN: '127.0.0.1:0',
      STATE_DIR: state,
      KUBECONFIG: kubeconfig,
      RUN_NAMESPACES: TEAM,
      POD_NAME: name,
      POD_NAMESPACE: SYSTEM,
      IDENTITIES_FILE: identities,
      LOG_LEVEL: 'debug',
      ISSUE_PER_SECOND: '1000',
      VALIDATE_PER_SECOND: '10000',
      SUBSTITUTE_PER_SECOND: '10000',
    }).ready();
    await eventually(() => readiness(broker), (status) => status === 200);
    return broker;
  };
}

export async function readiness(broker: BrokerProcess): Promise<number> {
  return fetch(`http://${broker.addresses.admin}/readyz`).then(({ status }) => status, () => 0);
}
