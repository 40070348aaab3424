import { AdmissionRule } from './admission-rule';
import { Account } from './rbac';
import { API_GROUP, API_VERSION } from '../protocol/names';

/** RBAC cannot limit fields: this lets the broker add revocations to a run's status and change nothing else. */
export function brokerStatusRule(broker: Account): AdmissionRule {
  const fields = "has(object.status) && object.status.all(f, f == 'revokedLeases' || (has(oldObject.status) && f in oldObject.status && object.status[f] == oldObject.status[f]))";
  const kept = 'variables.before.all(id, id in object.status.revokedLeases && object.status.revokedLeases[id] == variables.before[id])';
  return {
    name: 'broker-status',
    group: API_GROUP,
    version: API_VERSION,
    resource: 'harnessruns/status',
    operations: ['CREATE', 'UPDATE'],
    account: broker,
    variables: [
      { name: 'before', expression: 'has(oldObject.status) && has(oldObject.status.revokedLeases) ? oldObject.status.revokedLeases : {}' },
    ],
    validations: [
      { expression: fields, message: 'the broker may change only status.revokedLeases', reason: 'Forbidden' },
      {
        expression: '!has(oldObject.status) || oldObject.status.all(f, f in object.status)',
        message: 'the broker may not remove a status field',
        reason: 'Forbidden',
      },
      { expression: `size(variables.before) == 0 || ${kept}`, message: 'a revocation is final: it may not be changed or removed', reason: 'Forbidden' },
    ],
  };
}
