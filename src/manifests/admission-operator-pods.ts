import { denied, listOf, mapOf } from './admission-cel';
import { wayOutValidations } from './admission-operator-ways-out';
import { AdmissionRule } from './admission-rule';
import { allowedImageCel, AllowedImages } from './allowed-images';
import { Account } from './rbac';
import { API_GROUP, LABELS } from '../protocol/names';
import { OBJECTS } from '../protocol/objects';
import { runObjects, sharedClaim, workspaceClaim } from '../protocol/runs';

/** What the API server is told of the operator. */
export interface OperatorAdmission extends AllowedImages {
  readonly account: Account;
  readonly platform: string;
  /** Whether it deletes every run that is over after some time; only those that say so themselves, when missing. */
  readonly deletesEveryRun?: boolean;
  /** CEL map of namespaces to the names of the Secrets that policies grant; may be lazy. */
  readonly grantedSecrets: unknown;
}

const CREDENTIALS = runObjects('').credentials;

const PODS = { group: '', version: 'v1', resource: 'pods' } as const;

/** What the operator may make and end: pods of runs. That they are restricted is for Pod Security to say, and for the rules about every pod. */
export function operatorPodRules({ platform, ownImages, allowedRegistries, grantedSecrets }: OperatorAdmission): AdmissionRule[] {
  return [
    {
      ...PODS,
      name: 'operator-pods',
      operations: ['CREATE'],
      variables: [
        { name: 'labels', expression: mapOf('object.metadata', 'labels') },
        { name: 'run', expression: `'${LABELS.run}' in variables.labels ? variables.labels['${LABELS.run}'] : ''` },
        owners('object'),
        { name: 'volumes', expression: listOf('object.spec', 'volumes') },
        { name: 'containers', expression: `object.spec.containers + ${listOf('object.spec', 'initContainers')}` },
        { name: 'everywhere', expression: grantedSecrets as string },
        { name: 'granted', expression: 'request.namespace in variables.everywhere ? variables.everywhere[request.namespace] : []' },
      ],
      validations: [
        denied(IS_OF_RUN, `the operator may make only pods with the role agent, and the label ${LABELS.run} of the HarnessRun that owns them`),
        denied(
          `has(object.spec.serviceAccountName) && object.spec.serviceAccountName == '${OBJECTS.agent}'`
          + ' && has(object.spec.automountServiceAccountToken) && !object.spec.automountServiceAccountToken',
          `pods of runs must have the account ${OBJECTS.agent}, and no token of it`,
        ),
        denied("!has(object.spec.nodeName) || object.spec.nodeName == ''", 'where pods of runs are is for the scheduler to say'),
        denied(
          "!has(object.spec.priorityClassName) || !object.spec.priorityClassName.startsWith('system-')",
          'pods of runs must not have a priority class of the cluster itself',
        ),
        denied(`size(${listOf('object.metadata', 'finalizers')}) == 0`, 'pods of runs must have no finalizers'),
        ...wayOutValidations(platform),
        denied(
          'variables.volumes.all(v, has(v.emptyDir) || has(v.configMap) || has(v.secret) || has(v.persistentVolumeClaim))',
          'volumes of pods of runs must be emptyDir, configMap, secret or persistentVolumeClaim',
        ),
        denied(
          'variables.volumes.all(v, !has(v.persistentVolumeClaim)'
          + ` || ${[workspaceClaim(''), sharedClaim('')].map((prefix) => `v.persistentVolumeClaim.claimName.startsWith('${prefix}')`).join(' || ')})`,
          `pods of runs may mount only claims ${workspaceClaim('<workspace>')} and ${sharedClaim('<directory>')}`,
        ),
        denied(everySecret((name) => `!(${name} in variables.granted)`), 'pods of runs must not have a Secret that a BrokerPolicy grants: credentials come from the broker'),
        denied(
          everySecret((name) => `!${name}.endsWith('${CREDENTIALS}') || ${name} == variables.run + '${CREDENTIALS}'`),
          'pods of runs must not have the credentials of another run',
        ),
        ...(allowedRegistries === undefined ? [] : [imageRule(ownImages, allowedRegistries)]),
      ],
    },
    {
      ...PODS,
      name: 'operator-pod-deletions',
      operations: ['DELETE'],
      variables: [owners('oldObject')],
      // Whoever takes labels or owners off a pod must not keep it from being ended; its account cannot be changed.
      validations: [denied(
        `${isControlledByRun()} || (has(oldObject.spec.serviceAccountName) && oldObject.spec.serviceAccountName == '${OBJECTS.agent}')`,
        'the operator may delete only pods of runs',
      )],
    },
  ];
}

function owners(object: string) {
  return { name: 'owners', expression: listOf(`${object}.metadata`, 'ownerReferences') };
}

function isControlledByRun(more = ''): string {
  return `variables.owners.exists(o, has(o.controller) && o.controller && o.apiVersion.startsWith('${API_GROUP}/') && o.kind == 'HarnessRun'${more})`;
}

const IS_OF_RUN = `'${LABELS.role}' in variables.labels && variables.labels['${LABELS.role}'] == 'agent' && variables.run != ''`
  + ` && ${isControlledByRun(' && o.name == variables.run')}`;

/** Of each Secret that is used: its content as files, as all variables or as one, and what images are fetched with. */
function everySecret(holds: (name: string) => string): string {
  const inVolumes = `variables.volumes.all(v, !has(v.secret) || (${holds('v.secret.secretName')}))`;
  const inFrom = `(!has(c.envFrom) || c.envFrom.all(e, !has(e.secretRef) || (${holds('e.secretRef.name')})))`;
  const inEnv = `(!has(c.env) || c.env.all(e, !has(e.valueFrom) || !has(e.valueFrom.secretKeyRef) || (${holds('e.valueFrom.secretKeyRef.name')})))`;
  const forImages = `${listOf('object.spec', 'imagePullSecrets')}.all(s, ${holds('s.name')})`;
  return `${inVolumes} && ${forImages} && variables.containers.all(c, ${inFrom} && ${inEnv})`;
}

function imageRule(ownImages: readonly string[], registries: readonly string[]) {
  return denied(`variables.containers.all(c, ${allowedImageCel(ownImages, registries)})`, `images of runs must come from ${registries.join(', ')}`);
}
