import { Construct } from 'constructs';
import type { BrokerPolicyProps, ShellGrant } from './broker-policy-props';
import { addCustomResource } from './private/custom-resource';
import { refusedPortProblems, uncoveredHostProblems } from './private/policy-checks';
import { optional, plain } from './private/render';
import type { BrokerPolicySpec } from './protocol/resources';

/**
 * What runs of a namespace may reach and which credentials they may use.
 *
 * Policies add up and none takes anything away. A policy that the API server or the broker would
 * refuse is refused by the constructor: host names, port ranges, one-of rules, and credentials for
 * a host that no egress grant of the same policy covers.
 */
export class BrokerPolicy extends Construct {
  /** Name of the object. */
  public readonly policyName: string;

  /** @internal */
  public readonly _spec: BrokerPolicySpec;

  constructor(scope: Construct, id: string, props: BrokerPolicyProps) {
    super(scope, id);
    const { namespace } = props;
    this.policyName = props.name ?? id;
    this._spec = render(props);
    const objectId = { platform: namespace.platformName, part: 'policies', name: this.policyName, namespace: namespace.namespaceName } as const;
    addCustomResource(this, 'BrokerPolicy', objectId, this._spec, [...uncoveredHostProblems(this._spec), ...refusedPortProblems(this._spec)]);
    namespace._addPolicy({ name: this.policyName, spec: this._spec });
  }
}

function shellSpec({ target, command, allowedPhases }: ShellGrant) {
  return { target, command, allowedPhases };
}

function render(props: BrokerPolicyProps): BrokerPolicySpec {
  const { interact, shell } = props;
  return plain({
    appliesToTemplates: props.appliesToTemplates,
    templateKinds: props.templateKinds,
    imageDigests: props.imageDigests,
    grants: {
      credentials: props.credentials?.map(({ _spec }) => _spec),
      egress: props.egress?.map(({ host, ports, methods, paths }) => ({ host, ports, methods, paths })),
      gitRepos: props.repositories?.map(({ owner, repo, access }) => ({ owner, repo, access })),
      runs: interact === undefined && shell === undefined ? undefined : { interact, shell: optional(shell, shellSpec) },
    },
    egressDiscovery: optional(props.egressDiscovery, ({ reason, expiresAt }) => ({ accepted: true, reason, expiresAt })),
  });
}
