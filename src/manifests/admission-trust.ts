import { denied, listOf, mapOf } from './admission-cel';
import { AdmissionRule } from './admission-rule';
import { Account } from './rbac';
import { Role } from '../protocol/names';
import { OBJECTS, TRUST_KEYS } from '../protocol/objects';
import { CA_BUNDLE } from '../protocol/session-api';

/** Leaves the egress proxy its own entries of what workers trust. */
export function egressRules(egress: Account): AdmissionRule[] {
  return [{ ...trustRule('egress', 'the egress proxy', [TRUST_KEYS.proxyUrl, CA_BUNDLE]), account: egress }];
}

function isImmutable(object: string): string {
  return `(has(${object}.immutable) && ${object}.immutable)`;
}

/** The ConfigMap has entries of several roles, and RBAC knows objects only. */
export function trustRule(role: Role, who: string, entries: readonly string[]): AdmissionRule {
  const isOwn = entries.map((entry) => `k == '${entry}'`).join(' || ');
  const others = (one: string, other: string) => `${one}.all(k, ${isOwn} || (k in ${other} && ${other}[k] == ${one}[k]))`;
  return {
    name: `${role}-trust`,
    group: '',
    version: 'v1',
    resource: 'configmaps',
    operations: ['UPDATE'],
    matchConditions: [{ name: 'trust', expression: `request.name == '${OBJECTS.agentTrust}'` }],
    variables: [
      { name: 'before', expression: mapOf('oldObject', 'data') },
      { name: 'after', expression: mapOf('object', 'data') },
    ],
    validations: [
      denied(
        `${others('variables.before', 'variables.after')} && ${others('variables.after', 'variables.before')}`,
        `${who} may change only the ${entries.length === 1 ? 'entry' : 'entries'} ${entries.join(' and ')}`,
      ),
      denied(
        `${mapOf('object', 'binaryData')} == ${mapOf('oldObject', 'binaryData')} && ${isImmutable('object')} == ${isImmutable('oldObject')}`
        + ` && ${['labels', 'annotations'].map((field) => `${mapOf('object.metadata', field)} == ${mapOf('oldObject.metadata', field)}`).join(' && ')}`
        + ` && ${['ownerReferences', 'finalizers'].map((field) => `${listOf('object.metadata', field)} == ${listOf('oldObject.metadata', field)}`).join(' && ')}`,
        `${who} may change nothing beside the entries`,
      ),
    ],
  };
}
