// What a gateway as a whole works with in tests: a ledger, a Worker that gives git, and the built runner.
import { type FakeWorker, startFakeWorker } from "../../scripts/testing/fake-worker.ts";
import { type GitOrigin, makeGitOrigin } from "../../scripts/testing/git-origin.ts";
import { makeRunnerFolder, type RunnerFolder } from "../../scripts/testing/runner-process.ts";
import { makeTestLedger, type OwnLedger } from "./test-ledger.ts";

export const GATEWAY_TEST_SECRET = "a-gateway-secret-for-the-tests-only";

export interface GatewaySurroundings {
  store: OwnLedger;
  /** What the Worker gives: one file, `README.md`. */
  origin: GitOrigin;
  worker: FakeWorker;
  folder: RunnerFolder;
  remove: () => Promise<void>;
}

export async function makeGatewaySurroundings(serverUrl: string): Promise<GatewaySurroundings> {
  const store = await makeTestLedger(serverUrl);
  const origin = makeGitOrigin({ "README.md": "Read me\n" });
  const worker = await startFakeWorker(GATEWAY_TEST_SECRET, origin);
  const folder = await makeRunnerFolder();
  const remove = async () => {
    await worker.stop();
    await store.close();
    origin.remove();
    folder.remove();
  };
  return { store, origin, worker, folder, remove };
}
