import fc from 'fast-check';
import { Answer, ApiServer, eventually } from './api-server';
import { checkPodSecurity, PodSecurityLevel, podSecurityProblems } from '../../src/manifests/pod-security';
import { changed, goodPod, POD_SECURITY_CASES } from '../manifests/pod-security-cases';

type Verdict = 'admitted' | 'refused' | 'not a pod';

const LEVELS: readonly PodSecurityLevel[] = ['baseline', 'restricted'];
const api = new ApiServer();
let newest = 0;
let versions: string[] = [];

const namespaceOf = (level: PodSecurityLevel, version: string) => `psa-${level}-${version.replace('.', '-')}`;

beforeAll(async () => {
  const { body } = await api.call('GET', '/version');
  newest = Number(String(body.minor).replace(/\D/g, ''));
  versions = [...Array.from({ length: newest - 24 }, (_, index) => `v1.${index + 25}`), 'latest'];
  for (const level of LEVELS) {
    for (const version of versions) {
      const labels = { 'pod-security.kubernetes.io/enforce': level, 'pod-security.kubernetes.io/enforce-version': version };
      await api.call('POST', '/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespaceOf(level, version), labels } });
    }
  }
  for (const level of LEVELS) {
    for (const version of versions) {
      await eventually(() => api.call('GET', `/api/v1/namespaces/${namespaceOf(level, version)}/serviceaccounts/default`), ({ status }) => status === 200);
    }
  }
}, 180_000);

afterAll(async () => {
  for (const level of LEVELS) for (const version of versions) await api.call('DELETE', `/api/v1/namespaces/${namespaceOf(level, version)}`);
  api.close();
});

/** What the API server says. A pod that it would take in no namespace is no verdict on its security. */
async function theirs(pod: object, level: PodSecurityLevel, version: string): Promise<Verdict> {
  const answer: Answer = await api.call('POST', `/api/v1/namespaces/${namespaceOf(level, version)}/pods?dryRun=All`, pod);
  if (answer.status === 201) return 'admitted';
  if (answer.status === 403 && answer.body.message?.includes('violates PodSecurity')) return 'refused';
  if (answer.status === 422) return 'not a pod';
  throw new Error(`${answer.status}: ${answer.body.message}`);
}

/** `latest` is what the server knows, not what the table knows. */
function ours(pod: object, level: PodSecurityLevel, version: string): Verdict {
  const outcomes = checkPodSecurity(pod, { level, version: version === 'latest' ? `v1.${newest}` : version });
  return podSecurityProblems(outcomes).length === 0 ? 'admitted' : 'refused';
}

/** Levels and versions where the two differ, and how many were compared. */
async function compare(pod: object): Promise<{ compared: number; different: string[] }> {
  const rows = LEVELS.flatMap((level) => versions.map((version) => ({ level, version })));
  const verdicts = await Promise.all(rows.map(async ({ level, version }) => (
    { at: `${level} ${version}`, server: await theirs(pod, level, version), rules: ours(pod, level, version) }
  )));
  const both = verdicts.filter(({ server }) => server !== 'not a pod');
  return {
    compared: both.length,
    different: both.filter(({ server, rules }) => server !== rules).map(({ at, server, rules }) => `${at}: server ${server}, rules ${rules}`),
  };
}

test('the good pod is admitted everywhere', async () => {
  expect(await compare(goodPod())).toEqual({ compared: versions.length * 2, different: [] });
  expect(await theirs(goodPod(), 'restricted', 'latest')).toBe('admitted');
});

test.each(POD_SECURITY_CASES)('the API server agrees on $rule: $what', async (one) => {
  const { compared, different } = await compare(changed(one));
  expect(different).toEqual([]);
  expect(compared).toBe(versions.length * 2);
});

test('the API server agrees on pods with several changes', async () => {
  let compared = 0;
  const changes = fc.uniqueArray(fc.constantFrom(...POD_SECURITY_CASES), { minLength: 2, maxLength: 4 });
  await fc.assert(fc.asyncProperty(changes, async (several) => {
    const pod = goodPod();
    for (const { change } of several) applied(change, pod);
    const result = await compare(pod);
    compared += result.compared;
    expect(result.different).toEqual([]);
  }), { numRuns: 150, seed: 5 });
  expect(compared).toBeGreaterThan(150 * 2);
}, 300_000);

describe('a container that is added to a running pod', () => {
  const hardened = goodPod().spec.containers[0].securityContext;

  beforeAll(async () => {
    for (const level of LEVELS) {
      for (const version of versions) await api.call('POST', `/api/v1/namespaces/${namespaceOf(level, version)}/pods`, goodPod());
    }
  }, 60_000);

  test.each([
    ['as hardened as the others', hardened],
    ['nothing said', {}],
    ['root', { ...hardened, runAsUser: 0 }],
    ['a capability', { ...hardened, capabilities: { drop: ['ALL'], add: ['NET_RAW'] } }],
    ['no seccomp', { ...hardened, seccompProfile: { type: 'Unconfined' } }],
  ])('gets the same verdict: %s', async (_, securityContext) => {
    const ephemeralContainers = [{ name: 'debugger', image: 'example.com/a', securityContext }];
    for (const level of LEVELS) {
      for (const version of versions) {
        const path = `/api/v1/namespaces/${namespaceOf(level, version)}/pods/good/ephemeralcontainers?dryRun=All`;
        const { status } = await api.call('PATCH', path, { spec: { ephemeralContainers } }, 'application/strategic-merge-patch+json');
        const pod = goodPod();
        pod.spec.ephemeralContainers = ephemeralContainers;
        expect([level, version, status]).toEqual([level, version, ours(pod, level, version) === 'admitted' ? 200 : 403]);
      }
    }
  });
});

/** A change may find nothing to change after another one. */
function applied(change: (pod: any) => void, pod: any): void {
  try {
    change(pod);
  } catch {
    // The pod stays as it was.
  }
}
