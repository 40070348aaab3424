import { policyRules, RIGHTS, rightsOf, roleAndBinding } from '../../src/manifests/rbac';

const EVERYTHING = '*';

test('no right uses a wildcard', () => {
  for (const right of RIGHTS) {
    expect([right.group, ...right.resources, ...right.verbs]).not.toContain(EVERYTHING);
  }
});

const onSecrets = RIGHTS.filter(({ resources }) => resources.includes('secrets'));

test('Secrets are never listed or watched, and who may read one is told its name', () => {
  for (const { verbs, names } of onSecrets) {
    expect(verbs).not.toEqual(expect.arrayContaining(['list']));
    expect(verbs).not.toEqual(expect.arrayContaining(['watch']));
    // The answer to a JSON patch that copies shows what was there.
    expect(verbs).not.toEqual(expect.arrayContaining(['patch']));
    if (verbs.includes('get')) expect(names).toBeDefined();
  }
});

test('nobody may create Secrets, pods and volumes but the operator, and nobody roles or pods/exec', () => {
  for (const { role, resources } of RIGHTS.filter(({ verbs }) => verbs.includes('create'))) {
    const ofRuns = ['pods', 'secrets', 'workspaces', 'persistentvolumeclaims', 'networkpolicies', 'events'];
    for (const resource of resources) expect(role === 'operator' ? ofRuns : ['tokenreviews', 'auditevents']).toContain(resource);
  }
});

test('the operator may read no Secret, and of ConfigMaps only what agents trust', () => {
  const ofOperator = RIGHTS.filter(({ role }) => role === 'operator');
  expect(ofOperator.filter(({ resources }) => resources.includes('secrets')).map(({ scope, verbs }) => [scope, verbs])).toEqual([['run-namespace', ['create', 'update']]]);
  expect(ofOperator.filter(({ resources }) => resources.includes('configmaps')).map(({ verbs, names }) => [verbs, names])).toEqual([[['get'], ['agent-trust']]]);
});

test('the operator writes nothing in the whole cluster but the status of templates and, as admission has it, its finalizer, and in the namespace of the platform only its Lease', () => {
  const written = (scope: 'cluster' | 'system') => rightsOf('operator', scope).filter(({ verbs }) => verbs.some((verb) => !['get', 'list', 'watch'].includes(verb)))
    .map(({ resources, verbs, names = [] }) => [...resources, ...verbs, ...names].join(' '));
  expect(written('cluster')).toEqual(['clusterharnesstemplates/status patch', 'harnessruns patch']);
  expect(written('system')).toEqual(['leases get update operator']);
});

test('every right names one resource group and says why it is there', () => {
  for (const right of RIGHTS) expect(right.why).not.toBe('');
});

test('a right on named objects without a name gives no rule, because an empty list would mean all of them', () => {
  const rules = policyRules(rightsOf('broker', 'run-namespace'), { 'provider-secrets': [] });
  expect(rules.flatMap((rule) => rule.resources)).not.toContain('secrets');
});

test('the broker may get exactly the provider Secrets it is told of', () => {
  const rules = policyRules(rightsOf('broker', 'run-namespace'), { 'provider-secrets': ['github', 'model'] });
  expect(rules.filter((rule) => rule.resources!.includes('secrets')))
    .toEqual([{ apiGroups: [''], resources: ['secrets'], verbs: ['get'], resourceNames: ['github', 'model'] }]);
});

test('a role keeps no right on an object that it does not own', () => {
  const rules = policyRules(rightsOf('broker', 'system', ['broker-tls', 'broker-ca']));
  expect(rules.flatMap((rule) => rule.resourceNames ?? [])).not.toEqual(expect.arrayContaining(['broker-tls']));
  expect(rules.flatMap((rule) => rule.resourceNames ?? [])).toContain('broker-keyring');
});

test('roles without a line in the table have no right at all', () => {
  for (const scope of ['cluster', 'system', 'run-namespace', 'worker-namespace'] as const) {
    for (const role of ['session', 'agent', 'gateway', 'store'] as const) expect(rightsOf(role, scope)).toEqual([]);
  }
});

test('events are made by the broker alone, and removed by an account that can do nothing else', () => {
  const onEvents = RIGHTS.filter(({ resources }) => resources.includes('auditevents')).map(({ role, scope, resources, verbs }) => [role, scope, resources, verbs]);
  expect(onEvents).toEqual([
    ['broker', 'run-namespace', ['auditevents'], ['create']], ['broker', 'system', ['auditevents'], ['create']],
    ['retention', 'run-namespace', ['auditevents'], ['list', 'delete']], ['retention', 'system', ['auditevents'], ['list', 'delete']],
  ]);
  expect(RIGHTS.filter(({ role }) => role === 'retention')).toHaveLength(2);
});

test('names that one role is told of give no right to another', () => {
  const rules = policyRules(rightsOf('controller', 'worker-namespace'), { 'provider-secrets': ['model'], 'pool-objects': ['pool-python'] });
  expect(rules.flatMap(({ resourceNames }) => resourceNames ?? [])).toEqual(['pool-python', 'agent-trust']);
});

test('the controller gets no ConfigMap of a namespace without pools', () => {
  const rules = policyRules(rightsOf('controller', 'worker-namespace'));
  expect(rules.filter(({ resources }) => resources!.includes('configmaps'))).toEqual([{ apiGroups: [''], resources: ['configmaps'], verbs: ['get', 'update'], resourceNames: ['agent-trust'] }]);
});

test('only controller and operator touch pods: the one cannot make any, the other cannot change any, and neither can run anything in them', () => {
  const onPods = RIGHTS.filter(({ resources }) => resources.some((resource) => resource.startsWith('pods')));
  expect(onPods.map(({ role, resources, verbs }) => [role, resources, verbs])).toEqual([
    ['controller', ['pods'], ['get', 'list', 'watch', 'patch', 'delete']], ['operator', ['pods'], ['get', 'list', 'watch', 'create', 'delete']],
  ]);
});

test('the egress proxy gets what agents trust in their namespaces, and elsewhere only its own objects', () => {
  const named = (scope: 'system' | 'run-namespace') => rightsOf('egress', scope).map(({ resources, verbs, names }) => [...resources, ...verbs, ...names!].join(' '));
  expect(named('run-namespace')).toEqual(['configmaps get update agent-trust']);
  expect(named('system')).toEqual(['secrets get update egress-ca', 'services get egress']);
  for (const scope of ['cluster', 'worker-namespace'] as const) expect(rightsOf('egress', scope)).toEqual([]);
});

test('a binding without namespace is a ClusterRoleBinding whose subject still names the namespace of the account', () => {
  const [role, binding] = roleAndBinding({ platform: 'p', part: 'broker', name: 'p-broker' }, [], { namespace: 'system', name: 'broker' });
  expect(role.kind).toBe('ClusterRole');
  expect(binding).toMatchObject({ kind: 'ClusterRoleBinding', subjects: [{ kind: 'ServiceAccount', namespace: 'system', name: 'broker' }] });
  expect(binding.metadata).not.toHaveProperty('namespace');
});
