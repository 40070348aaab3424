import * as fs from 'node:fs';
import * as path from 'node:path';
import { findings } from './check';
import { readOutput } from './read-output';
import { summary } from './summary';

/**
 * Checks the YAML of a folder and prints what it is, and where the posture report is, if there is one.
 * Usage: show.ts FOLDER [START], START being when synth began, in milliseconds since 1970.
 */
function main([folder, start]: readonly string[]): void {
  const { files, objects } = readOutput(folder);
  const problems = findings(objects);
  console.log(`\n${summary(objects)}`);
  if (problems.length > 0) {
    console.error(`Problems\n${problems.map((problem) => `  ${problem}`).join('\n')}`);
    process.exitCode = 1;
    return;
  }
  const seconds = start === undefined ? '' : ` in ${((Date.now() - Number(start)) / 1000).toFixed(1)} s`;
  const report = path.resolve('posture', 'posture.html');
  console.log(`${objects.length} objects synthesized and checked${seconds}, no problem found. Written:\n${files.map((file) => `  ${file}`).join('\n')}`);
  if (fs.existsSync(report)) console.log(`The posture report, to be opened in a browser:\n  ${report}`);
}

main(process.argv.slice(2));
