import { readFileSync } from 'node:fs';
import { daemon } from './build-session';
import { NODE_MEANS, workbench } from './routes/workbench';
import { SESSION_ROUTES, SESSION_STATUS } from '../../../src/protocol/session-api';
import {
  COMMAND_GRACE_MS, DEFAULT_COMMAND_MS, DEFAULT_FILE_MODE, ENCODINGS, EXECUTE_EVENTS, EXIT_NOT_STARTED, EXIT_SIGNALLED, EXIT_TIMED_OUT, HEARTBEAT_MS,
  MAX_COMMANDS,
  MAX_FILE_BYTES, MAX_HELD_BYTES, MAX_KEPT_OUTPUT, MAX_LISTED, MAX_UPLOAD_BODY, MAX_WAITING_COMMANDS,
} from '../../../src/protocol/session-work';

const PAGE = readFileSync('docs/reference/session-api.md', 'utf8');
const TEXT = PAGE.replace(/\s+/g, ' ');

const section = (title: string): string => PAGE.split(/^## /m).find((part) => part.startsWith(`${title}\n`))!;
const firstColumn = (text: string): readonly string[] => [...text.matchAll(/^\| (`.+?) \|/gm)].map(([, cell]) => cell.replaceAll('`', ''));

test('the page lists every code with its statuses, and no other', () => {
  const written = [...section('Codes').matchAll(/^\| `([A-Z_]+)` \| ([\d, ]+) \| (.+) \|$/gm)].map(([, code, statuses]) => [code, statuses]);
  expect(written).toEqual(Object.entries(SESSION_STATUS).map(([code, statuses]) => [code, statuses.join(', ')]));
});

test('the page lists every route that the daemon has, and no other', async () => {
  const { app } = await workbench(NODE_MEANS);
  const written = firstColumn(section('Routes'));
  for (const route of written) {
    const [method, url] = route.split(' ');
    expect({ route, known: app.hasRoute({ method: method as 'GET', url }) }).toEqual({ route, known: true });
  }
  // The others of a path are told by its refusals.
  for (const path of [...Object.values(SESSION_ROUTES), `${SESSION_ROUTES.files}/*`]) {
    const methods = written.filter((route) => route.endsWith(` ${path}`)).map((route) => route.split(' ')[0]).sort();
    const { headers } = await app.inject({ method: 'OPTIONS', url: path.replace('*', 'x') });
    expect({ path, allow: headers.allow }).toEqual({ path, allow: methods.join(', ') });
  }
});

test('the page lists the fields that a command is answered with', async () => {
  const { execute } = await workbench(NODE_MEANS);
  const { body } = await execute(['sh', '-c', 'kill -9 $$']);
  const fields = firstColumn(section('Execute').split('The answer is 200')[1].split('When the time')[0]).flatMap((cell) => cell.split(', '));
  expect([...fields].sort()).toEqual(Object.keys(body).sort());
});

test('the page lists the events of a stream', () => {
  expect(firstColumn(section('Execute').split('text/event-stream')[1])).toEqual([...EXECUTE_EVENTS]);
});

test('the page says the numbers that the daemon has', () => {
  const mebibytes = (bytes: number): number => bytes / 1024 / 1024;
  for (const text of [
    `${DEFAULT_COMMAND_MS / 1000} s when it is left out`,
    `at most ${mebibytes(MAX_KEPT_OUTPUT)} MiB of each`,
    `${EXIT_TIMED_OUT} when its time was over, ${EXIT_SIGNALLED} after a signal, ${EXIT_NOT_STARTED} when it could not be started`,
    `SIGKILL ${COMMAND_GRACE_MS / 1000} s later`,
    `${MAX_COMMANDS} commands run at the same time and ${MAX_WAITING_COMMANDS} wait`,
    `take ${mebibytes(MAX_HELD_BYTES)} MiB together`,
    `Comments come every ${HEARTBEAT_MS / 1000} s`,
    `or 0${DEFAULT_FILE_MODE.toString(8)}`,
    `at most ${mebibytes(MAX_UPLOAD_BODY)} MiB of JSON`,
    `at most ${mebibytes(MAX_FILE_BYTES) / 1024} GiB`,
    `at most ${MAX_LISTED}`,
    `\`${ENCODINGS[0]}\` or \`${ENCODINGS[1]}\``,
  ]) expect(TEXT).toContain(text);
});

test('what the page says of health is what the daemon says', async () => {
  expect(Object.keys((await daemon().health()).body)).toEqual(expect.arrayContaining(['initialized', 'nativeHelper']));
});
