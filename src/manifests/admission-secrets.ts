import { AdmissionRule } from './admission-rule';
import { MAX_CHECKED_SECRETS } from '../protocol/limits';
import { API_GROUP, API_VERSION } from '../protocol/names';

/** The fields of a kind through which its author can make the platform read a Secret. */
export interface SecretSource {
  readonly resource: string;
  /** CEL list of Secret names, given the name of the variable that holds the object. */
  readonly names: (object: string) => string;
}

export const SECRET_SOURCES: readonly SecretSource[] = [
  {
    resource: 'brokerpolicies',
    names: (object) => `has(${object}.spec.grants.credentials) ? ${object}.spec.grants.credentials.map(c, c.provider.secretRef.name) : []`,
  },
  {
    resource: 'harnessruns',
    names: (object) => `has(${object}.spec.promptFrom) && has(${object}.spec.promptFrom.secretKeyRef) ? [${object}.spec.promptFrom.secretKeyRef.name] : []`,
  },
  {
    resource: 'workspaces',
    names: (object) => {
      const named = (field: string) => `${object}.spec.seed.repos.filter(r, has(r.${field})).map(r, r.${field}.name)`;
      return `has(${object}.spec.seed) ? ${named('credentialsSecretRef')} + ${named('brokerCredentialRef')} : []`;
    },
  },
];

/**
 * The broker and the operator read Secrets for the author of an object, so the author
 * must be allowed to read them. Only names that an update adds are checked: a
 * controller that sets a finalizer need not read anything.
 */
export function secretAuthorRule(source: SecretSource): AdmissionRule {
  const added = 'variables.added';
  const secrets = "authorizer.group('').resource('secrets').namespace(request.namespace)";
  // One expression may spend two authorizer calls and all together 28, hence one name each and a limit.
  const eachName = Array.from({ length: MAX_CHECKED_SECRETS }, (_, index) => ({
    expression: `size(${added}) <= ${index} || ${secrets}.name(${added}[${index}]).check('get').allowed()`,
    messageExpression: `"you name Secret '" + ${added}[${index}] + "' but may not get it in namespace '" + request.namespace + "'"`,
    reason: 'Forbidden',
  }));
  return {
    name: `${source.resource}-secrets`,
    group: API_GROUP,
    version: API_VERSION,
    resource: source.resource,
    operations: ['CREATE', 'UPDATE'],
    variables: [
      { name: 'named', expression: source.names('object') },
      { name: 'before', expression: `oldObject == null ? [] : (${source.names('oldObject')})` },
      { name: 'added', expression: 'variables.named.filter(n, !(n in variables.before))' },
    ],
    validations: [
      ...eachName,
      {
        expression: `size(${added}) <= ${MAX_CHECKED_SECRETS} || ${secrets}.check('get').allowed()`,
        message: `an author who names more than ${MAX_CHECKED_SECRETS} Secrets at once must be allowed to get all Secrets of the namespace`,
        reason: 'Forbidden',
      },
    ],
  };
}
