import { denied, listOf, celLiteral, mapOf } from './admission-cel';
import { OperatorAdmission, operatorPodRules } from './admission-operator-pods';
import { AdmissionRule } from './admission-rule';
import { runNetworkPolicy } from './run-network-policy';
import { API_GROUP, API_VERSION, LABELS } from '../protocol/names';
import { RUN_FINALIZER, runObjects, sharedClaim, workspaceClaim } from '../protocol/runs';

/**
 * RBAC cannot limit names that are not known yet, nor fields, and who may make pods in a namespace may use every Secret in it.
 * These rules leave the operator what runs are made of: objects of a HarnessRun, its finalizer and its part of the status.
 */
export function operatorRules(operator: OperatorAdmission): AdmissionRule[] {
  const rules = [
    ...operatorPodRules(operator),
    secretRule(),
    networkPolicyRule(operator.platform),
    workspaceRule(),
    claimRule(),
    runRule(),
    runStatusRule(),
    runDeletionRule(operator.deletesEveryRun ?? false),
  ];
  return rules.map((rule) => ({ ...rule, account: operator.account }));
}

/** What comes after the name of a run in the names of its objects. */
const SUFFIXES = runObjects('');

const WRITES = ['CREATE', 'UPDATE'];

/** Names of the objects of a kind that control this one: none or one, as the API server sees to. */
function controllers(object: string, kind: string): string {
  const ours = `o.kind == '${kind}' && o.apiVersion.startsWith('${API_GROUP}/') && has(o.controller) && o.controller`;
  return `${listOf(`${object}.metadata`, 'ownerReferences')}.filter(o, ${ours}).map(o, o.name)`;
}

/** Owners of an object as it will be and, so that none of others is taken over or read in the answer, as it was. */
function ownersOf(kind: string) {
  return [
    { name: 'owners', expression: controllers('object', kind) },
    { name: 'before', expression: `oldObject == null ? variables.owners : ${controllers('oldObject', kind)}` },
  ];
}

/** What holds for the owner of the object, now and before. `o` is its name. */
function eachOwner(expression: string): string {
  return `variables.owners.exists(o, ${expression}) && variables.before.exists(o, ${expression})`;
}

function isNamed(...suffixes: readonly string[]): string {
  return suffixes.map((suffix) => `object.metadata.name == o + '${suffix}'`).join(' || ');
}

function secretRule(): AdmissionRule {
  const { credentials, egress, prompt } = SUFFIXES;
  return {
    name: 'operator-secrets',
    group: '',
    version: 'v1',
    resource: 'secrets',
    operations: WRITES,
    variables: ownersOf('HarnessRun'),
    validations: [
      denied(
        eachOwner(isNamed(credentials, egress, prompt)),
        `the operator may write only Secrets <run>${credentials}, <run>${egress} and <run>${prompt} that are owned by their HarnessRun`,
      ),
      // Kubernetes fills those of other types itself, such as with a token of any account of the namespace.
      denied("has(object.type) && object.type == 'Opaque'", 'the operator may write only Secrets of type Opaque'),
    ],
  };
}

function networkPolicyRule(platform: string): AdmissionRule {
  const { networkPolicy } = SUFFIXES;
  const { spec } = runNetworkPolicy({ platform, namespace: '', run: '' });
  return {
    name: 'operator-network-policies',
    group: 'networking.k8s.io',
    version: 'v1',
    resource: 'networkpolicies',
    operations: WRITES,
    variables: ownersOf('HarnessRun'),
    validations: [
      denied(eachOwner(isNamed(networkPolicy)), `the operator may write only NetworkPolicies <run>${networkPolicy} that are owned by their HarnessRun`),
      denied(
        '!has(object.spec.podSelector.matchExpressions)'
        + ` && variables.owners.exists(o, ${mapOf('object.spec.podSelector', 'matchLabels')} == {'${LABELS.role}': dyn('agent'), '${LABELS.run}': dyn(o)})`,
        'a NetworkPolicy of the operator must select the pods of its run',
      ),
      denied(
        "'Ingress' in object.spec.policyTypes && 'Egress' in object.spec.policyTypes && !has(object.spec.ingress)"
        + ` && has(object.spec.egress) && dyn(object.spec.egress) == ${celLiteral(spec.egress)}`,
        'a NetworkPolicy of the operator must close both directions but for the way to the egress proxy',
      ),
    ],
  };
}

function workspaceRule(): AdmissionRule {
  const { workspace } = SUFFIXES;
  return {
    name: 'operator-workspaces',
    group: API_GROUP,
    version: API_VERSION,
    resource: 'workspaces',
    operations: ['CREATE'],
    variables: [{ name: 'owners', expression: controllers('object', 'HarnessRun') }],
    validations: [
      denied(`variables.owners.exists(o, ${isNamed(workspace)})`, `the operator may make only Workspaces <run>${workspace} that are owned by their HarnessRun`),
      denied('has(object.spec.ephemeral) && object.spec.ephemeral && !has(object.spec.seed)', 'a Workspace of the operator must be ephemeral and without seed'),
    ],
  };
}

function claimRule(): AdmissionRule {
  const shared = `object.metadata.name.startsWith('${sharedClaim('')}')`;
  return {
    name: 'operator-claims',
    group: '',
    version: 'v1',
    resource: 'persistentvolumeclaims',
    operations: ['CREATE'],
    variables: [{ name: 'owners', expression: controllers('object', 'Workspace') }],
    validations: [
      denied(
        `${shared} || variables.owners.exists(o, object.metadata.name == '${workspaceClaim('')}' + o)`,
        `the operator may make only claims ${workspaceClaim('<workspace>')} that are owned by their Workspace, and ${sharedClaim('<directory>')}`,
      ),
      denied(
        ['volumeName', 'selector', 'dataSource', 'dataSourceRef'].map((field) => `!has(object.spec.${field})`).join(' && '),
        'a claim of the operator must choose no volume, nor what is in it',
      ),
    ],
  };
}

const RUNS = { group: API_GROUP, version: API_VERSION, resource: 'harnessruns' } as const;

function runRule(): AdmissionRule {
  const others = (one: string, other: string) => `variables.${one}.all(f, f == '${RUN_FINALIZER}' || f in variables.${other})`;
  const same = ['labels', 'annotations'].map((field) => `${mapOf('object.metadata', field)} == ${mapOf('oldObject.metadata', field)}`);
  return {
    ...RUNS,
    name: 'operator-runs',
    operations: ['UPDATE'],
    variables: [
      { name: 'before', expression: listOf('oldObject.metadata', 'finalizers') },
      { name: 'after', expression: listOf('object.metadata', 'finalizers') },
    ],
    validations: [
      denied(`${others('before', 'after')} && ${others('after', 'before')}`, `of the finalizers of a run, the operator may change only ${RUN_FINALIZER}`),
      denied(
        `object.spec == oldObject.spec && ${same.join(' && ')} && ${listOf('object.metadata', 'ownerReferences')} == ${listOf('oldObject.metadata', 'ownerReferences')}`,
        'the operator may change nothing of a run but its finalizer and its status',
      ),
    ],
  };
}

function runStatusRule(): AdmissionRule {
  const revoked = (object: string) => `has(${object}.status) && has(${object}.status.revokedLeases) ? ${object}.status.revokedLeases : {}`;
  return {
    ...RUNS,
    name: 'operator-run-status',
    resource: 'harnessruns/status',
    operations: WRITES,
    variables: [
      { name: 'before', expression: revoked('oldObject') },
      { name: 'after', expression: revoked('object') },
    ],
    validations: [denied('variables.before == variables.after', 'status.revokedLeases is for the broker to write')],
  };
}

function runDeletionRule(everyRun: boolean): AdmissionRule {
  const isOver = 'has(oldObject.status) && has(oldObject.status.completionTime)';
  return {
    ...RUNS,
    name: 'operator-run-deletions',
    operations: ['DELETE'],
    validations: [
      everyRun
        ? denied(isOver, 'the operator may delete only runs that are over')
        : denied(`has(oldObject.spec.ttlSecondsAfterFinished) && ${isOver}`, 'the operator may delete only runs that are over and have ttlSecondsAfterFinished'),
    ],
  };
}
