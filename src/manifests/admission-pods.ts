import { AdmissionRule } from './admission-rule';

/** What every container must state, with the words for what is missing. */
const CONTAINER_RULES: Readonly<Record<string, string>> = {
  'readOnlyRootFilesystem: true': 'has(c.securityContext.readOnlyRootFilesystem) && c.securityContext.readOnlyRootFilesystem',
  'runAsNonRoot: true': 'has(c.securityContext.runAsNonRoot) && c.securityContext.runAsNonRoot',
  'allowPrivilegeEscalation: false': 'has(c.securityContext.allowPrivilegeEscalation) && !c.securityContext.allowPrivilegeEscalation',
  'capabilities.drop: [ALL]': "has(c.securityContext.capabilities) && has(c.securityContext.capabilities.drop) && 'ALL' in c.securityContext.capabilities.drop",
  'seccompProfile: RuntimeDefault or Localhost': "has(c.securityContext.seccompProfile) && c.securityContext.seccompProfile.type in ['RuntimeDefault', 'Localhost']",
};

const POD_RULES: Readonly<Record<string, string>> = {
  'automountServiceAccountToken: false': 'has(object.spec.automountServiceAccountToken) && !object.spec.automountServiceAccountToken',
  'enableServiceLinks: false': 'has(object.spec.enableServiceLinks) && !object.spec.enableServiceLinks',
  'securityContext.runAsNonRoot: true': 'has(object.spec.securityContext.runAsNonRoot) && object.spec.securityContext.runAsNonRoot',
  'securityContext.seccompProfile: RuntimeDefault or Localhost':
    "has(object.spec.securityContext.seccompProfile) && object.spec.securityContext.seccompProfile.type in ['RuntimeDefault', 'Localhost']",
};

const EVERY_CONTAINER = Object.entries(CONTAINER_RULES).map(([field, expression]) => ({
  expression: `variables.containers.all(c, has(c.securityContext) && ${expression})`,
  message: `every container here must state securityContext.${field}`,
  reason: 'Forbidden',
}));

/**
 * Demands of every pod, whoever makes it, what the platform's own pods have beyond the
 * `restricted` Pod Security Standard: a read-only root, no token by accident, and each
 * field stated where a container or a webhook could otherwise soften it. A container that
 * somebody adds to a running pod comes through a subresource, so it has a rule of its own.
 */
export function hardenedPodsRules(): AdmissionRule[] {
  const everyPod = Object.entries(POD_RULES).map(([field, expression]) => ({ expression, message: `a pod here must state ${field}`, reason: 'Forbidden' }));
  return [
    {
      name: 'pods',
      group: '',
      version: 'v1',
      resource: 'pods',
      operations: ['CREATE'],
      variables: [{
        name: 'containers',
        expression: 'object.spec.containers + (has(object.spec.initContainers) ? object.spec.initContainers : [])',
      }],
      validations: [...everyPod, ...EVERY_CONTAINER],
    },
    {
      name: 'ephemeral-containers',
      group: '',
      version: 'v1',
      resource: 'pods/ephemeralcontainers',
      operations: ['UPDATE'],
      variables: [{ name: 'containers', expression: 'has(object.spec.ephemeralContainers) ? object.spec.ephemeralContainers : []' }],
      validations: EVERY_CONTAINER,
    },
  ];
}
