import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Loaded into the operator's process before its program: says what is alive in its heap when it is asked to. */
setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

process.on('message', (question) => {
  if (question !== 'heap') return;
  collect();
  process.send!({ heapBytes: process.memoryUsage().heapUsed });
});
