import type { AuditEvents } from './ship-delivery';
import { API_GROUP, API_VERSION } from '../../../../../src/protocol/names';
import { AUDIT_EVENT } from '../../../../../src/protocol/resources/audit-event';
import type { KubeClient } from '../../../kube/client';
import { hasCode } from '../../../kube/kube-error';

/** The API server answers a full quota that is being counted with 409, too; only this reason says that the name is taken. */
const TAKEN = /\bAlreadyExists$/;

/** AuditEvents of the cluster. The broker may create them, and neither read nor change nor delete one. */
export function kubeAuditEvents(client: Pick<KubeClient, 'create'>): AuditEvents {
  return {
    async create(namespace, object) {
      try {
        await client.create({ group: API_GROUP, version: API_VERSION, plural: AUDIT_EVENT.plural, namespace }, object);
        return 'created';
      } catch (error) {
        if (hasCode(error, 'Conflict') && TAKEN.test((error as Error).message)) return 'exists';
        if (hasCode(error, 'NotFound', 'Forbidden')) return 'refused';
        if (hasCode(error, 'Invalid', 'TooLarge')) return 'invalid';
        throw error;
      }
    },
  };
}
