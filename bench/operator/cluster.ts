import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Chart, Testing } from 'cdk8s';
import { parse } from 'yaml';
import { KubeClient, Resource } from '../../sidecar/src/kube/client';
import { kubeconfig } from '../../sidecar/src/kube/kubeconfig';
import { AgentPlatform, BrokerPolicy, CredentialDelivery, CredentialGrant, HarnessTemplate } from '../../src';
import { apply, must } from '../../test/cluster/cli';
import { environmentOf, synth } from '../../test/helpers/manifests';
import { API_SERVER, IMAGE } from '../../test/helpers/platform';

export const SYSTEM = 'bench-operator';

/** Of every run. */
const CREDENTIAL = 'API_KEY';

/** Variables of the operator that are the same wherever it runs. */
const CHOICES = ['SIDECAR_IMAGE', 'SIDECAR_IMAGE_PINNED', 'SEED_IMAGE', 'WORKSPACE_SIZE', 'POD_SECURITY_VERSION', 'RECONCILES'] as const;

export interface Deployed {
  /** What was chosen for the operator of the deployment. */
  readonly choices: Readonly<Record<string, string>>;
}

export interface Cluster {
  /** Whoever KUBECONFIG names: submits, and plays the kubelet. */
  readonly admin: KubeClient;
  /** The operator's account, so that rights and admission are those of the deployment. */
  readonly account: KubeClient;
  /** With a token of that account. */
  readonly kubeconfig: string;
}

/** The platform as it comes by default, with namespaces of runs that have a template and a policy. */
export function deploy(namespaces: readonly string[]): Deployed {
  const chart = new Chart(Testing.app(), 'bench');
  const platform = new AgentPlatform(chart, 'platform', { image: IMAGE, apiServer: API_SERVER, namespace: SYSTEM });
  const egress = [{ host: 'api.example.com', ports: [443] }];
  for (const name of namespaces) {
    const namespace = platform.addNamespace(name);
    const delivery = CredentialDelivery.header({ hosts: ['api.example.com'], header: 'x-api-key' });
    const credentials = [CredentialGrant.userSupplied(CREDENTIAL, { secret: { name: 'model-key', key: 'token' }, delivery })];
    new BrokerPolicy(chart, `policy-${name}`, { name: 'policy', namespace, appliesToTemplates: ['coder'], credentials, egress });
    new HarnessTemplate(chart, `coder-${name}`, { name: 'coder', namespace, image: 'registry.example.com/coder:1', command: ['/coder'], credentials: [CREDENTIAL], egress });
  }
  const objects = synth(chart);
  apply(objects);
  // What the egress proxy would publish.
  const trust = JSON.stringify({ data: { 'proxy-url': 'http://10.96.0.9:15001' } });
  for (const name of namespaces) must(['patch', 'configmap', 'agent-trust', '-n', name, '--type=merge', '-p', trust]);
  const variables = environmentOf(objects, 'operator');
  return { choices: Object.fromEntries(CHOICES.flatMap((name) => (variables[name] === undefined ? [] : [[name, variables[name]]]))) };
}

export function connect(folder: string): Cluster {
  const given = process.env.KUBECONFIG!;
  const config = parse(readFileSync(given, 'utf8'));
  const token = must(['create', 'token', 'operator', '-n', SYSTEM, '--duration=24h']);
  for (const entry of config.users) entry.user = { token };
  const path = join(folder, 'kubeconfig');
  writeFileSync(path, JSON.stringify(config), { mode: 0o600 });
  const client = (file: string) => new KubeClient(kubeconfig(file, Date.now));
  return { admin: client(given), account: client(path), kubeconfig: path };
}

/** Objects of one kind in a namespace; the group of runs where none is named. */
export function objectsIn(namespace: string, plural: string, group = 'paddock.dev', version = group === 'paddock.dev' ? 'v1alpha1' : 'v1'): Resource {
  return { group, version, plural, namespace };
}

/** A run as people write it. */
export function runNamed(namespace: string, name: string) {
  return { apiVersion: 'paddock.dev/v1alpha1', kind: 'HarnessRun', metadata: { name, namespace }, spec: { templateRef: { name: 'coder' }, prompt: `the prompt of ${name}` } };
}

/** Does the work for each, so many at the same time. */
export async function atOnce<Item>(count: number, items: readonly Item[], work: (item: Item, at: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  await Promise.all(Array.from({ length: count }, async () => {
    for (let at = next++; at < items.length; at = next++) await work(items[at], at);
  }));
}
