import { changed, goodPod, POD_SECURITY_CASES, refusedAt } from './pod-security-cases';
import { checkPodSecurity, POD_SECURITY_RULES, podSecurityProblems, waivedFindings, waiverProblems } from '../../src/manifests/pod-security';

const MINORS = Array.from({ length: 13 }, (_, index) => index + 25);
const restrictedAt = (pod: object, minor = 34) => checkPodSecurity(pod, { level: 'restricted', version: `v1.${minor}` });

/** Ids of the rules that found something. */
const failed = (outcomes: ReturnType<typeof checkPodSecurity>) => outcomes.filter(({ outcome }) => outcome === 'finding').map(({ rule }) => rule.id);

test('the ids of the rules are these: waivers of users name them', () => {
  expect(POD_SECURITY_RULES.map(({ id, since }) => `${id} since 1.${since}`)).toEqual([
    'baseline/windows-host-process since 1.25',
    'baseline/host-namespaces since 1.25',
    'baseline/privileged since 1.25',
    'baseline/host-path-volumes since 1.25',
    'baseline/host-ports since 1.25',
    'baseline/probe-and-hook-hosts since 1.34',
    'baseline/capabilities since 1.25',
    'baseline/apparmor since 1.25',
    'baseline/selinux since 1.25',
    'baseline/proc-mount since 1.25',
    'baseline/seccomp since 1.25',
    'baseline/sysctls since 1.25',
    'restricted/volume-types since 1.25',
    'restricted/privilege-escalation since 1.25',
    'restricted/run-as-non-root since 1.25',
    'restricted/run-as-user since 1.25',
    'restricted/seccomp since 1.25',
    'restricted/capabilities since 1.25',
    'restricted/proc-mount since 1.35',
  ]);
});

test.each(POD_SECURITY_RULES)('$id says what it wants and where Kubernetes says so', ({ id, level, title, link }) => {
  expect(id.split('/')[0]).toBe(level);
  expect(title).toMatch(/\w+ \w+/);
  expect(link).toBe(`https://kubernetes.io/docs/concepts/security/pod-security-standards/#${level}`);
});

test.each(MINORS)('the good pod passes restricted of 1.%d', (minor) => {
  expect(failed(restrictedAt(goodPod(), minor))).toEqual([]);
});

describe.each(POD_SECURITY_CASES)('$rule: $what', (one) => {
  test('is refused in the versions that refuse it, and in no other', () => {
    const refused = MINORS.filter((minor) => failed(restrictedAt(changed(one), minor)).includes(one.rule));
    expect(refused).toEqual(MINORS.filter((minor) => refusedAt(one, minor)));
  });
});

test.each(POD_SECURITY_CASES)('only the baseline counts at its level: $rule: $what', (one) => {
  const refused = podSecurityProblems(checkPodSecurity(changed(one), { level: 'baseline', version: 'v1.37' })).length > 0;
  expect(refused).toBe(one.rule.startsWith('baseline/') && refusedAt(one, 37));
});

test.each([
  'AUDIT_WRITE', 'CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'FSETID', 'KILL', 'MKNOD', 'NET_BIND_SERVICE', 'SETFCAP', 'SETGID', 'SETPCAP', 'SETUID', 'SYS_CHROOT',
])('the baseline lets a container keep %s', (name) => {
  const pod = goodPod();
  pod.spec.containers[0].securityContext.capabilities = { add: [name] };
  expect(failed(checkPodSecurity(pod, { level: 'baseline', version: 'latest' }))).toEqual([]);
});

test.each(POD_SECURITY_RULES)('$id has a case that passes and one that fails at each version where it changed', ({ id, since }) => {
  const cases = POD_SECURITY_CASES.filter(({ rule }) => rule === id);
  const edges = new Set([since, ...cases.flatMap(({ refusedSince = since, admittedSince = since }) => [refusedSince, admittedSince])]);
  // The rules on root and /proc pass at every version with the good pod itself.
  const passes = (minor: number) => cases.some((one) => !refusedAt(one, minor)) || !failed(restrictedAt(goodPod(), minor)).includes(id);
  for (const minor of edges) expect([minor, passes(minor)]).toEqual([minor, true]);
  expect(cases.some((one) => refusedAt(one, since))).toBe(true);
});

test.each([
  ['baseline/probe-and-hook-hosts', 'preStop by HTTP', 'spec.containers[main].lifecycle.preStop.httpGet.host'],
  ['baseline/probe-and-hook-hosts', 'startupProbe by TCP', 'spec.containers[main].startupProbe.tcpSocket.host'],
  ['baseline/host-ports', 'of the node in initContainers', 'spec.initContainers[init].ports[0].hostPort'],
  ['baseline/selinux', 'role', 'spec.securityContext.seLinuxOptions.role'],
  ['restricted/run-as-non-root', 'pod says false', 'spec.securityContext.runAsNonRoot'],
  ['restricted/volume-types', 'nfs', 'spec.volumes[more].nfs'],
])('a finding of %s (%s) names the field %s', (rule, what, path) => {
  const one = POD_SECURITY_CASES.find((candidate) => candidate.rule === rule && candidate.what.includes(what))!;
  const { findings } = restrictedAt(changed(one)).find((outcome) => outcome.rule.id === rule)!;
  expect(findings.map((finding) => finding.path)).toEqual([path]);
});

describe('an ephemeral container', () => {
  const withDebugger = (securityContext?: object) => {
    const pod = goodPod();
    pod.spec.ephemeralContainers = [{ name: 'debugger', image: 'example.com/a', securityContext }];
    return pod;
  };

  test('passes as hardened as the others', () => {
    expect(failed(restrictedAt(withDebugger(goodPod().spec.containers[0].securityContext)))).toEqual([]);
  });

  test('is refused when it says nothing', () => {
    expect(failed(restrictedAt(withDebugger()))).toEqual(['restricted/privilege-escalation', 'restricted/capabilities']);
  });

  test('is refused when privileged, with its place', () => {
    const [finding] = podSecurityProblems(restrictedAt(withDebugger({ privileged: true })));
    expect(finding).toBe('baseline/privileged: spec.ephemeralContainers[debugger].securityContext.privileged must be missing or false, got true');
  });
});

describe('the three outcomes', () => {
  const outcomeOf = (pod: object, id: string, minor = 34) => restrictedAt(pod, minor).find(({ rule }) => rule.id === id)?.outcome;

  test('a rule that a version does not have is not applicable', () => {
    expect(outcomeOf(goodPod(), 'baseline/probe-and-hook-hosts', 33)).toBe('not applicable');
    expect(outcomeOf(goodPod(), 'baseline/probe-and-hook-hosts', 34)).toBe('ok');
  });

  test('a rule on Linux fields is not applicable to a Windows pod, one on users is', () => {
    const pod = goodPod();
    pod.spec.os = { name: 'windows' };
    pod.spec.containers[0].securityContext = { runAsUser: 0 };
    expect(outcomeOf(pod, 'restricted/capabilities')).toBe('not applicable');
    expect(outcomeOf(pod, 'restricted/run-as-user')).toBe('finding');
  });

  test('a pod of another system than Windows is let off nothing', () => {
    const pod = goodPod();
    pod.spec.os = { name: 'Windows' };
    delete pod.spec.containers[0].securityContext;
    expect(outcomeOf(pod, 'restricted/capabilities')).toBe('finding');
  });

  test('baseline has no restricted rules', () => {
    const pod = goodPod();
    delete pod.spec.securityContext;
    expect(failed(checkPodSecurity(pod, { level: 'baseline', version: 'latest' }))).toEqual([]);
  });
});

describe('a pod that cannot be read', () => {
  test.each([
    ['no spec', {}, 'baseline/host-namespaces: spec cannot be read'],
    ['no containers', { spec: {} }, 'spec.containers is empty'],
    ['containers in an object', { spec: { containers: { main: {} } } }, 'spec.containers must be a list, got {"main":{}}'],
    ['an empty place for a container', { spec: { containers: [null] } }, 'baseline/privileged: spec cannot be read'],
    ['volumes in a text', { spec: { containers: [{ name: 'a' }], volumes: 'all' } }, 'spec.volumes must be a list, got "all"'],
  ])('with %s is refused: a rule that throws is a finding', (_, pod, message) => {
    expect(podSecurityProblems(restrictedAt(pod)).join('\n')).toContain(message);
  });

  test.each([
    ['hostNetwork as text', (pod: any) => { pod.spec.hostNetwork = 'true'; }, 'baseline/host-namespaces'],
    ['privileged as number', (pod: any) => { pod.spec.containers[0].securityContext.privileged = 1; }, 'baseline/privileged'],
    ['root as text', (pod: any) => { pod.spec.securityContext.runAsUser = '0'; }, 'restricted/run-as-user'],
    ['runAsNonRoot as text', (pod: any) => { pod.spec.securityContext.runAsNonRoot = 'true'; }, 'restricted/run-as-non-root'],
    ['a profile without a type', (pod: any) => { pod.spec.containers[0].securityContext.seccompProfile = {}; }, 'baseline/seccomp'],
    ['a volume type nobody knows', (pod: any) => { pod.spec.volumes.push({ name: 'a', teleport: {} }); }, 'restricted/volume-types'],
    ['a volume of two types', (pod: any) => { pod.spec.volumes[0].nfs = {}; }, 'restricted/volume-types'],
  ])('with %s is refused rather than understood', (_, change, rule) => {
    const pod = goodPod();
    change(pod);
    expect(failed(restrictedAt(pod))).toContain(rule);
  });
});

describe('versions', () => {
  const at = (version: string) => checkPodSecurity(goodPod(), { level: 'restricted', version });

  test('a version newer than the table has the newest rules, and so has latest', () => {
    expect(at('v1.99')).toEqual(at('latest'));
    expect(at('v1.38')).toEqual(at('v1.37'));
    expect(at('v1.36')).not.toEqual(at('v1.34'));
  });

  test.each(['1.30', 'v1.030', 'v2.1', 'v1.', '', 'newest', 'v1.30.1'])('%j is refused', (version) => {
    expect(() => at(version)).toThrow("version of the Pod Security rules must be 'latest' or like 'v1.30'");
  });

  test('a version before the table begins is refused', () => {
    expect(() => at('v1.24')).toThrow("the Pod Security rules are known from v1.25 on, got 'v1.24'");
  });
});

describe('a waiver', () => {
  const asRoot = () => {
    const pod = goodPod();
    pod.spec.containers[0].securityContext.runAsUser = 0;
    return pod;
  };
  const waived = (rule: string, reason: string) => checkPodSecurity(asRoot(), { level: 'restricted', version: 'v1.30', waivers: [{ rule, reason }] });

  test('lets the findings of its rule pass, and shows them with its reason', () => {
    const outcomes = waived('restricted/run-as-user', 'binds port 53, ticket 7');
    expect(podSecurityProblems(outcomes)).toEqual([]);
    expect(waivedFindings(outcomes)).toEqual([
      'restricted/run-as-user: spec.containers[main].securityContext.runAsUser must be a number above 0, or missing, got 0 (waived: binds port 53, ticket 7)',
    ]);
  });

  test('lets the findings of no other rule pass', () => {
    expect(podSecurityProblems(waived('restricted/run-as-non-root', 'why not'))).toHaveLength(1);
  });

  test('of a rule that finds nothing shows nothing', () => {
    expect(waivedFindings(waived('restricted/seccomp', 'why not'))).toEqual([]);
  });

  test.each(['', '  ', undefined as any, 7 as any])('without a reason (%j) is refused', (reason) => {
    expect(() => waived('restricted/run-as-user', reason)).toThrow('the waiver of "restricted/run-as-user" must have a reason');
  });

  test('of a rule that does not exist is refused with the list of rules', () => {
    expect(waiverProblems([{ rule: 'restricted/root', reason: 'x' }])).toEqual([expect.stringMatching(/one of the rules baseline\/.*, got "restricted\/root"/)]);
  });
});
