/** What the npm tarball holds besides LICENSE, README.md and package.json. jsii consumers need `.jsii`. */
export const PUBLISHED_FILES = [
  '.jsii', 'API.md', 'CHANGELOG.md', 'lib/**/*.js', 'lib/**/*.d.ts',
  // The servers that the manifests start, as bundles that need nothing but Node.
  'sidecar/dist/*.mjs', 'sidecar/dist/chunks/*.mjs', 'sidecar/dist/**/*.LEGAL.txt',
];

/** The public entry points. Everything else in `lib` is private. */
export const PUBLISHED_EXPORTS = {
  '.': { types: './lib/index.d.ts', default: './lib/index.js' },
  './client': { types: './lib/client/index.d.ts', default: './lib/client/index.js' },
  './jest': { types: './lib/jest/index.d.ts', default: './lib/jest/index.js' },
  './package.json': './package.json',
  './.jsii': './.jsii',
};

/**
 * The same for TypeScript's node10 resolution, which does not read `exports`. The package itself
 * is found by `types`; a folder of its own needs a line here.
 */
export const PUBLISHED_TYPES = { '*': { '.': ['lib/index.d.ts'], 'client': ['lib/client/index.d.ts'], 'jest': ['lib/jest/index.d.ts'] } };
