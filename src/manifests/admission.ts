import type { MatchCondition } from 'kubernetes-types/admissionregistration/v1';
import { brokerStatusRule } from './admission-broker-status';
import { controllerRules } from './admission-controller';
import { operatorRules } from './admission-operator';
import { OperatorAdmission } from './admission-operator-pods';
import { hardenedPodsRules } from './admission-pods';
import { AdmissionRule } from './admission-rule';
import { SECRET_SOURCES, secretAuthorRule } from './admission-secrets';
import { egressRules } from './admission-trust';
import { Manifest, metadata } from './manifest';
import { Account } from './rbac';
import { NAMESPACE_NAME_LABEL } from '../protocol/names';

export interface AdmissionOptions {
  readonly platform: string;
  readonly broker: Account;
  /** Of sessions; missing where there are none. */
  readonly controller?: Account;
  /** Missing where there is no way out. */
  readonly egress?: Account;
  /** Missing where there are no runs. */
  readonly operator?: OperatorAdmission;
  /** Names of the platform's namespaces; may be lazy. Not their label: a label can be forgotten or taken off, and then nothing would be refused. */
  readonly namespaces: unknown;
  /** Whether pods that others make in the platform's namespaces must be as hardened as its own. */
  readonly hardenedPods: boolean;
}

/**
 * Every ValidatingAdmissionPolicy of a platform with its binding: to the platform's namespaces, or to one account of the
 * platform everywhere.
 * https://kubernetes.io/docs/reference/access-authn-authz/validating-admission-policy/
 */
export function admissionPolicies({ platform, broker, controller, egress, operator, namespaces, hardenedPods }: AdmissionOptions): Manifest[] {
  const rules = [
    ...SECRET_SOURCES.map(secretAuthorRule),
    brokerStatusRule(broker),
    ...(controller === undefined ? [] : controllerRules(controller)),
    ...(egress === undefined ? [] : egressRules(egress)),
    ...(operator === undefined ? [] : operatorRules(operator)),
    ...(hardenedPods ? hardenedPodsRules() : []),
  ];
  return rules.flatMap((rule) => policyAndBinding(platform, rule, namespaces));
}

function policyAndBinding(platform: string, rule: AdmissionRule, namespaces: unknown): Manifest[] {
  const id = { platform, part: 'admission', name: `${platform}-${rule.name}` } as const;
  const apiVersion = 'admissionregistration.k8s.io/v1';
  const { account, variables, validations } = rule;
  const matchConditions = [...(account === undefined ? [] : [byAccount(account)]), ...(rule.matchConditions ?? [])];
  return [
    {
      apiVersion,
      kind: 'ValidatingAdmissionPolicy',
      metadata: metadata(id),
      spec: {
        failurePolicy: 'Fail',
        matchConstraints: {
          resourceRules: [{
            apiGroups: [rule.group],
            apiVersions: [rule.version],
            operations: rule.operations,
            resources: [rule.resource],
          }],
        },
        ...(matchConditions.length === 0 ? {} : { matchConditions }),
        ...(variables === undefined ? {} : { variables }),
        validations,
      },
    },
    {
      apiVersion,
      kind: 'ValidatingAdmissionPolicyBinding',
      metadata: metadata(id),
      spec: {
        policyName: id.name,
        validationActions: ['Deny'],
        ...(account === undefined ? { matchResources: inNamespaces(namespaces) } : {}),
      },
    },
  ];
}

function byAccount({ namespace, name }: Account): MatchCondition {
  return { name: `by-the-${name}`, expression: `request.userInfo.username == 'system:serviceaccount:${namespace}:${name}'` };
}

function inNamespaces(values: unknown) {
  return { namespaceSelector: { matchExpressions: [{ key: NAMESPACE_NAME_LABEL, operator: 'In', values }] } };
}
