import { cdk8s } from 'projen';

/** Tasks of this repository beyond projen's own. */
export function addProjectTasks(project: cdk8s.ConstructLibraryCdk8s): void {
  // jsii and cdk8s-cli print notices about Node 20 and about newer releases; neither belongs in a build log.
  project.tasks.addEnvironment('JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION', '20');
  project.tasks.addEnvironment('CDK8S_CHECK_UPGRADE', 'false');

  const bundle = project.addTask('bundle', {
    description: 'Bundle the servers, one file per role with shared chunks',
    exec: 'node sidecar/bundle.mjs',
  });
  project.addTask('quickstart', {
    description: 'Synthesize examples/quickstart, check it, run the broker over it and sessions through the gateway; -- --keep leaves the broker running',
    steps: [
      { spawn: project.compileTask.name },
      { spawn: bundle.name },
      { exec: 'START=$(node -p "Date.now()"); cdk8s synth -o out >/dev/null && ts-node ../show.ts out $START', cwd: 'examples/quickstart' },
      { exec: 'ts-node demo.ts out', cwd: 'examples/quickstart', receiveArgs: true },
    ],
  });

  const typecheck = project.addTask('typecheck', {
    description: 'Check the types of tests, benchmarks and examples',
    steps: [
      { exec: 'tsc -p test/tsconfig.json' },
      { exec: 'tsc -p examples/tsconfig.json' },
      { exec: 'tsc -p sidecar/tsconfig.json' },
      { exec: 'tsc -p test/sidecar/tsconfig.json' },
      { exec: 'tsc -p test/node/tsconfig.json' },
    ],
  });
  // What was deleted from src must not stay in the package.
  project.compileTask.prependExec('rm -rf lib');
  // Tests walk the compiled assembly, and examples import the package by its name.
  project.preCompileTask.spawn(bundle);
  // What takes seconds fails before what takes minutes.
  const [jest, ...checks] = project.testTask.steps;
  project.testTask.reset();
  project.testTask.addSteps({ spawn: project.compileTask.name }, ...checks, { spawn: typecheck.name }, jest);

  const inOrder = '--ci --runInBand --testSequencer ./test/helpers/by-path.cjs';
  const jestFolder = (name: string) => `jest ${inOrder} --testPathIgnorePatterns /node_modules/ --testMatch '<rootDir>/test/${name}/**/*.test.ts'`;
  project.addTask('test:package', {
    description: 'Pack the npm tarball and use it as a stranger would',
    steps: [{ spawn: project.compileTask.name }, { spawn: bundle.name }, { exec: jestFolder('package') }],
  });
  project.addTask('test:cluster', {
    description: 'Apply what the examples emit to the cluster of KUBECONFIG, and see it refuse what it must',
    exec: jestFolder('cluster'),
    receiveArgs: true,
  });
  project.addTask('image', {
    description: 'Build the image of the servers without a container engine; -- --arch arm64 for another platform',
    steps: [{ spawn: bundle.name }, { exec: 'ts-node -T sidecar/image/main.ts', receiveArgs: true }],
  });
  project.addTask('test:node', {
    description: 'Run the image in the one-node cluster of KUBECONFIG, which must have loaded it',
    exec: jestFolder('node'),
    receiveArgs: true,
  });
  project.addTask('openapi', {
    description: 'Write docs/reference/openapi from the schemas of the routes',
    exec: 'ts-node -T sidecar/src/broker/openapi-main.ts',
  });
  project.addTask('test:native', {
    description: 'Fuzz the native helper of sessions and test it with sanitizers; needs a C compiler',
    exec: 'node sidecar/native/test.mjs',
    receiveArgs: true,
  });
  project.addTask('bench:synth', {
    description: 'Measure time and memory of synth against a baseline of the same run',
    steps: [{ spawn: project.compileTask.name }, { exec: 'ts-node bench/synth/main.ts' }],
  });
  project.addTask('bench:reach', {
    description: 'Measure the reach evaluator against plain loops of the same run',
    exec: 'ts-node bench/reach/main.ts',
  });
  project.addTask('bench:session', {
    description: 'Measure cost, latency and memory of the session daemon against a bare HTTP echo of the same run',
    exec: 'ts-node bench/session/main.ts',
    receiveArgs: true,
  });
  project.addTask('bench:sessions', {
    description: 'Measure creation, pass-through and store of sessions against a bare HTTP echo and a bare pass-through of the same run',
    steps: [{ spawn: bundle.name }, { exec: 'ts-node bench/sessions/main.ts', receiveArgs: true }],
  });
  project.addTask('bench:egress', {
    description: 'Measure tunnels, requests and memory of the egress proxy against a bare HTTP echo and a bare forward proxy of the same run',
    steps: [{ spawn: bundle.name }, { exec: 'ts-node bench/egress/main.ts', receiveArgs: true }],
  });
  project.addTask('bench:operator', {
    description: 'Measure API calls, speed and memory of the operator against bare calls of the same run, on the API server of KUBECONFIG',
    steps: [{ spawn: bundle.name }, { exec: 'ts-node bench/operator/main.ts', receiveArgs: true }],
  });
  project.addTask('bench:broker', {
    description: 'Measure cost, latency and memory of the broker against a bare HTTP echo of the same run',
    steps: [{ spawn: bundle.name }, { exec: 'ts-node bench/broker/main.ts', receiveArgs: true }],
  });
}
