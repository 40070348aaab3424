import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';

const SCRIPT = pathToFileURL('sidecar/bundle.mjs').href;

let root: string;
beforeEach(() => root = mkdtempSync(join(tmpdir(), 'bundle-')));
afterEach(() => rmSync(root, { recursive: true, force: true }));

function write(files: Record<string, string>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), text);
  }
}

interface Bundled {
  readonly problems: string[];
  readonly roles: { readonly role: string; readonly files: string[]; readonly inputs: string[]; readonly bytes: number }[];
}

/** Bundles the roles of the temporary repository, in a process of its own: jest does not load ESM. */
function bundle(...roles: string[]): Bundled {
  const entries = Object.fromEntries(roles.map((role) => [role, join(root, `sidecar/src/${role}/main.ts`)]));
  const code = `import { bundle } from ${JSON.stringify(SCRIPT)};
    const { problems, roles } = await bundle(${JSON.stringify({ entries, outdir: join(root, 'dist'), root })});
    console.log(JSON.stringify({ problems, roles }));`;
  return JSON.parse(execFileSync(process.execPath, ['--input-type=module', '-e', code], { encoding: 'utf8', stdio: 'pipe' }));
}

const pack = (name: string, text = 'module.exports = 1;') => ({
  [`node_modules/${name}/package.json`]: JSON.stringify({ name, main: 'index.js' }), [`node_modules/${name}/index.js`]: text,
});

describe('a bundle', () => {
  test('is one file for a role, which runs, with packages that call require', () => {
    write({
      ...pack('legacy', 'module.exports = require("path").basename(__filename ?? "");'.replace('__filename ?? ""', '"a/b"')),
      'src/protocol/facts.ts': 'export const FACT = 1;',
      'sidecar/src/server/log.ts': 'export const log = (text: string): void => console.log(text);',
      'sidecar/src/broker/main.ts': 'import legacy from "legacy"; import { FACT } from "../../../src/protocol/facts"; import { log } from "../server/log"; log(legacy + FACT);',
    });
    const { problems, roles } = bundle('broker');
    expect(problems).toEqual([]);
    expect(roles).toMatchObject([{ role: 'broker', files: [expect.stringMatching(/broker\.mjs$/)] }]);
    expect(execFileSync(process.execPath, [join(root, 'dist/broker.mjs')], { encoding: 'utf8' })).toBe('b1\n');
  });

  test('shares with others what they share, and is charged for it', () => {
    write({
      'sidecar/src/server/log.ts': `export const log = (): void => console.log(${JSON.stringify('x'.repeat(2000))});`,
      'sidecar/src/broker/main.ts': 'import { log } from "../server/log"; log();',
      'sidecar/src/session/main.ts': 'import { log } from "../server/log"; log(); log();',
    });
    const { problems, roles } = bundle('broker', 'session');
    expect(problems).toEqual([]);
    expect(readdirSync(join(root, 'dist/chunks'))).toHaveLength(1);
    for (const { inputs, bytes } of roles) {
      expect(inputs).toContain('sidecar/src/server/log.ts');
      expect(bytes).toBeGreaterThan(2000);
    }
  });

  test('has no long lines, which Node would quote with an error', () => {
    write({ 'sidecar/src/broker/main.ts': `console.log(${Array.from({ length: 2000 }, (_, at) => `globalThis.a${at}`).join(', ')});` });
    bundle('broker');
    const longest = Math.max(...readFileSync(join(root, 'dist/broker.mjs'), 'utf8').split('\n').map((line) => line.length));
    expect(longest).toBeLessThan(1000);
  });
});

describe('a bundle is refused', () => {
  test.each(['session', 'gateway', 'controller', 'operator', 'egress', 'dev'])('with code of the role %s in that of the broker', (other) => {
    write({
      [`sidecar/src/${other}/part.ts`]: 'export const part = globalThis.name;',
      'sidecar/src/broker/main.ts': `import { part } from "../${other}/part"; console.log(part);`,
    });
    expect(bundle('broker').problems).toEqual([`broker: sidecar/src/${other}/part.ts may not be in the bundle`]);
  });

  test.each(['src/construct.ts', 'src/manifests/pod.ts', 'src/private/validation.ts', 'test/helper.ts'])('with %s', (path) => {
    write({ [path]: 'export const part = globalThis.name;', 'sidecar/src/broker/main.ts': `import { part } from "../../../${path.replace('.ts', '')}"; console.log(part);` });
    expect(bundle('broker').problems).toEqual([`broker: ${path} may not be in the bundle`]);
  });

  test.each(['cdk8s', 'constructs', 'cdk8s-plus-28', 'projen'])('with the package %s', (name) => {
    write({ ...pack(name), 'sidecar/src/broker/main.ts': `import part from "${name}"; console.log(part);` });
    expect(bundle('broker').problems).toEqual([`broker: node_modules/${name}/index.js may not be in the bundle`]);
  });

  test('with a package that only this role may not have, also when it is loaded later or by another package', () => {
    write({
      ...pack('@kubernetes/client-node'),
      ...pack('middle', 'module.exports = require("@kubernetes/client-node");'),
      'sidecar/src/session/main.ts': 'const { default: middle } = await import("middle"); console.log(middle);',
      'sidecar/src/broker/main.ts': 'import middle from "middle"; console.log(middle);',
    });
    expect(bundle('broker', 'session').problems).toEqual(['session: node_modules/@kubernetes/client-node/index.js may not be in the bundle']);
  });

  test('of a role that has no rules', () => {
    write({ 'sidecar/src/other/main.ts': 'console.log(1);' });
    expect(bundle('other').problems).toEqual(['other: there are no rules for the bundle']);
  });

  test('that needs a package which is not there', () => {
    write({ 'sidecar/src/broker/main.ts': 'import "nowhere";' });
    expect(() => bundle('broker')).toThrow('Could not resolve "nowhere"');
  });
});
