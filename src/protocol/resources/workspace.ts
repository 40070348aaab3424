import { conditions, count, keyRef, labelName, MAX_LABEL, objectName, time } from './common';
import { AGE, conditionPath, nameAtMost, ResourceKind } from './kind';
import { WORKSPACE_PHASES } from './phases';
import { volumeSize } from './volume';
import { equal } from '../schema/equal';
import { CelRule } from '../schema/rule';
import { schema, TypeOf } from '../schema/types';

/** The ephemeral Workspace of a run is `<run>-ws`. */
export const EPHEMERAL_SUFFIX = '-ws';

/** Audit events of the seeding of a Workspace name `seed-<workspace>` as their run; the Job is `<workspace>-seed`. */
export const SEED_PREFIX = 'seed-';

/** Longest name of a Workspace with which the names made from it still fit a label. */
export const MAX_WORKSPACE_NAME = MAX_LABEL - SEED_PREFIX.length;

const HTTPS_URL = 'https://[A-Za-z0-9][A-Za-z0-9.-]*(:[0-9]{1,5})?(/[!-~]*)?';
const SSH_URL = 'ssh://([A-Za-z0-9_][A-Za-z0-9._-]*@)?[A-Za-z0-9][A-Za-z0-9.-]*(:[0-9]{1,5})?/[!-~]+';
const SCP_ADDRESS = '[A-Za-z0-9_][A-Za-z0-9._-]*@[A-Za-z0-9][A-Za-z0-9.-]*:[!-.0-~][!-~]*';

const repoRules: readonly CelRule[] = [
  {
    rule: "!has(self.brokerCredentialRef) || self.url.startsWith('https://')",
    message: 'brokerCredentialRef is for https URLs only: the egress proxy cannot read into ssh',
    holds: (self) => self.brokerCredentialRef === undefined || self.url.startsWith('https://'),
  },
  {
    rule: '!has(self.brokerCredentialRef) || !has(self.credentialsSecretRef)',
    message: 'must not have both brokerCredentialRef and credentialsSecretRef',
    holds: (self) => self.brokerCredentialRef === undefined || self.credentialsSecretRef === undefined,
  },
];

const repo = schema({
  'type': 'object',
  'required': ['url'],
  'properties': {
    url: {
      type: 'string',
      description: 'where it is cloned from; runs can only clone https, as ssh does not pass the egress proxy',
      maxLength: 1024,
      pattern: `^(${HTTPS_URL}|${SSH_URL}|${SCP_ADDRESS})$`,
      patternMessage: "must be 'https://host/path' without user or password, 'ssh://[user@]host/path' or 'user@host:path'",
    },
    path: {
      'type': 'string',
      'description': 'folder for it, in the workspace; named after the repository without it',
      'minLength': 1,
      'maxLength': 256,
      'pattern': '^[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)*$',
      'patternMessage': "must be a relative path of letters, digits, '.', '_' and '-' in the workspace",
      'x-kubernetes-validations': [
        {
          // With one spelling per path, comparing texts is enough to find two repositories in one place.
          rule: "!self.matches('(^|/)[.][.]?(/|$)')",
          message: "must not have '.' or '..' segments",
          holds: (self) => !/(^|\/)\.\.?(\/|$)/.test(self),
        },
        {
          // Files of one repository would be hooks and settings of another.
          rule: "!self.matches('(^|/)[.][gG][iI][tT](/|$)')",
          message: "must not have '.git' segments",
          holds: (self) => !/(^|\/)\.git(\/|$)/i.test(self),
        },
      ],
    },
    // A leading dash would be read as an option of git.
    branch: {
      type: 'string',
      minLength: 1,
      maxLength: 255,
      pattern: '^[!-,.-~][!-~]*$',
      patternMessage: "must not have blanks or begin with '-'",
      description: 'branch or tag; the default branch without it',
    },
    depth: { type: 'integer', minimum: 0, maximum: 2_147_483_647, description: 'number of commits that are fetched; with 0, or without it, the whole history' },
    brokerCredentialRef: { ...keyRef, description: 'credential that the template of the run requires: key is its name, and name does not count' },
    credentialsSecretRef: {
      type: 'object',
      description: 'a Secret with username and password, which only the container that clones gets',
      required: ['name'],
      properties: { name: { ...objectName, description: 'name of the Secret' } },
    },
  },
  'x-kubernetes-validations': repoRules,
});

const seed = schema({
  type: 'object',
  description: 'what it begins with; it cannot change, and without it the workspace is empty at first',
  required: ['repos'],
  properties: {
    repos: {
      'type': 'array',
      'description': 'repositories that the first run clones before its agent begins',
      'minItems': 1,
      'maxItems': 32,
      'items': repo,
      'x-kubernetes-validations': [
        {
          rule: 'size(self) == 1 || self.all(r, has(r.path))',
          message: 'each of several repositories must have a path',
          holds: (self) => self.length === 1 || self.every((one: Repo) => one.path !== undefined),
        },
        {
          rule: 'self.all(r, !has(r.path) || self.exists_one(other, has(other.path) && other.path == r.path))',
          message: 'no two repositories may have the same path',
          holds: (self) => allDifferent(self.map((one: Repo) => one.path).filter((path?: string) => path !== undefined)),
        },
      ],
    },
  },
});

const storage = schema({
  'type': 'object',
  'description': 'its volume; it cannot change',
  'required': ['size'],
  'properties': {
    size: { ...volumeSize, description: 'size of the volume, such as 10Gi' },
    storageClass: { ...objectName, description: 'StorageClass of the volume; that of the cluster unless it says otherwise' },
    accessMode: {
      type: 'string', enum: ['ReadWriteOnce', 'ReadWriteMany'], description: 'whether one node or all can mount it; ReadWriteOnce unless it says otherwise',
    },
  },
  'x-kubernetes-validations': [{
    rule: 'self == oldSelf',
    message: 'storage cannot change: create another Workspace',
    holds: (self, oldSelf) => equal(self, oldSelf),
  }],
});

export const workspaceSpec = schema({
  'type': 'object',
  'description': 'the volume, and what it begins with',
  'required': ['storage'],
  'properties': {
    storage,
    seed,
    ephemeral: { type: 'boolean', description: 'whether it goes with the run that it was made for, which alone may use it; false unless it says true. It cannot change' },
  },
  'x-kubernetes-validations': [
    {
      rule: 'has(self.seed) == has(oldSelf.seed) && (!has(self.seed) || self.seed == oldSelf.seed)',
      message: 'seed cannot change: create another Workspace',
      fieldPath: '.seed',
      holds: (self, oldSelf) => equal(self.seed, oldSelf.seed),
    },
    {
      // What one run has had alone would be there for others, or the other way round.
      rule: '(has(self.ephemeral) && self.ephemeral) == (has(oldSelf.ephemeral) && oldSelf.ephemeral)',
      message: 'ephemeral cannot change: create another Workspace',
      fieldPath: '.ephemeral',
      holds: (self, oldSelf) => (self.ephemeral ?? false) === (oldSelf.ephemeral ?? false),
    },
  ],
});

export const workspaceStatus = schema({
  type: 'object',
  description: 'what has become of it',
  properties: {
    phase: { type: 'string', enum: WORKSPACE_PHASES, description: 'where it is; none before it has a volume, and Seeding until a run has cloned' },
    pvcName: { ...objectName, description: 'PersistentVolumeClaim of its volume' },
    seedJobName: { ...objectName, description: 'of paddock, which clones by a Job; not written here' },
    activeRunRef: { ...labelName, description: 'the run that works in it; the others wait' },
    totalRuns: { ...count, description: 'runs that have worked in it so far' },
    lastCountedRun: { type: 'string', maxLength: 253, description: 'UID of the run that was counted last' },
    lastActivity: { ...time, description: 'when the turn of a run last began or ended' },
    conditions: { ...conditions, description: 'Ready says whether runs can work in it, Seeded whether it is cloned, PVCBound whether it has its volume' },
  },
});

type Repo = TypeOf<typeof repo>;
export type WorkspaceSpec = TypeOf<typeof workspaceSpec>;
export type WorkspaceStatus = TypeOf<typeof workspaceStatus>;

export const WORKSPACE: ResourceKind = {
  kind: 'Workspace',
  plural: 'workspaces',
  singular: 'workspace',
  shortNames: ['ws'],
  scope: 'Namespaced',
  description: 'a volume with repositories that runs work in, one at a time',
  spec: workspaceSpec,
  status: workspaceStatus,
  rules: [nameAtMost(MAX_WORKSPACE_NAME, `${SEED_PREFIX}<name> becomes a label of audit events`)],
  printerColumns: [
    { name: 'Phase', type: 'string', jsonPath: '.status.phase' },
    { name: 'Ready', type: 'string', jsonPath: conditionPath('Ready', 'reason') },
    { name: 'Active-Run', type: 'string', jsonPath: '.status.activeRunRef' },
    { name: 'Runs', type: 'integer', jsonPath: '.status.totalRuns' },
    AGE,
    { name: 'Seeded', type: 'string', jsonPath: conditionPath('Seeded', 'reason'), priority: 1 },
    { name: 'Message', type: 'string', jsonPath: conditionPath('Ready', 'message'), priority: 1 },
  ],
};

function allDifferent(values: readonly string[]): boolean {
  return new Set(values).size === values.length;
}
