import { denied, listOf, mapOf } from './admission-cel';
import { AdmissionRule } from './admission-rule';
import { trustRule } from './admission-trust';
import { Account } from './rbac';
import { LABELS } from '../protocol/names';
import { poolObject } from '../protocol/objects';
import { BOOTSTRAP_JWKS } from '../protocol/session-api';

const STATE = `'${LABELS.state}'`;
const SESSION = `'${LABELS.session}'`;
const POOL = `'${LABELS.pool}'`;
const IS_WORKER = `'${LABELS.role}' in variables.before && variables.before['${LABELS.role}'] == 'session' && ${POOL} in variables.before`;

/**
 * RBAC cannot limit fields, and who may patch a pod may give it another image. These rules leave the controller one
 * change, the claim of a warm worker, the deletion of what was claimed, and its own entry of what workers trust.
 */
export function controllerRules(controller: Account): AdmissionRule[] {
  return [claimRule(), deletionRule(), trustRule('controller', 'the controller', [BOOTSTRAP_JWKS])].map((rule) => ({ ...rule, account: controller }));
}

function claimRule(): AdmissionRule {
  const added = 'variables.added[0]';
  return {
    name: 'controller-pods',
    ...PODS,
    operations: ['UPDATE'],
    variables: [
      { name: 'before', expression: mapOf('oldObject.metadata', 'labels') },
      { name: 'after', expression: mapOf('object.metadata', 'labels') },
      { name: 'owned', expression: listOf('oldObject.metadata', 'ownerReferences') },
      { name: 'owners', expression: listOf('object.metadata', 'ownerReferences') },
      { name: 'added', expression: 'variables.owners.filter(o, !(o in variables.owned))' },
    ],
    validations: [
      denied(`${IS_WORKER} && ${STATE} in variables.before && variables.before[${STATE}] == 'warm'`, 'the controller may change only warm workers'),
      denied(`${STATE} in variables.after && variables.after[${STATE}] == 'claimed'`, 'the controller may change the state of a worker only from warm to claimed'),
      denied(
        `!(${SESSION} in variables.before) && ${SESSION} in variables.after && variables.after[${SESSION}] != ''`,
        'a claimed worker needs the label of its session',
      ),
      denied(
        `variables.before.all(l, l == ${STATE} || (l in variables.after && variables.after[l] == variables.before[l]))`
        + ` && variables.after.all(l, l in variables.before || l == ${SESSION})`,
        'the controller may change no other label',
      ),
      denied(
        'size(variables.owners) == size(variables.owned) + 1 && variables.owned.all(o, o in variables.owners)',
        'a claimed worker keeps its owners and gets one more',
      ),
      denied(
        `size(variables.added) == 1 && ${added}.apiVersion == 'v1' && ${added}.kind == 'ConfigMap'`
        + ` && ${POOL} in variables.before && ${added}.name == '${poolObject('')}' + variables.before[${POOL}]`
        + ` && !(has(${added}.controller) && ${added}.controller) && !(has(${added}.blockOwnerDeletion) && ${added}.blockOwnerDeletion)`,
        'the new owner of a claimed worker must be the ConfigMap of its pool, which neither controls nor blocks',
      ),
      denied(
        'has(object.spec.activeDeadlineSeconds)'
        + ' && (!has(oldObject.spec.activeDeadlineSeconds) || object.spec.activeDeadlineSeconds <= oldObject.spec.activeDeadlineSeconds)',
        'a claimed worker needs a deadline, which can only come nearer',
      ),
      denied(unchangedBut('spec', 'activeDeadlineSeconds'), 'the controller may change nothing of what a worker runs'),
      denied(
        `${mapOf('object.metadata', 'annotations')} == ${mapOf('oldObject.metadata', 'annotations')}`
        + ` && ${listOf('object.metadata', 'finalizers')} == ${listOf('oldObject.metadata', 'finalizers')}`,
        'the controller may change no annotation and no finalizer',
      ),
    ],
  };
}

function deletionRule(): AdmissionRule {
  return {
    name: 'controller-deletions',
    ...PODS,
    operations: ['DELETE'],
    variables: [{ name: 'before', expression: mapOf('oldObject.metadata', 'labels') }],
    validations: [
      denied(`${IS_WORKER} && ${STATE} in variables.before && variables.before[${STATE}] == 'claimed'`, 'the controller may delete only claimed workers'),
    ],
  };
}

const PODS = { group: '', version: 'v1', resource: 'pods' } as const;

/** Field by field, also those of later versions of Kubernetes. `dyn`, because CEL goes through maps and not through the fields of a type. */
function unchangedBut(member: string, field: string): string {
  const [after, before] = [`dyn(object.${member})`, `dyn(oldObject.${member})`];
  return `${after}.all(f, f == '${field}' || (f in ${before} && ${after}[f] == ${before}[f])) && ${before}.all(f, f in ${after})`;
}
