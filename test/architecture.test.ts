import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { loadESLint } from 'eslint';
import { IMPORT_ZONES } from '../projenrc/import-zones';
import { FLOWS } from '../src/manifests/flows';

const PAGE = readFileSync('ARCHITECTURE.md', 'utf8');

/** `from --> to` lines of one mermaid block, without the texts in boxes. */
function arrows(heading: string): string[] {
  const block = PAGE.split(`## ${heading}\n`)[1].split('```mermaid\n')[1].split('```')[0];
  return block.split('\n')
    .map((line) => line.replace(/\(\[.*?\]\)|\[".*?"\]/g, '').trim())
    .filter((line) => line.includes('-->'))
    .sort();
}

describe('the pictures of ARCHITECTURE.md', () => {
  test('the rooms have the arrows of the lint rule, and no others', () => {
    const table = Object.entries(IMPORT_ZONES).flatMap(([room, { mayImport }]) => mayImport.map((other) => `${room} --> ${other}`));
    expect(arrows('Rooms')).toEqual(table.sort());
  });

  test('the roles have the arrows of the flow table, and no others', () => {
    const leftOut = ['dns', 'api-server', 'monitoring'];
    const shown = FLOWS.filter(({ from, to }) => !leftOut.includes(from) && !leftOut.includes(to));
    expect(arrows('Roles')).toEqual([...new Set(shown.map(({ from, to }) => `${from} --> ${to}`))].sort());
  });

  test('every folder of src is on the page', () => {
    const folders = readdirSync('src', { withFileTypes: true }).filter((entry) => entry.isDirectory()).map(({ name }) => `src/${name}`);
    expect(folders.filter((folder) => !PAGE.includes(`\`${folder}\``))).toEqual([]);
  });

  test('every file and folder that the page names exists', () => {
    const paths = [...PAGE.matchAll(/`((?:src|test|projenrc)\/[\w./-]+)`/g)].map(([, path]) => path);
    expect(paths.filter((path) => !existsSync(path))).toEqual([]);
  });
});

describe('the lint rule on imports', () => {
  // Only the rule under test: the others need a file that exists on disk.
  const config = JSON.parse(readFileSync('.eslintrc.json', 'utf8').replace(/^\/\/.*$/m, ''));
  const rule = 'import/no-restricted-paths';

  async function complaints(file: string, statement: string): Promise<string[]> {
    const ESLint = await loadESLint({ useFlatConfig: false });
    const eslint = new ESLint({
      useEslintrc: false,
      overrideConfig: {
        parser: config.parser,
        plugins: config.plugins,
        settings: config.settings,
        rules: { [rule]: config.rules[rule] },
      },
    });
    const [{ messages }] = await eslint.lintText(`${statement}\n`, { filePath: file });
    return messages.map(({ ruleId, message }) => `${ruleId}: ${message}`);
  }

  test.each([
    ['src/protocol/x.ts', "import { PORTS } from './ports';"],
    ['src/protocol/resources/x.ts', "import { PORTS } from '../ports';"],
    ['src/protocol/x.ts', "import type { FromSchema } from 'json-schema-to-ts';"],
    ['src/manifests/x.ts', "import { PORTS } from '../protocol/ports';"],
    ['src/manifests/x.ts', "import { FLOWS } from './flows';"],
    ['src/x.ts', "import { FLOWS } from './manifests/flows';"],
    ['src/x.ts', "import { PORTS } from './protocol/ports';"],
    ['src/x.ts', "import { refuse } from './private/validation';"],
    ['src/x.ts', "import { createHash } from 'node:crypto'; import { Chart } from 'cdk8s';"],
    ['src/private/x.ts', "import { SidecarImage } from '../sidecar-image';"],
    ['sidecar/src/broker/x.ts', "import { PORTS } from '../../../src/protocol/ports';"],
    ['sidecar/src/broker/routes/x.ts', "import { PORTS } from '../../../../src/protocol/ports';"],
    ['sidecar/src/broker/x.ts', "import { systemClock } from '../server/time/clock';"],
  ])('lets %s write %s', async (file, statement) => {
    expect(await complaints(file, statement)).toEqual([]);
  });

  test.each([
    ['src/protocol/x.ts', "import { FLOWS } from '../manifests/flows';", 'protocol may import only protocol'],
    ['src/protocol/x.ts', "import type { Flow } from '../manifests/flows';", 'protocol may import only protocol'],
    ['src/protocol/resources/x.ts', "import { SidecarImage } from '../../sidecar-image';", 'protocol may import only protocol'],
    ['src/protocol/x.ts', "export * from '../private/validation';", 'protocol may import only protocol'],
    ['src/manifests/x.ts', "import { SidecarImage } from '../sidecar-image';", 'manifests may import only manifests, protocol'],
    ['src/manifests/x.ts', "import { refuse } from '../private/validation';", 'manifests may import only manifests, protocol'],
    ['src/x.ts', "import { IMPORT_ZONES } from '../projenrc/import-zones';", 'constructs may import only constructs, protocol, manifests'],
    ['src/manifests/x.ts', "import { IMPORT_ZONES } from '../../projenrc/import-zones';", 'manifests may import only manifests, protocol'],
    ['src/x.ts', "import { systemClock } from '../sidecar/src/server/time/clock';", 'constructs may import only constructs, protocol, manifests'],
    ['src/protocol/x.ts', "import { systemClock } from '../../sidecar/src/server/time/clock';", 'protocol may import only protocol'],
    ['sidecar/src/broker/x.ts', "import { FLOWS } from '../../../src/manifests/flows';", 'broker may import only broker, protocol, server, crypto, kube'],
    ['sidecar/src/broker/x.ts', "import { SidecarImage } from '../../../src/sidecar-image';", 'broker may import only broker, protocol, server'],
    ['sidecar/src/server/x.ts', "import { Catalog } from '../broker/catalog/catalog';", 'server may import only server, protocol'],
  ])('refuses %s that writes %s', async (file, statement, reason) => {
    const found = await complaints(file, statement);
    expect(found.length).toBeGreaterThan(0);
    expect(found.every((text) => text.startsWith(`${rule}: `))).toBe(true);
    expect(found.join()).toContain(reason);
  });

  test('finds every file that the statements above import, else it would look at nothing', async () => {
    const imported = [
      'src/manifests/flows.ts', 'src/protocol/ports.ts', 'src/private/validation.ts', 'src/sidecar-image.ts',
      'sidecar/src/server/time/clock.ts', 'sidecar/src/broker/catalog/catalog.ts',
    ];
    expect(imported.filter((file) => !existsSync(file))).toEqual([]);
  });
});
