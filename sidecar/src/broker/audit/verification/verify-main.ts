import { readFile } from 'node:fs/promises';
import { AuditProblem, AuditVerification, verifyAuditLog } from './verify';
import type { AuditHead } from '../log/chain';
import { anchorIn } from '../shipping/ship-object';

/** Where the answer goes. */
export interface VerifyOutput {
  out(line: string): void;
  err(line: string): void;
}

const CONSOLE: VerifyOutput = { out: (line) => console.log(line), err: (line) => console.error(line) };

const USAGE = `Usage: audit-verify <folder> [--anchors <file>] [--stream <id>]

Checks that an audit log is whole and unchanged.
  --anchors <file>  heads that were published while the log was written: JSON lines, or a JSON array, of
                    {"stream","sequence","hash"}; lines of a log that hold one in a field "anchor" will do, and so will
                    what 'kubectl get auditevents -o json' prints
  --stream <id>     the stream that the log must be of; anchors of others are left out
Ends with 0 when all is well, 1 when something is wrong, 2 when it cannot be told.`;

/** The command. Answers with the exit code. */
export async function auditVerifyMain(argv: readonly string[], output: VerifyOutput = CONSOLE): Promise<number> {
  try {
    const { folder, anchorsFile, stream } = readArguments(argv);
    if (folder === undefined) {
      output.out(USAGE);
      return 0;
    }
    const all = anchorsFile === undefined ? [] : readAnchors(await readFile(anchorsFile, 'utf8'));
    const anchors = all.filter((anchor) => stream === undefined || anchor.stream === stream);
    if (anchorsFile !== undefined && anchors.length === 0) throw new Error(`${anchorsFile} holds no anchor${stream === undefined ? '' : ` of ${stream}`}`);
    const result = await verifyAuditLog(folder, anchors);
    const other = stream !== undefined && result.head !== undefined && result.head.stream !== stream;
    const problem = !result.ok ? result.problem : other ? foreign(result.head.stream, stream) : undefined;
    describe(result, problem, anchors, output);
    return problem === undefined ? 0 : 1;
  } catch (error) {
    output.err(`audit-verify: ${(error as Error).message}`);
    return 2;
  }
}

function foreign(found: string, wanted: string): AuditProblem {
  return { what: 'foreign stream', message: `the log is of stream ${found}, not of ${wanted}` };
}

interface Arguments {
  /** Not there when help is asked for. */
  readonly folder?: string;
  readonly anchorsFile?: string;
  readonly stream?: string;
}

function readArguments(argv: readonly string[]): Arguments {
  if (argv.includes('--help')) return {};
  const options = new Map<string, string>();
  const folders: string[] = [];
  for (let index = 0; index < argv.length; index++) {
    const word = argv[index];
    if (!word.startsWith('--')) {
      folders.push(word);
      continue;
    }
    const value = argv[++index];
    if (word !== '--anchors' && word !== '--stream') throw new Error(`there is no option ${word}; --help lists them`);
    if (value === undefined || options.has(word)) throw new Error(`${word} needs one value`);
    options.set(word, value);
  }
  if (folders.length !== 1) throw new Error('name one folder; --help says more');
  return { folder: folders[0], anchorsFile: options.get('--anchors'), stream: options.get('--stream') };
}

/** Anchors of a JSON array, of a list of AuditEvents or of JSON lines. Events and lines that are about something else are passed over. */
export function readAnchors(text: string): AuditHead[] {
  const isArray = text.trimStart().startsWith('[');
  const values: readonly unknown[] = isArray ? JSON.parse(text) as unknown[] : itemsOf(parseLine(text)) ?? text.split('\n').map(parseLine);
  return values.flatMap((value) => {
    const anchor = anchorOf(value) ?? anchorOf((value as { anchor?: unknown } | null | undefined)?.anchor) ?? anchorOf(anchorIn(value));
    if (anchor === undefined && isArray) throw new Error(`not an anchor: ${JSON.stringify(value)}`);
    return anchor ?? [];
  });
}

/** What a list of the API holds, or the one object that stands alone; undefined for a text that is not JSON as a whole. */
function itemsOf(whole: unknown): readonly unknown[] | undefined {
  const { items } = (whole ?? {}) as { items?: unknown };
  if (Array.isArray(items)) return items;
  return whole === undefined ? undefined : [whole];
}

function parseLine(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

function anchorOf(value: unknown): AuditHead | undefined {
  const { stream, sequence, hash } = (value ?? {}) as Partial<AuditHead>;
  if (typeof stream !== 'string' || !Number.isSafeInteger(sequence) || typeof hash !== 'string' || !/^[0-9a-f]{64}$/.test(hash)) return undefined;
  return { stream, sequence: sequence!, hash };
}

function describe({ counts, head }: AuditVerification, problem: AuditProblem | undefined, anchors: readonly AuditHead[], output: VerifyOutput): void {
  const { segments, records, events, recovered } = counts;
  const held = `${records} records in ${segments} files: ${events} decisions, ${recovered} recoveries`;
  if (problem !== undefined) {
    const place = [problem.file, problem.line].filter((part) => part !== undefined).join(':');
    output.err(`${problem.what}${place === '' ? '' : ` at ${place}`}: ${problem.message}`);
    output.err(`whole up to there: ${held}`);
    return;
  }
  output.out(`ok: ${held}`);
  if (counts.removed > 0) output.out(`the ${counts.removed} records before were removed after they were shipped`);
  output.out(`stream ${head!.stream}, last record ${head!.sequence}, hash ${head!.hash}`);
  const checked = anchors.filter(({ sequence }) => sequence > counts.removed);
  const covered = Math.max(0, ...checked.map(({ sequence }) => sequence));
  output.out(checked.length === 0
    ? 'no anchors: a cut at the end, or a log written anew as a whole, would not show'
    : `${checked.length} anchors agree; the ${head!.sequence - covered} records after the last rest on the chain alone`);
}
