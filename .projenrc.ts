import { cdk, cdk8s, javascript } from 'projen';
import { restrictImports } from './projenrc/import-zones';
import { PUBLISHED_EXPORTS, PUBLISHED_FILES, PUBLISHED_TYPES } from './projenrc/published-files';
import { addReleaseTasks } from './projenrc/release';
import { addSidecar, SIDECAR_DEPENDENCIES, SIDECAR_JEST } from './projenrc/sidecar';
import { addProjectTasks } from './projenrc/tasks';

const project = new cdk8s.ConstructLibraryCdk8s({
  name: 'cdk8s-agent-platform',
  description: 'One cdk8s construct that synthesizes a hardened Kubernetes deployment for AI agents',
  author: 'cdk8s-agent-platform maintainers',
  authorAddress: 'maintainers@cdk8s-agent-platform.example',
  authorOrganization: true,
  repositoryUrl: 'https://github.com/cdk8s-agent-platform/cdk8s-agent-platform.git',
  license: 'Apache-2.0',
  copyrightOwner: 'The cdk8s-agent-platform authors',
  keywords: ['cdk8s', 'kubernetes', 'ai-agents', 'sandbox', 'networkpolicy', 'security'],
  defaultReleaseBranch: 'main',

  // jsii wants the development version of a peer to be the oldest one promised.
  cdk8sVersion: '2.68.12',
  constructsVersion: '10.5.0',
  jsiiVersion: '~6.0.0',
  validateTsconfig: cdk.ValidateTsconfig.MINIMAL, // strict validation refuses stripInternal
  peerDeps: ['cdk8s-plus-28@^2.5.6'],
  devDeps: [
    'cdk8s-cli', 'fast-check', 'kubernetes-types', 'ts-node', 'yaml',
    ...SIDECAR_DEPENDENCIES,
  ],
  minNodeVersion: '20.19.0',
  packageManager: javascript.NodePackageManager.NPM,
  bumpPackage: 'commit-and-tag-version@^12', // 13 needs Node 22

  projenrcTs: true,
  github: false,
  depsUpgrade: false,
  sampleCode: false,
  integrationTestAutoDiscover: false,
  npmignoreEnabled: false, // `files` in package.json is the one list of what is published
  gitignore: ['/examples/*/out/', '/examples/*/posture/', '/.bench/'],
  bin: { 'cdk8s-agent-platform': 'sidecar/dist/cli.mjs' },

  eslintOptions: {
    dirs: ['src', 'sidecar/src'],
    devdirs: ['test', 'projenrc', 'sidecar/image', 'examples', 'bench', '.projenrc.ts'],
    commandOptions: { fix: false },
  },
  jestOptions: {
    updateSnapshot: javascript.UpdateSnapshot.NEVER,
    jestConfig: {
      collectCoverage: false,
      globalSetup: '<rootDir>/test/helpers/temp-root.ts', // one folder for all that tests leave behind
      maxWorkers: '100%',
      testTimeout: 30_000, // tests of processes wait for others on a busy machine
      ...SIDECAR_JEST,
      testMatch: ['<rootDir>/test/**/*.test.ts'],
      testPathIgnorePatterns: ['/node_modules/', '<rootDir>/test/cluster/', '<rootDir>/test/node/', '<rootDir>/test/package/'],
      modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/lib/'],
    },
  },
});

// The registry lacks some platform builds of the newer resolver, which makes `npm ci` fail.
project.package.addPackageResolutions('unrs-resolver@1.12.2');
project.npmrc.addConfig('omit-lockfile-registry-resolved', 'true');
project.package.addField('files', PUBLISHED_FILES);
project.package.addField('exports', PUBLISHED_EXPORTS);
project.package.addField('typesVersions', PUBLISHED_TYPES);
// Internal members name types of development dependencies, which users do not have.
project.tsconfig!.file.addOverride('compilerOptions.stripInternal', true);
project.gitignore.exclude('/.npmignore'); // jsii-pacmak writes one
restrictImports(project.eslint!);
addProjectTasks(project);
addSidecar(project);
addReleaseTasks(project);
project.synth();
