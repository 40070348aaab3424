import { JsiiMember, JsiiType, STRUCTS, TYPES } from './helpers/assembly';

const ALL = [...TYPES.values()];

/** Everything of a type that has a name of its own. */
function membersOf(type: JsiiType): JsiiMember[] {
  return [...(type.properties ?? []), ...(type.methods ?? []), ...(type.members ?? [])];
}

/** `Type.member` of the members that a check finds. */
function found(types: readonly JsiiType[], check: (member: JsiiMember) => boolean): string[] {
  return types.flatMap((type) => membersOf(type).filter(check).map(({ name }) => `${type.name}.${name}`));
}

test('every public type has a summary', () => {
  expect(ALL.filter(({ docs }) => (docs?.summary ?? '') === '').map(({ name }) => name)).toEqual([]);
});

test('every public member has a summary, unless it only implements one that has', () => {
  expect(found(ALL, ({ docs, overrides }) => (docs?.summary ?? '') === '' && overrides === undefined)).toEqual([]);
});

test('every optional property says what its default is', () => {
  expect(found(STRUCTS, ({ optional, docs }) => optional === true && (docs?.default ?? '') === '')).toEqual([]);
});

test('no required property claims a default', () => {
  expect(found(STRUCTS, ({ optional, docs }) => optional !== true && docs?.default !== undefined)).toEqual([]);
});

test('nothing public begins with an underscore', () => {
  expect(ALL.filter(({ name }) => name.startsWith('_')).map(({ name }) => name)).toEqual([]);
  expect(found(ALL, ({ name }) => name.startsWith('_'))).toEqual([]);
});

test('every property of every type is read-only', () => {
  expect(found(ALL.filter(({ kind }) => kind !== 'enum'), (member) => 'type' in member && member.immutable !== true)).toEqual([]);
});

test('enum members are written in capitals', () => {
  expect(found(ALL.filter(({ kind }) => kind === 'enum'), ({ name }) => !/^[A-Z][A-Z0-9_]*$/.test(name))).toEqual([]);
});

test('the tree that a user builds is made of these constructs', () => {
  const constructs = ALL.filter(({ base }) => base === 'constructs.Construct').map(({ name }) => name).sort();
  expect(constructs).toEqual([
    'AgentNamespace', 'AgentPlatform', 'BrokerPolicy', 'ClusterHarnessTemplate', 'CredentialBroker', 'CustomResourceDefinitions', 'DenialProbe',
    'EgressGateway', 'HarnessRun', 'HarnessTemplate', 'NetworkBoundary', 'RunOperator', 'SessionController', 'SessionGateway', 'WorkerPool', 'Workspace',
  ]);
});

test('these names are public, and no others', () => {
  const kindOf = ({ kind, datatype }: JsiiType) => (datatype === true ? 'struct' : kind);
  const names = (wanted: string) => ALL.filter((type) => kindOf(type) === wanted).map(({ name }) => name).sort();
  expect({ classes: names('class'), enums: names('enum'), interfaces: names('interface'), structs: names('struct') }).toEqual({
    classes: [
      'AgentNamespace',
      'AgentPlatform',
      'ApiServerPeer',
      'AuditRetention',
      'AuditStorage',
      'BrokerCatalog',
      'BrokerPolicy',
      'BrokerTls',
      'ClusterHarnessTemplate',
      'ControllerAuthentication',
      'CredentialBroker',
      'CredentialDelivery',
      'CredentialGrant',
      'CustomResourceDefinitions',
      'DenialProbe',
      'DnsPeer',
      'EgressGateway',
      'GatewayAuthentication',
      'GatewayScaling',
      'HarnessRun',
      'HarnessTemplate',
      'NetworkBoundary',
      'NetworkPeer',
      'PodSecurityValidation',
      'PostureReport',
      'RestrictedPods',
      'RunMode',
      'RunOperator',
      'RunPrompt',
      'SeedCredential',
      'SessionController',
      'SessionGateway',
      'SessionStore',
      'SidecarImage',
      'WorkerPool',
      'WorkerWorkload',
      'Workspace',
    ],
    enums: [
      'BrokerCapability',
      'BrokerSubject',
      'DefinitionsOwner',
      'HttpMethod',
      'ImagePullPolicy',
      'InteractiveMode',
      'IssuerKind',
      'PodSecurityStandard',
      'RepositoryAccess',
      'ShellPhase',
      'ShellTarget',
      'TemplateKind',
      'WorkspaceAccessMode',
    ],
    interfaces: [
      'IAgentNamespace',
      'IAgentPlatform',
      'IHarnessTemplate',
      'IWorkspace',
    ],
    structs: [
      'AgentNamespaceOptions',
      'AgentPlatformProps',
      'AnthropicApiCredentialProps',
      'ApiKeyOptions',
      'ApiServerPeerOptions',
      'AuditClaimOptions',
      'AwsAccessKeyCredentialProps',
      'BasicAuthDeliveryProps',
      'BatchOptions',
      'BrokerCaller',
      'BrokerLimits',
      'BrokerOptions',
      'BrokerPolicyProps',
      'CidrPeerOptions',
      'ClusterHarnessTemplateProps',
      'ConfigMapKey',
      'ControllerCaller',
      'ControllerOptions',
      'CpuScalingOptions',
      'CredentialBrokerProps',
      'CustomResourceDefinitionsProps',
      'DenialProbeProps',
      'EgressDiscovery',
      'EgressGrant',
      'EgressLimits',
      'EgressOptions',
      'EgressRequirement',
      'EphemeralWorkspaceOptions',
      'ExistingStoreOptions',
      'GatewayLimits',
      'GatewayOptions',
      'GitHubAppCredentialProps',
      'HarnessRunProps',
      'HarnessRuntime',
      'HarnessTemplateOptions',
      'HarnessTemplateProps',
      'HeaderDeliveryProps',
      'InContainerDeliveryProps',
      'InteractiveLimits',
      'InteractiveOptions',
      'NetworkBoundaryOptions',
      'NetworkBoundaryProps',
      'ObjectQuota',
      'ObjectStore',
      'PatPoolCredentialProps',
      'Placement',
      'PodPeerOptions',
      'PodSecurityValidationProps',
      'PodSecurityWaiver',
      'PostureReportFiles',
      'PostureReportOptions',
      'PrivateDestination',
      'QueryParameterDeliveryProps',
      'RepositoryGrant',
      'RestrictedPodsProps',
      'RunOptions',
      'SecretKey',
      'SeedRepository',
      'SessionOptions',
      'SharedDirectory',
      'ShellGrant',
      'StickyPoolOptions',
      'TemplatePodOptions',
      'TokenIssuer',
      'UpstreamProxy',
      'UserSuppliedCredentialProps',
      'ValkeyStoreOptions',
      'WarmPoolOptions',
      'WorkerPoolProps',
      'WorkspaceOptions',
      'WorkspaceProps',
    ],
  });
});
