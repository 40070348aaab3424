import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Duration, Size, Testing } from 'cdk8s';
import { Cpu } from 'cdk8s-plus-28';
import { Build, each, Effects, emitted, merged, platform, refusal, rows, TEMPLATE } from './build';
import {
  AgentNamespace, AgentNamespaceOptions, AuditClaimOptions, AuditRetention, AuditStorage, BrokerCaller, BrokerCapability, BrokerCatalog, BrokerLimits,
  BrokerOptions, BrokerPolicy, BrokerSubject, BrokerTls, CredentialBroker, CredentialBrokerProps, CustomResourceDefinitions, DefinitionsOwner,
  HarnessTemplate, ObjectQuota, Placement, SidecarImage,
} from '../../src';
import { DIGEST, IMAGE } from '../helpers/platform';
import { tempFolder } from '../helpers/temp-folder';

const OTHER_DIGEST = `sha256:${'f'.repeat(64)}`;
const image = (value: SidecarImage) => platform({ image: value });
const broker = (options: BrokerOptions) => platform({ broker: options });
const storage = (auditStorage: AuditStorage) => broker({ auditStorage });
const retention = (auditRetention: AuditRetention) => broker({ auditRetention });
const placed = (placement: Placement) => platform({ placement });

/** A file as `npm run image` writes it. */
function digestFile(digest: string): string {
  const file = join(tempFolder(), 'digest.json');
  writeFileSync(file, JSON.stringify({ mediaType: 'application/vnd.oci.image.manifest.v1+json', digest }));
  return file;
}

const PLACEMENT: Placement = {
  imagePullSecrets: ['registry'],
  nodeSelector: { pool: 'agents' },
  priorityClassName: 'high',
  runtimeClassName: 'gvisor',
  tolerations: [{ key: 'agents', operator: 'Exists' }],
};

const CALLER: BrokerCaller = { namespace: 'paddock-system', serviceAccount: 'controller', capabilities: [BrokerCapability.ISSUE] };

const BROKER: BrokerOptions = {
  auditRetention: AuditRetention.atLeast(Duration.days(30)),
  auditStorage: AuditStorage.ephemeral(),
  callers: [CALLER],
  limits: { issuePerSecond: 7 },
  replicas: 3,
  resources: { cpu: { request: Cpu.millis(200) } },
  tls: BrokerTls.existingSecret('certificate'),
};

/** What a broker needs that reads documents. */
const LONE: BrokerOptions = { replicas: 1, tls: BrokerTls.existingSecret('certificate') };
const catalog = (value: BrokerCatalog) => broker({ ...LONE, catalog: value });

function namespace(options: AgentNamespaceOptions): Build {
  return emitted((world) => world.platform.addNamespace('team-b', options));
}

/** A namespace with a template that nothing grants what it needs. */
function unmetNamespace(options: AgentNamespaceOptions): Build {
  return refusal(emitted((world) => {
    const team = world.platform.addNamespace('team-b', options);
    new HarnessTemplate(world.chart, 'coder', { namespace: team, ...TEMPLATE, credentials: ['TOKEN'] });
  }));
}

function foreignNamespace(platformName: string, namespaceName: string): Build {
  return emitted(({ chart }) => {
    new BrokerPolicy(chart, 'policy', { namespace: AgentNamespace.fromName(platformName, namespaceName), appliesToTemplates: ['*'] });
  });
}

function ownBroker(props: CredentialBrokerProps): Build {
  return () => {
    const chart = Testing.chart();
    new CredentialBroker(chart, 'broker', props);
    return Testing.synth(chart);
  };
}

function definitions(platformName?: string): Build {
  return () => {
    const chart = Testing.chart();
    new CustomResourceDefinitions(chart, 'definitions', { platformName });
    return Testing.synth(chart);
  };
}

export const PLATFORM_EFFECTS: Effects = merged(
  rows('AgentPlatformProps', platform, {}, {
    image: SidecarImage.fromDigest('example.com/other', DIGEST),
    broker: { replicas: 3 },
    createNamespace: false,
    definitions: DefinitionsOwner.EXTERNAL,
    namespace: 'other',
    placement: { priorityClassName: 'high' },
    podSecurityVersion: 'v1.31',
    requireHardenedPods: false,
  }),
  each('DefinitionsOwner', (owner) => platform({ definitions: owner }), Object.values(DefinitionsOwner)),
  {
    'SidecarImage.fromDigest(repository)': [image(SidecarImage.fromDigest('example.com/a', DIGEST)), image(SidecarImage.fromDigest('example.com/b', DIGEST))],
    'SidecarImage.fromDigest(digest)': [image(SidecarImage.fromDigest('example.com/a', DIGEST)), image(SidecarImage.fromDigest('example.com/a', OTHER_DIGEST))],
    'SidecarImage.fromMutableTag(repository)': [image(SidecarImage.fromMutableTag('example.com/a', 'x')), image(SidecarImage.fromMutableTag('example.com/b', 'x'))],
    'SidecarImage.fromMutableTag(tag)': [image(SidecarImage.fromMutableTag('example.com/a', 'x')), image(SidecarImage.fromMutableTag('example.com/a', 'y'))],
    'SidecarImage.fromDigestFile(repository)': [
      image(SidecarImage.fromDigestFile('a/b', digestFile(DIGEST))), image(SidecarImage.fromDigestFile('a/c', digestFile(DIGEST))),
    ],
    'SidecarImage.fromDigestFile(file)': [
      image(SidecarImage.fromDigestFile('a/b', digestFile(DIGEST))), image(SidecarImage.fromDigestFile('a/b', digestFile(OTHER_DIGEST))),
    ],
    'SidecarImage.fromReference(reference)': [image(SidecarImage.fromReference(`a/b@${DIGEST}`)), image(SidecarImage.fromReference(`a/b@${OTHER_DIGEST}`))],
  },
  rows('BrokerOptions', broker, {}, BROKER),
  rows('BrokerOptions', broker, LONE, { catalog: BrokerCatalog.directory('documents', 'secrets') }),
  rows('BrokerLimits', (limits: BrokerLimits) => broker({ limits }), {}, { issuePerSecond: 7, validateEgressPerSecond: 7, substituteAuthPerSecond: 7 }),
  each('BrokerCapability', (capability) => broker({ callers: [{ ...CALLER, capabilities: [capability] }] }), Object.values(BrokerCapability)),
  each('BrokerSubject', (subject) => broker({ callers: [{ ...CALLER, subjects: [subject] }] }), Object.values(BrokerSubject)),
  rows('BrokerCaller', (caller: BrokerCaller) => broker({ callers: [caller] }), CALLER, {
    namespace: 'other', serviceAccount: 'other', capabilities: [BrokerCapability.RENEW], subjects: [BrokerSubject.SESSIONS],
  }),
  rows('CredentialBrokerProps', ownBroker, { platformName: 'one', namespace: 'one', image: IMAGE }, {
    ...BROKER,
    image: SidecarImage.fromDigest('example.com/other', DIGEST),
    namespace: 'two',
    placement: PLACEMENT,
    platformName: 'two',
  }),
  rows('CredentialBrokerProps', ownBroker, { ...LONE, platformName: 'one', namespace: 'one', image: IMAGE }, {
    catalog: BrokerCatalog.directory('documents', 'secrets'),
  }),
  {
    'BrokerCatalog.kubernetes()': [catalog(BrokerCatalog.kubernetes()), catalog(BrokerCatalog.directory('documents', 'secrets'))],
    'BrokerCatalog.directory(configMapName)': [catalog(BrokerCatalog.directory('a', 'secrets')), catalog(BrokerCatalog.directory('b', 'secrets'))],
    'BrokerCatalog.directory(secretName)': [catalog(BrokerCatalog.directory('documents', 'a')), catalog(BrokerCatalog.directory('documents', 'b'))],
  },
  {
    'AuditStorage.claim(options)': [storage(AuditStorage.claim()), storage(AuditStorage.claim({ size: Size.gibibytes(7) })), storage(AuditStorage.ephemeral())],
    'AuditStorage.ephemeral(size)': [storage(AuditStorage.ephemeral()), storage(AuditStorage.ephemeral(Size.mebibytes(512)))],
    'AuditRetention.atLeast(time)': [retention(AuditRetention.atLeast(Duration.days(1))), retention(AuditRetention.atLeast(Duration.days(2)))],
    'AuditRetention.forever()': [retention(AuditRetention.forever()), retention(AuditRetention.atLeast(Duration.days(7)))],
    'BrokerTls.selfManaged()': [broker({ tls: BrokerTls.selfManaged() }), broker({ tls: BrokerTls.existingSecret('a') })],
    'BrokerTls.existingSecret(secretName)': [broker({ tls: BrokerTls.existingSecret('a') }), broker({ tls: BrokerTls.existingSecret('b') })],
  },
  rows('AuditClaimOptions', (options: AuditClaimOptions) => storage(AuditStorage.claim(options)), {}, { size: Size.gibibytes(7), storageClassName: 'fast' }),
  rows('Placement', placed, {}, PLACEMENT),
  rows('AgentNamespaceOptions', namespace, {}, { additionalSecrets: ['token'], create: false, imagePullSecrets: ['registry'], objectQuota: {} }),
  rows('AgentNamespaceOptions', unmetNamespace, {}, { managedElsewhere: true }),
  rows('ObjectQuota', (objectQuota: ObjectQuota) => namespace({ objectQuota }), {}, { policies: 7, runs: 7, templates: 7, workspaces: 7 }),
  {
    'AgentPlatform.addNamespace(name)': [emitted((world) => world.platform.addNamespace('b')), emitted((world) => world.platform.addNamespace('c'))],
    'AgentPlatform.addNamespace(options)': [namespace({}), namespace({ create: false })],
    'AgentNamespace.fromName(platformName)': [foreignNamespace('one', 'team'), foreignNamespace('two', 'team')],
    'AgentNamespace.fromName(namespaceName)': [foreignNamespace('one', 'team-1'), foreignNamespace('one', 'team-2')],
    'CustomResourceDefinitionsProps.platformName': [definitions(), definitions('other')],
  },
);
