// count.mjs REPORTS SKIPPED STATUS: adds up the JUnit reports of a folder and the steps that were left out. What failed is told
// last, and once, as only the end of a log may be kept.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const [, , folder, skippedFile, status] = process.argv;
const report = readdirSync(folder).sort().map((name) => readFileSync(join(folder, name), 'utf8')).join('\n');
const ENTITIES = { lt: '<', gt: '>', quot: '"', apos: "'", amp: '&' };
const plain = (xml) => xml.replace(/&(lt|gt|quot|apos|amp);/g, (_, name) => ENTITIES[name]).replace(/\u001b?\[\d[\d;]*m/g, '').trim();
const attribute = (tag, name) => plain(tag.match(`\\b${name}="([^"]*)"`)?.[1] ?? '');
const suites = [...report.matchAll(/<testsuite\b[^>]*>/g)].map(([tag]) => tag);
const sum = (name) => suites.reduce((total, tag) => total + Number(attribute(tag, name)), 0);
const cases = [...report.matchAll(/<testcase\b([^>]*?)(?:\/>|>([\s\S]*?)<\/testcase>)/g)]
  .map(([, tag, body = '']) => ({ name: attribute(tag, 'name'), file: attribute(tag, 'file'), body }));

/** What has the same text, in the order in which it was met. */
function grouped(items, textOf) {
  const groups = new Map();
  for (const item of items) groups.set(textOf(item), [...groups.get(textOf(item)) ?? [], item]);
  return [...groups];
}

const skippedSteps = readFileSync(skippedFile, 'utf8').split('\n').filter((line) => line !== '');
for (const step of skippedSteps) console.log(`skipped: ${step}`);
for (const [file, tests] of grouped(cases.filter(({ body }) => body.includes('<skipped')), ({ file }) => file)) {
  console.log(`skipped: ${tests.length} of ${file}, the first of them: ${tests[0].name}`);
}

// A hook that fails is the failure of each test that it is for.
const MESSAGE_LINES = 60;
const FAILURE = /<(?:failure|error)\b[^>]*>([\s\S]*?)<\/(?:failure|error)>/;
function failureOf({ file, body }) {
  const lines = plain(body.match(FAILURE)[1]).split('\n').filter((line) => !/^ +at .*(node_modules|node:internal)/.test(line));
  return [file, ...lines.slice(0, MESSAGE_LINES)].map((line) => line.slice(0, 300)).join('\n');
}
for (const [failure, tests] of grouped(cases.filter(({ body }) => FAILURE.test(body)), failureOf)) {
  console.log(`failed: ${tests[0].name}${tests.length === 1 ? '' : ` and ${tests.length - 1} more`}\n  ${failure.replaceAll('\n', '\n  ')}`);
}

// A suite that crashes is an error without tests. A step can also fail without a failed test: lint, types, a file not committed.
const broken = sum('failures') + sum('errors');
const failed = broken === 0 && status !== '0' ? 1 : broken;
const passed = sum('tests') - sum('failures') - sum('skipped');
const skipped = skippedSteps.length + sum('skipped');

console.log(`${passed} passed, ${failed} failed${skipped === 0 ? '' : `, ${skipped} skipped`}`);
process.exitCode = failed === 0 ? 0 : 1;
