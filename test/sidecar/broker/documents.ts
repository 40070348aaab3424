/** Documents of a directory catalog, as plain objects. JSON is YAML, so tests write them as JSON. */

interface Meta {
  readonly name?: string;
  readonly namespace?: string;
  readonly uid?: string;
}

const API = 'paddock.dev/v1alpha1';

export function harnessRun({ name = 'r1', namespace = 'team-a', uid }: Meta = {}, status?: object, templateRef: object = { name: 'coder' }) {
  return { apiVersion: API, kind: 'HarnessRun', metadata: { name, namespace, uid }, spec: { templateRef, prompt: 'Fix it.' }, status };
}

export function harnessTemplate({ name = 'coder', namespace = 'team-a' }: Meta = {}, requires: readonly string[] = ['GITHUB_TOKEN'], more: object = {}) {
  const credentials = requires.map((credential) => ({ name: credential }));
  return { apiVersion: API, kind: 'HarnessTemplate', metadata: { name, namespace }, spec: { image: 'coder:1', command: ['/coder'], requires: { credentials }, ...more } };
}

export function clusterTemplate(name = 'coder', more: object = {}) {
  return { apiVersion: API, kind: 'ClusterHarnessTemplate', metadata: { name }, spec: { image: 'base:1', command: ['/base'], ...more } };
}

export function brokerPolicy({ name = 'p1', namespace = 'team-a' }: Meta, spec: object) {
  return { apiVersion: API, kind: 'BrokerPolicy', metadata: { name, namespace }, spec: { appliesToTemplates: ['*'], ...spec } };
}

/** A grant of a Secret's key that travels in a header. */
export function headerGrant(name = 'GITHUB_TOKEN', hosts: readonly string[] = ['api.github.com'], key = 'token') {
  return {
    name,
    provider: {
      kind: 'UserSuppliedSecret',
      secretRef: { name: 'upstream', key },
      deliveryMode: { proxyInjected: { hosts, header: { name: 'Authorization', valuePrefix: 'Bearer ' } } },
    },
  };
}

export function secret(stringData: Readonly<Record<string, string>>, { name = 'upstream', namespace = 'team-a' }: Meta = {}) {
  return { apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace }, stringData };
}

/** A file of several documents. */
export function file(...documents: readonly object[]): string {
  return documents.map((document) => JSON.stringify(document, null, 2)).join('\n---\n');
}
