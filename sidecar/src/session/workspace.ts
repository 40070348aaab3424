import { mkdirSync } from 'node:fs';
import { Beneath, openBeneath } from './beneath';
import { Helper, inheritHelper } from './native/connect';
import { NodeProcesses } from './node-processes';
import type { Processes } from './processes';
import { FOLDER_MODE } from '../../../src/protocol/session-work';

/** The folder of the session and what starts commands in it. */
export interface Workspace {
  readonly beneath: Beneath;
  readonly processes: Processes;
  close(): void;
}

/**
 * Opens the workspace, by the helper that has started this process when there is one. It is made when it is not there.
 *
 * @throws HelperGone, or NodeJS.ErrnoException when the folder cannot be opened.
 */
export async function openWorkspace(folder: string, helperFd: number | undefined): Promise<Workspace> {
  mkdirSync(folder, { recursive: true, mode: FOLDER_MODE });
  if (helperFd !== undefined) return withHelper(folder, await inheritHelper(helperFd));
  const beneath = openBeneath(folder);
  return { beneath, processes: new NodeProcesses(), close: () => beneath.close() };
}

function withHelper(folder: string, helper: Helper): Workspace {
  const beneath = helper.beneath(folder);
  let open = true;
  void helper.connection.closed.then((gone) => {
    // Without it nothing can be served any more, and it does not come back: the process ends, as by any defect.
    if (open) throw gone;
  });
  return {
    beneath,
    processes: helper.processes,
    close: () => {
      open = false;
      beneath.close();
      helper.connection.close();
    },
  };
}
