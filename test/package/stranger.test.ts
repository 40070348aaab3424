import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pack, Tarball } from './tarball';

/** An empty cdk8s app somewhere else, with the tarball and the newest peers that it accepts. */
let app: string;
let tarball: Tarball;

beforeAll(() => {
  tarball = pack();
  app = mkdtempSync(join(tmpdir(), 'stranger-'));
  write('package.json', JSON.stringify({ name: 'stranger', version: '1.0.0', private: true }));
  const packages = [tarball.file, 'cdk8s', 'constructs', 'cdk8s-plus-28', 'cdk8s-cli', 'typescript@6', 'ts-node', '@types/node@20'];
  execFileSync('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error', ...packages], { cwd: app, stdio: ['ignore', 'ignore', 'inherit'] });
}, 300_000);

afterAll(() => {
  rmSync(app, { recursive: true });
  rmSync(tarball.folder, { recursive: true });
});

function write(name: string, text: string): void {
  writeFileSync(join(app, name), text);
}

interface Outcome {
  readonly status: number | null;
  readonly output: string;
}

function run(program: string, ...args: string[]): Outcome {
  const { status, stdout, stderr } = spawnSync(program, args, { cwd: app, encoding: 'utf8', env: { ...process.env, CDK8S_CHECK_UPGRADE: 'false' } });
  return { status, output: `${stdout}${stderr}` };
}

const OK = { status: 0, output: expect.anything() };

describe('types', () => {
  beforeAll(() => write('consumer.ts', [
    "import { AgentPlatform, AgentPlatformProps, DefinitionsOwner, SidecarImage } from 'cdk8s-agent-platform';",
    'export function build(props: AgentPlatformProps): AgentPlatformProps {',
    "  return { ...props, definitions: DefinitionsOwner.EXTERNAL, image: SidecarImage.fromMutableTag('example.com/x', 'dev') };",
    '}',
    'export const platformName: (platform: AgentPlatform) => string = (platform) => platform.platformName;',
  ].join('\n')));

  /** Compiles as a project of that kind would, and looks into the declarations of all packages. */
  function compile(module: string, moduleResolution: string, extra: object = {}): Outcome {
    const compilerOptions = { target: 'es2022', module, moduleResolution, strict: true, noEmit: true, skipLibCheck: false, types: ['node'], ...extra };
    write('tsconfig.json', JSON.stringify({ compilerOptions, files: ['consumer.ts'] }));
    const { status, output } = run('node_modules/.bin/tsc', '-p', 'tsconfig.json');
    return { status, output: output === '' ? '(nothing)' : output };
  }

  test.each([
    ['commonjs', 'node10', { ignoreDeprecations: '6.0' }],
    ['node16', 'node16', {}],
    ['esnext', 'bundler', {}],
  ])('compile with module %s and moduleResolution %s, without skipLibCheck', (module, moduleResolution, extra) => {
    expect(compile(module, moduleResolution, extra)).toEqual({ status: 0, output: '(nothing)' });
  }, 60_000);

  test.each(['node16', 'bundler'])('of private files are not found with moduleResolution %s', (moduleResolution) => {
    const consumer = readFileSync(join(app, 'consumer.ts'), 'utf8');
    write('consumer.ts', "import { PORTS } from 'cdk8s-agent-platform/lib/protocol/ports';\nexport const all = PORTS;\n");
    const { status, output } = compile(moduleResolution === 'bundler' ? 'esnext' : 'node16', moduleResolution);
    write('consumer.ts', consumer);
    expect(status).not.toBe(0);
    expect(output).toContain("Cannot find module 'cdk8s-agent-platform/lib/protocol/ports'");
  }, 60_000);
});

describe('at run time', () => {
  test('the package loads with require and with import', () => {
    expect(run('node', '-e', "require('cdk8s-agent-platform').AgentPlatform.name")).toMatchObject({ status: 0 });
    const script = "import { AgentPlatform } from 'cdk8s-agent-platform'; console.log(AgentPlatform.name)";
    expect(run('node', '--input-type=module', '-e', script)).toEqual({ status: 0, output: 'AgentPlatform\n' });
  });

  test('jsii finds the assembly', () => {
    expect(run('node', '-p', "require.resolve('cdk8s-agent-platform/.jsii')")).toEqual(OK);
  });

  test('private files cannot be loaded', () => {
    const { status, output } = run('node', '-e', "require('cdk8s-agent-platform/lib/private/validation')");
    expect(status).not.toBe(0);
    expect(output).toContain('ERR_PACKAGE_PATH_NOT_EXPORTED');
  });

  test('the quickstart synthesizes, twice with the same bytes, and as here', () => {
    for (const name of ['main.ts', 'cdk8s.yaml']) cpSync(join('examples/quickstart', name), join(app, name));
    write('tsconfig.json', JSON.stringify({ compilerOptions: { target: 'es2022', module: 'node16', strict: true, esModuleInterop: true } }));
    expect(run('node_modules/.bin/cdk8s', 'synth', '-o', 'first')).toMatchObject({ status: 0 });
    expect(run('node_modules/.bin/cdk8s', 'synth', '-o', 'second')).toMatchObject({ status: 0 });
    const first = contents(join(app, 'first'));
    expect(first).toEqual(contents(join(app, 'second')));
    const objects = Object.values(first).join('\n---\n').split(/^kind: /m).length - 1;
    expect(objects).toBeGreaterThan(30);

    mkdirSync(join(app, 'here'));
    execFileSync('npx', ['cdk8s', 'synth', '-o', join(app, 'here')], { cwd: resolve('examples/quickstart'), stdio: 'ignore', env: { ...process.env, CDK8S_CHECK_UPGRADE: 'false' } });
    expect(contents(join(app, 'here'))).toEqual(first);
  }, 120_000);
});

/** Files of a folder by name. */
function contents(folder: string): Record<string, string> {
  return Object.fromEntries(readdirSync(folder).sort().map((name) => [name, readFileSync(join(folder, name), 'utf8')]));
}
