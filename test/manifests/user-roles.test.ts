import { USER_RIGHTS, USER_ROLES, userRoles } from '../../src/manifests/user-roles';
import { KINDS, RESOURCE_KINDS } from '../../src/protocol/resources';

const AGGREGATE = /^rbac\.authorization\.k8s\.io\//;

/** `resource verb` of all that the ClusterRole of a platform gives. */
function rightsIn(role: string): string[] {
  const { rules } = userRoles('p', true).find(({ metadata }) => metadata.name === `p-${role}`) as any;
  return rules.flatMap(({ resources, verbs }: any) => resources.flatMap((resource: string) => verbs.map((verb: string) => `${resource} ${verb}`))).sort();
}

const ofKinds = (resources: readonly string[], verbs: readonly string[]) => resources.flatMap((resource) => verbs.map((verb) => `${resource} ${verb}`)).sort();
const NAMESPACED = RESOURCE_KINDS.filter(({ scope }) => scope === 'Namespaced').map(({ plural }) => plural);
const READ = ['get', 'list', 'watch'];
const WRITE = ['create', 'delete', 'deletecollection', 'patch', 'update'];

test('view reads all but the audit log, templates of the cluster too where it is bound there, and writes nothing', () => {
  expect(rightsIn('view')).toEqual(ofKinds(RESOURCE_KINDS.map(({ plural }) => plural).filter((plural) => plural !== KINDS.AuditEvent.plural), READ));
});

test('edit writes besides what runs are made of, and neither policies nor the audit log', () => {
  expect(rightsIn('edit')).toEqual([...rightsIn('view'), ...ofKinds(['harnessruns', 'harnesstemplates', 'workspaces'], WRITE)].sort());
});

test('admin writes policies too, and reads the audit log, which nobody writes', () => {
  expect(rightsIn('admin')).toEqual([...rightsIn('edit'), ...ofKinds(['brokerpolicies'], WRITE), ...ofKinds(['auditevents'], READ)].sort());
});

test('no role gives rights on a status, to write anything outside of a namespace, or on what is not of the platform', () => {
  const outside = USER_RIGHTS.flatMap(({ resources, verbs }) => ofKinds(resources.filter((resource) => !NAMESPACED.includes(resource)), verbs));
  expect(outside).toEqual(ofKinds([KINDS.ClusterHarnessTemplate.plural], READ));
  for (const { rules } of userRoles('p', true) as any[]) {
    for (const rule of rules) expect(rule).toMatchObject({ apiGroups: ['paddock.dev'] });
  }
});

test('every right says why it is there', () => {
  for (const { why } of USER_RIGHTS) expect(why).not.toBe('');
});

test("the cluster's role of the same name gathers each, and no other does", () => {
  const gathered = userRoles('p', true).map(({ metadata: { name, labels } }) => [name, Object.entries(labels!).filter(([label]) => AGGREGATE.test(label))]);
  expect(gathered).toEqual(USER_ROLES.map((role) => [`p-${role}`, [[`rbac.authorization.k8s.io/aggregate-to-${role}`, 'true']]]));
});

test('where that is not wanted, they are the same but for the label', () => {
  const [wanted, unwanted] = [true, false].map((aggregated) => userRoles('p', aggregated));
  expect(unwanted.flatMap(({ metadata }) => Object.keys(metadata.labels!)).filter((label) => AGGREGATE.test(label))).toEqual([]);
  expect(unwanted.map(({ rules }) => rules)).toEqual(wanted.map(({ rules }) => rules));
});

test('those of two platforms have different names', () => {
  const names = ['a', 'b'].flatMap((platform) => userRoles(platform, true).map(({ metadata }) => metadata.name));
  expect(new Set(names).size).toBe(2 * USER_ROLES.length);
});
