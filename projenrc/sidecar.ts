import { cdk8s, javascript, JsonFile } from 'projen';

/** What the servers are made of. esbuild puts it into the bundles, so the library itself depends on none of it. */
export const SIDECAR_DEPENDENCIES = [
  '@fastify/under-pressure@^9', '@peculiar/x509@^2', '@redis/client@^6.3.1', '@smithy/signature-v4@^5', 'autocannon@^8', 'aws4@^1.13', 'close-with-grace@^2', 'esbuild@^0.28', 'fastify@^5', 'fflate@^0.8', 'ipaddr.js@^2', 'jose@^6', 'pino@^10', 'prom-client@^15', 'reflect-metadata@^0.2', 'undici@^7', 'ws@^8', '@types/autocannon@^7', '@types/aws4@^1', '@types/ws@^8',
];

/** jest runs CommonJS: the ESM-only packages of the servers are turned into it. */
export const SIDECAR_JEST = {
  transform: {
    '/node_modules/jose/.+\\.js$': new javascript.Transform('<rootDir>/test/helpers/esbuild-transform.cjs'),
  },
  transformIgnorePatterns: ['/node_modules/(?!(jose)/)'],
};

/** The servers live in `sidecar/`, inside the one package: one install, one lint, one test run. */
export function addSidecar(project: cdk8s.ConstructLibraryCdk8s): void {
  new javascript.TypescriptConfig(project, {
    fileName: 'sidecar/tsconfig.json',
    include: ['src/**/*.ts', 'image/**/*.ts'],
    compilerOptions: {
      target: 'ES2022',
      lib: ['es2023'],
      // Lets CommonJS-typed sources import the packages that are ESM only.
      module: 'node20',
      moduleResolution: javascript.TypeScriptModuleResolution.NODE16,
      rootDir: '..',
      strict: true,
      noEmit: true,
      isolatedModules: true,
      noImplicitReturns: true,
      noUnusedLocals: true,
      noUnusedParameters: true,
      esModuleInterop: true,
      skipLibCheck: true,
      types: ['jest', 'node'],
    },
  });
  // light-my-request 6.8 brings cookie 2, which is ESM only and which jest on Node 20 cannot load.
  project.package.addPackageResolutions('light-my-request@6.6.0');
  // Tests of servers import ESM-only packages, which only the sidecar's own settings allow.
  for (const folder of ['sidecar', 'node']) {
    project.tsconfigDev.addExclude(folder);
    new JsonFile(project, `test/${folder}/tsconfig.json`, { obj: { extends: '../../sidecar/tsconfig.json', include: ['**/*.ts'] } });
  }
  project.eslint!.allowDevDeps('**/sidecar/**');
  // File modes are bit masks.
  project.eslint!.addOverride({ files: ['sidecar/**/*.ts', 'test/sidecar/**/*.ts'], rules: { 'no-bitwise': ['off'] } });
  project.gitignore.exclude('/sidecar/dist/');
}
