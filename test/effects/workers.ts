import { Duration, Size } from 'cdk8s';
import { Cpu } from 'cdk8s-plus-28';
import { Effects, emitted, merged, pool, rows } from './build';
import {
  BatchOptions, HarnessTemplate, NetworkPeer, ObjectStore, StickyPoolOptions, WarmPoolOptions, WorkerPool, WorkerWorkload,
} from '../../src';

const workload = (value: WorkerWorkload) => pool({ workload: value });
const batch = (options: BatchOptions) => workload(WorkerWorkload.batch(options));
const store = (objectStore: ObjectStore) => pool({ objectStore });

export const WORKER_EFFECTS: Effects = merged(
  rows('WorkerPoolProps', pool, {}, {
    env: { MODE: 'test' },
    extendedResources: { 'nvidia.com/gpu': 1 },
    idleTimeout: Duration.minutes(1),
    image: 'example.com/worker:2',
    maxSession: Duration.hours(1),
    name: 'other',
    objectStore: { peers: [NetworkPeer.cidr('198.51.100.0/24')] },
    placement: { runtimeClassName: 'gvisor' },
    resources: { cpu: { request: Cpu.millis(100) } },
    template: HarnessTemplate.fromName('coder'),
    userId: 1001,
    workload: WorkerWorkload.sticky(),
    workspaceSize: Size.gibibytes(3),
  }),
  rows('WorkerPoolProps', pool, { template: HarnessTemplate.fromName('coder') }, { credentials: ['GITHUB_TOKEN'] }),
  {
    'WorkerPoolProps.namespace': [
      pool({}),
      emitted(({ chart, platform }) => new WorkerPool(chart, 'pool', { namespace: platform.addNamespace('team-b'), image: 'example.com/worker:1' })),
    ],
    'WorkerWorkload.warmPool(options)': [workload(WorkerWorkload.warmPool()), workload(WorkerWorkload.warmPool({ replicas: 5 })), workload(WorkerWorkload.sticky())],
    'WorkerWorkload.sticky(options)': [workload(WorkerWorkload.sticky()), workload(WorkerWorkload.sticky({ replicas: 5 }))],
    'WorkerWorkload.batch(options)': [batch({ command: ['/a'] }), batch({ command: ['/b'] }), workload(WorkerWorkload.warmPool())],
  },
  rows('WarmPoolOptions', (options: WarmPoolOptions) => workload(WorkerWorkload.warmPool(options)), {}, { replicas: 0 }),
  rows('StickyPoolOptions', (options: StickyPoolOptions) => workload(WorkerWorkload.sticky(options)), {}, { replicas: 0, storageClassName: 'fast', volumeSize: Size.gibibytes(3) }),
  rows('BatchOptions', batch, { command: ['/a'] }, {
    activeDeadline: Duration.hours(2),
    backoffLimit: 0,
    command: ['/b'],
    completions: 2,
    parallelism: 0,
    ttlAfterFinished: Duration.seconds(0),
  }),
  rows('ObjectStore', store, { peers: [NetworkPeer.cidr('198.51.100.0/24')] }, {
    hostAddresses: { 'store.example.com': '198.51.100.7' },
    peers: [NetworkPeer.cidr('203.0.113.0/24')],
    ports: [9000],
  }),
);
