import { parseArgs } from 'node:util';
import { diffOf } from './diff';
import { CliOutput, diffJson, diffText, visible } from './output';
import { readDocument } from './read-document';

/** Exit codes, those of `kubectl diff`. */
const SAME = 0;
const DIFFERENT = 1;
const FAILED = 2;

const USAGE = `Usage: cdk8s-agent-platform diff OLD NEW [--json]

Says in words what a change of a platform opens and closes.
  OLD, NEW    posture.json files, as PostureReport writes them
  --json      the same as JSON: lists "opens", "closes" and "changes" of {"section","text"}
  --help      this text
  --version   the version of the package
Ends with 0 when there is no difference, 1 when there is one, 2 when it cannot be told.`;

/** The command. Answers with the exit code. */
export async function command(argv: readonly string[], output: CliOutput, version: () => string): Promise<number> {
  try {
    const { values, positionals: [name, ...files] } = parseArgs({
      args: [...argv], allowPositionals: true, options: { json: { type: 'boolean' }, help: { type: 'boolean' }, version: { type: 'boolean' } },
    });
    if (values.help === true || values.version === true) {
      output.out(values.help === true ? USAGE : version());
      return SAME;
    }
    if (name !== 'diff') throw new Error(name === undefined ? 'name a command; --help lists them' : `there is no command '${name}'; --help lists them`);
    if (files.length !== 2) throw new Error(`diff needs two files, OLD and NEW, got ${files.length}`);
    const [before, after] = [await readDocument(files[0]), await readDocument(files[1])];
    const diff = diffOf(before, after);
    output.out(values.json === true ? diffJson(diff) : diffText(diff));
    return Object.values(diff).every((differences) => differences.length === 0) ? SAME : DIFFERENT;
  } catch (error) {
    output.err(visible(`cdk8s-agent-platform: ${(error as Error).message}`));
    return FAILED;
  }
}
