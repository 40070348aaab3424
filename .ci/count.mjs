// count.mjs REPORTS SKIPPED STATUS: adds up the JUnit reports of a folder and the steps that were left out.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const [, , folder, skippedFile, status] = process.argv;
const report = readdirSync(folder).sort().map((name) => readFileSync(join(folder, name), 'utf8')).join('\n');
const suites = [...report.matchAll(/<testsuite\b[^>]*>/g)].map(([tag]) => tag);
const sum = (attribute) => suites.reduce((total, tag) => total + Number(tag.match(`\\b${attribute}="(\\d+)"`)?.[1] ?? 0), 0);

const skippedTests = [...report.matchAll(/<testcase\b[^>]*?\bname="([^"]*)"[^>]*>\s*<skipped/g)].map(([, name]) => name.trim());
const skippedSteps = readFileSync(skippedFile, 'utf8').split('\n').filter((line) => line !== '');
for (const name of [...skippedSteps, ...skippedTests]) console.log(`skipped: ${name}`);

// A suite that crashes is an error without tests. A step can also fail without a failed test: lint, types, a file not committed.
const broken = sum('failures') + sum('errors');
const failed = broken === 0 && status !== '0' ? 1 : broken;
const passed = sum('tests') - sum('failures') - sum('skipped');
const skipped = skippedSteps.length + sum('skipped');

console.log(`${passed} passed, ${failed} failed${skipped === 0 ? '' : `, ${skipped} skipped`}`);
process.exitCode = failed === 0 ? 0 : 1;
