import { ValidationContext } from 'cdk8s-cli/plugins';
import { PodSecurityStandard, PodSecurityValidation, PodSecurityValidationProps } from '../src/pod-security-validation';
import { goodPod } from './manifests/pod-security-cases';

interface Row {
  readonly ruleName: string;
  readonly fix: string;
  readonly violatingResources: readonly { readonly resourceName: string; readonly manifestPath: string; readonly locations: readonly string[] }[];
}

/** What the CLI hands to a plugin, with what the plugin says to it. */
async function validated(objects: readonly object[], props?: PodSecurityValidationProps) {
  const violations: Row[] = [];
  const logged: string[] = [];
  const submitted: unknown[][] = [];
  const context: Pick<ValidationContext, 'manifests' | 'parseManifest'> & Record<string, unknown> = {
    manifests: ['dist/a.k8s.yaml'],
    parseManifest: (path: string) => (path === 'dist/a.k8s.yaml' ? [...objects] : []),
    logger: { log: (line: string) => logged.push(line) },
    report: { addViolation: (row: Row) => violations.push(row), submit: (...all: unknown[]) => submitted.push(all) },
  };
  await new PodSecurityValidation(props).validate(context);
  return { violations, logged, submitted };
}

const rootPod = () => {
  const pod = goodPod();
  pod.spec.securityContext.runAsUser = 0;
  return pod;
};

test('pods that pass are a success, with how many there were', async () => {
  const { violations, submitted } = await validated([goodPod(), { apiVersion: 'v1', kind: 'Service' }]);
  expect(violations).toEqual([]);
  expect(submitted).toEqual([['success', { pods: '1', level: 'restricted', version: 'v1.30' }]]);
});

test('a pod that does not pass is a failure, with rule, place and page', async () => {
  const { violations, submitted } = await validated([rootPod()]);
  expect(submitted[0][0]).toBe('failure');
  expect(violations).toEqual([{
    ruleName: 'restricted/run-as-user',
    recommendation: 'no user is root',
    fix: 'must be a number above 0, or missing, got 0; see https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted',
    violatingResources: [{ resourceName: 'good', manifestPath: 'dist/a.k8s.yaml', locations: ['spec.securityContext.runAsUser'] }],
  }]);
});

test('the baseline lets pass what only restricted refuses', async () => {
  expect((await validated([rootPod()], { level: PodSecurityStandard.BASELINE })).submitted[0][0]).toBe('success');
});

test('a waived finding is no violation, and is logged with its reason', async () => {
  const { violations, logged, submitted } = await validated([rootPod()], { waivers: [{ rule: 'restricted/run-as-user', reason: 'port 53' }] });
  expect([violations, submitted[0][0]]).toEqual([[], 'success']);
  expect(logged).toEqual([expect.stringMatching(/^Pod good: restricted\/run-as-user: .* \(waived: port 53\)$/)]);
});

test('an object that is empty is no pod', async () => {
  expect((await validated([null as any])).submitted[0][0]).toBe('success');
});

test.each([
  ['a misspelt property', { lvel: 'baseline' }, 'there is no property "lvel"'],
  ['a level that is none', { level: 'privileged' }, "level must be 'baseline' or 'restricted', got \"privileged\""],
  ['a version that is none', { version: '1.30' }, "must be 'latest' or like 'v1.30'"],
  ['waivers that are no list', { waivers: 'all' }, 'waivers must be a list'],
  ['a waiver without a reason', { waivers: [{ rule: 'restricted/seccomp' }] }, 'must have a reason'],
])('%s in cdk8s.yaml is refused', (_, properties, message) => {
  expect(() => new PodSecurityValidation(properties as any)).toThrow(message);
});

test('a list is the objects in it, also one whose items do not say what they are', async () => {
  const { metadata, spec } = rootPod();
  const { violations } = await validated([{ apiVersion: 'v1', kind: 'PodList', items: [{ metadata, spec }] }]);
  expect(violations).toEqual([expect.objectContaining({ ruleName: 'restricted/run-as-user' })]);
});
