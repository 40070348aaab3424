import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Chart, Testing, Yaml } from 'cdk8s';
import { forOneNode, given, localImage } from './one-node';
import {
  AgentPlatform, AuditStorage, BrokerCatalog, BrokerPolicy, BrokerTls, CredentialDelivery, CredentialGrant, DefinitionsOwner,
  HarnessRun, HarnessTemplate, NetworkPeer, RunPrompt,
} from '../../src';
import { CALLERS_KEY } from '../../src/protocol/objects';
import { Emitted } from '../helpers/manifests';
import { API_SERVER } from '../helpers/platform';

/** Namespace of the broker. */
export const SYSTEM = 'agent-platform';
export const TOKEN = 'the-token-of-the-run-in-this-test';
export const CREDENTIAL = 'MODEL_API_KEY';
export const REAL_KEY = 'the-real-key-that-no-agent-sees';
export const HOST = 'api.model.example';
/** Namespace of those who call, and the labels by which they are admitted. */
export const CALLERS = 'callers';
export const CALLER_LABELS = { role: 'caller' };

/** The platform as synthesized, with a broker over mounted documents and nothing else. */
export function platformObjects(): { readonly objects: Emitted[]; readonly documents: Emitted[] } {
  const chart = Testing.chart();
  const platform = new AgentPlatform(chart, 'platform', {
    image: localImage(),
    apiServer: API_SERVER,
    namespace: SYSTEM,
    definitions: DefinitionsOwner.EXTERNAL,
    broker: {
      replicas: 1,
      catalog: BrokerCatalog.directory('catalog', 'provider-keys'),
      tls: BrokerTls.existingSecret('broker-cert'),
      auditStorage: AuditStorage.ephemeral(),
    },
    sessions: { enabled: false },
  });
  platform.boundary.allowBrokerCallers(NetworkPeer.pods({ namespace: CALLERS, labels: CALLER_LABELS }));
  addRun(chart, platform);
  const all: Emitted[] = Testing.synth(chart);
  const documents = all.filter(({ apiVersion }) => apiVersion.startsWith('paddock.dev/'));
  const objects = all.filter((object) => !documents.includes(object));
  return { objects: objects.map(forOneNode), documents };
}

function addRun(chart: Chart, platform: AgentPlatform): void {
  const namespace = platform.addNamespace('team-a');
  const egress = [{ host: HOST, ports: [443] }];
  new BrokerPolicy(chart, 'model-access', {
    namespace,
    appliesToTemplates: ['coder'],
    credentials: [CredentialGrant.userSupplied(CREDENTIAL, {
      secret: { name: 'model-key', key: 'token' },
      delivery: CredentialDelivery.header({ hosts: [HOST], header: 'x-api-key' }),
    })],
    egress,
  });
  const agent = { image: 'registry.example.com/coder:1', command: ['/coder'] };
  const template = new HarnessTemplate(chart, 'coder', { namespace, ...agent, credentials: [CREDENTIAL], egress });
  new HarnessRun(chart, 'fix-login', { namespace, template, prompt: RunPrompt.inline('Fix the login test.') });
}

/** The objects that the platform takes as given: documents, provider Secret with callers, and the certificate. */
export function givenObjects(documents: readonly Emitted[], { key, certificate }: KeyPair): object[] {
  const modelKey = { ...given('Secret', 'team-a', 'model-key'), stringData: { token: REAL_KEY } };
  const callers = { [TOKEN]: { namespace: 'team-a', serviceAccount: 'fix-login-collector' } };
  const secrets = { 'model-key.yaml': Yaml.stringify(modelKey), [CALLERS_KEY]: JSON.stringify(callers) };
  return [
    { ...given('ConfigMap', SYSTEM, 'catalog'), data: { 'documents.yaml': Yaml.stringify(...documents) } },
    { ...given('Secret', SYSTEM, 'provider-keys'), stringData: secrets },
    { ...given('Secret', SYSTEM, 'broker-cert'), type: 'kubernetes.io/tls', stringData: { 'tls.crt': certificate, 'tls.key': key } },
  ];
}

export interface KeyPair {
  readonly key: string;
  readonly certificate: string;
}

/** A certificate that vouches for itself, for one name. */
export function selfSigned(name: string): KeyPair {
  const folder = mkdtempSync(join(tmpdir(), 'certificate-'));
  try {
    const [keyFile, file] = ['tls.key', 'tls.crt'].map((one) => join(folder, one));
    const kind = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '1'];
    const names = ['-subj', '/CN=broker', '-addext', `subjectAltName=DNS:${name}`];
    const { status, stderr } = spawnSync('openssl', ['req', ...kind, ...names, '-keyout', keyFile, '-out', file], { encoding: 'utf8' });
    if (status !== 0) throw new Error(`openssl: ${stderr}`);
    return { key: readFileSync(keyFile, 'utf8'), certificate: readFileSync(file, 'utf8') };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
