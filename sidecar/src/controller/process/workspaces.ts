import { chmod, mkdir, readdir, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { endProcessesAt, identityOf } from './process-table';

const FOLDER = 'workspaces';

/** Names the controller that uses the folder. */
const OWNER = 'owner';

/** The folders that sessions work in, one for each worker, and nothing of an earlier controller. */
export class Workspaces {
  /** Ends what an earlier controller has left. Rejects while another one uses the folder. */
  static async open(stateDir: string): Promise<Workspaces> {
    await mkdir(join(stateDir, FOLDER), { recursive: true, mode: 0o700 });
    // Processes are known by this path, however the setting writes it.
    const root = await realpath(join(stateDir, FOLDER));
    await own(root);
    await endProcessesAt(root);
    const left = (await readdir(root)).filter((name) => name !== OWNER);
    await Promise.all(left.map((name) => removeTree(join(root, name))));
    return new Workspaces(root);
  }

  private constructor(private readonly root: string) {}

  async create(id: string): Promise<string> {
    const folder = join(this.root, id);
    await mkdir(folder, { mode: 0o700 });
    return folder;
  }

  /** Ends everything that has its home in the workspace, and removes it. */
  async remove(id: string): Promise<void> {
    const folder = join(this.root, id);
    await endProcessesAt(folder);
    await removeTree(folder);
  }

  async close(): Promise<void> {
    await rm(join(this.root, OWNER), { force: true });
  }
}

/** The file outlives a controller that is killed; then the process it names is no more. */
async function own(root: string): Promise<void> {
  const file = join(root, OWNER);
  const mine = await identityOf(process.pid);
  if (mine === undefined) throw new Error('workers as processes need /proc, which Linux has');
  const owner = await readFile(file, 'utf8').catch(() => '');
  const pid = Number(owner.split(' ')[0]);
  if (pid > 0 && await identityOf(pid) === owner) throw new Error(`the controller with process ${pid} uses ${root}; each needs a STATE_DIR of its own`);
  await rm(file, { force: true });
  await writeFile(file, mine, { flag: 'wx', mode: 0o600 });
}

/** A session may take the rights to its own folders away. */
async function removeTree(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true }).catch(async () => {
    await openFolders(folder);
    await rm(folder, { recursive: true, force: true });
  });
}

async function openFolders(folder: string): Promise<void> {
  await chmod(folder, 0o700);
  const entries = await readdir(folder, { withFileTypes: true });
  for (const entry of entries) if (entry.isDirectory()) await openFolders(join(folder, entry.name));
}
