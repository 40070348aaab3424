import { AdmissionRule } from './admission-rule';
import { MAX_CHECKED_SECRETS } from '../protocol/limits';
import { API_GROUP, API_VERSION } from '../protocol/names';

/** The fields of a kind through which its author can make the platform read a Secret. */
export interface SecretSource {
  readonly resource: string;
  /** CEL list of the Secret names in `object`. */
  readonly names: string;
}

export const SECRET_SOURCES: readonly SecretSource[] = [
  {
    resource: 'brokerpolicies',
    names: 'has(object.spec.grants.credentials) ? object.spec.grants.credentials.map(c, c.provider.secretRef.name) : []',
  },
  {
    resource: 'harnessruns',
    names: 'has(object.spec.promptFrom) && has(object.spec.promptFrom.secretKeyRef) ? [object.spec.promptFrom.secretKeyRef.name] : []',
  },
  {
    // With it the node fetches images that only the owners of the Secret may have.
    resource: 'harnesstemplates',
    names: 'has(object.spec.pod) && has(object.spec.pod.imagePullSecrets) ? object.spec.pod.imagePullSecrets.map(s, s.name) : []',
  },
  {
    resource: 'workspaces',
    names: `has(object.spec.seed) ? ${seeded('credentialsSecretRef')} + ${seeded('brokerCredentialRef')} : []`,
  },
];

function seeded(field: string): string {
  return `object.spec.seed.repos.filter(r, has(r.${field})).map(r, r.${field}.name)`;
}

/**
 * The broker and the operator read Secrets for the author of an object, so the author
 * must be allowed to read them. An update that leaves the spec alone is not asked: a
 * controller that sets a finalizer need not read anything. Any other is asked for every
 * Secret: a new host or a new way of delivery would hand out one that was named before.
 */
export function secretAuthorRule(source: SecretSource): AdmissionRule {
  const asked = 'variables.asked';
  const secrets = "authorizer.group('').resource('secrets').namespace(request.namespace)";
  // One expression may spend two authorizer calls and all together 28, hence one name each and a limit.
  const eachName = Array.from({ length: MAX_CHECKED_SECRETS }, (_, index) => ({
    expression: `size(${asked}) <= ${index} || ${secrets}.name(${asked}[${index}]).check('get').allowed()`,
    messageExpression: `"you name Secret '" + ${asked}[${index}] + "' but may not get it in namespace '" + request.namespace + "'"`,
    reason: 'Forbidden',
  }));
  return {
    name: `${source.resource}-secrets`,
    group: API_GROUP,
    version: API_VERSION,
    resource: source.resource,
    operations: ['CREATE', 'UPDATE'],
    variables: [
      { name: 'named', expression: source.names },
      { name: 'asked', expression: 'oldObject == null || object.spec != oldObject.spec ? variables.named : []' },
    ],
    validations: [
      ...eachName,
      {
        expression: `size(${asked}) <= ${MAX_CHECKED_SECRETS} || ${secrets}.check('get').allowed()`,
        message: `an author who names more than ${MAX_CHECKED_SECRETS} Secrets at once must be allowed to get all Secrets of the namespace`,
        reason: 'Forbidden',
      },
    ],
  };
}
