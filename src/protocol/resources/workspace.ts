import { conditions, count, keyRef, labelName, MAX_LABEL, objectName, quantity, time } from './common';
import { AGE, nameAtMost, ResourceKind } from './kind';
import { WORKSPACE_PHASES } from './phases';
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
      maxLength: 1024,
      pattern: `^(${HTTPS_URL}|${SSH_URL}|${SCP_ADDRESS})$`,
      patternMessage: "must be 'https://host/path' without user or password, 'ssh://[user@]host/path' or 'user@host:path'",
    },
    path: {
      'type': 'string',
      'minLength': 1,
      'maxLength': 256,
      'pattern': '^[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)*$',
      'patternMessage': "must be a relative path of letters, digits, '.', '_' and '-' in the workspace",
      'x-kubernetes-validations': [{
        // With one spelling per path, comparing texts is enough to find two repositories in one place.
        rule: "!self.matches('(^|/)[.][.]?(/|$)')",
        message: "must not have '.' or '..' segments",
        holds: (self) => !/(^|\/)\.\.?(\/|$)/.test(self),
      }],
    },
    // A leading dash would be read as an option of git.
    branch: { type: 'string', minLength: 1, maxLength: 255, pattern: '^[!-,.-~][!-~]*$', patternMessage: "must not have blanks or begin with '-'" },
    depth: { type: 'integer', minimum: 0, maximum: 2_147_483_647, description: '0 means the whole history' },
    brokerCredentialRef: keyRef,
    credentialsSecretRef: {
      type: 'object',
      description: 'a Secret with username and password for https, or ssh-privatekey for ssh',
      required: ['name'],
      properties: { name: objectName },
    },
  },
  'x-kubernetes-validations': repoRules,
});

const seed = schema({
  type: 'object',
  required: ['repos'],
  properties: {
    repos: {
      'type': 'array',
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
  'required': ['size'],
  'properties': {
    size: {
      ...quantity,
      'x-kubernetes-validations': [{
        rule: "quantity(string(self)).isGreaterThan(quantity('0'))",
        message: 'must be more than 0',
        holds: (self) => /^[0-9.]*[1-9]/.test(String(self)),
      }],
    },
    storageClass: objectName,
    accessMode: { type: 'string', enum: ['ReadWriteOnce', 'ReadWriteMany'], description: 'ReadWriteOnce unless it says otherwise' },
  },
  'x-kubernetes-validations': [{
    rule: 'self == oldSelf',
    message: 'storage cannot change: create another Workspace',
    holds: (self, oldSelf) => equal(self, oldSelf),
  }],
});

export const workspaceSpec = schema({
  'type': 'object',
  'required': ['storage'],
  'properties': {
    storage,
    seed,
    ephemeral: { type: 'boolean', description: 'it goes with the run that it was made for' },
  },
  'x-kubernetes-validations': [{
    rule: 'has(self.seed) == has(oldSelf.seed) && (!has(self.seed) || self.seed == oldSelf.seed)',
    message: 'seed cannot change: create another Workspace',
    fieldPath: '.seed',
    holds: (self, oldSelf) => equal(self.seed, oldSelf.seed),
  }],
});

export const workspaceStatus = schema({
  type: 'object',
  properties: {
    phase: { type: 'string', enum: WORKSPACE_PHASES },
    pvcName: objectName,
    seedJobName: objectName,
    activeRunRef: labelName,
    totalRuns: count,
    lastCountedRun: { type: 'string', maxLength: 253 },
    lastActivity: time,
    conditions,
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
    { name: 'Active-Run', type: 'string', jsonPath: '.status.activeRunRef' },
    { name: 'Runs', type: 'integer', jsonPath: '.status.totalRuns' },
    AGE,
  ],
};

function allDifferent(values: readonly string[]): boolean {
  return new Set(values).size === values.length;
}
