/**
 * Decides which sandbox this machine gets: gVisor where it works, else bubblewrap, else none with the reasons of
 * each. A job never runs without one.
 */

import { describeBubblewrap } from "./bubblewrap.ts";
import type { DriverChoice, LocalDriverOptions } from "./driver.ts";
import { findPrograms } from "./find-programs.ts";
import { describeGvisor, gvisorPlatforms } from "./gvisor.ts";
import { LocalDriver } from "./local-driver.ts";
import { type LocalHost, openLocalHost } from "./local-host.ts";
import { probeTechnology } from "./probe.ts";
import type { Technology } from "./technology.ts";

type ChooseOptions = LocalDriverOptions & {
  /** `PLUE_SANDBOX`: this technology or none; null leaves the choice to what works. */
  insist: "gvisor" | "bubblewrap" | null;
  /** Where `runsc` and `bwrap` are looked for: `listSearchFolders(PATH)`. */
  searchFolders: string[];
};

const installHint = "install one with: apt-get install bubblewrap runsc";

type Candidates = { technologies: Technology[]; missing: string | null };

/** Probes the candidates in order and makes the driver of the first that passes. */
export async function chooseDriver(options: ChooseOptions): Promise<DriverChoice> {
  if (process.platform !== "linux") {
    return { available: false, reason: `sandboxes need Linux, and this is ${process.platform}` };
  }
  const host = await openLocalHost(options);
  const names = options.insist === null ? (["gvisor", "bubblewrap"] as const) : [options.insist];
  const rejected: string[] = [];
  try {
    for (const name of names) {
      const { technologies, missing } = await listCandidates(name, host, options.searchFolders);
      if (missing !== null) rejected.push(missing);
      for (const technology of technologies) {
        const problem = await probeTechnology(host, technology);
        if (problem === null) {
          const description = describeChoice(host, technology, rejected);
          return { available: true, driver: new LocalDriver(host, technology, description), rejected };
        }
        rejected.push(`${technology.title}: ${problem}`);
      }
    }
  } catch (error) {
    await host.owner.close();
    throw error;
  }
  await host.owner.close();
  const insisted = options.insist === null ? "" : `PLUE_SANDBOX=${options.insist} insists, but `;
  return {
    available: false,
    reason: `${insisted}no sandbox works here (${rejected.join("; ")}); ${installHint}`,
  };
}

async function listCandidates(
  name: "gvisor" | "bubblewrap",
  host: LocalHost,
  searchFolders: string[],
): Promise<Candidates> {
  const { filterFile } = host;
  if (name === "bubblewrap" && filterFile === null) {
    return { technologies: [], missing: `bubblewrap: no seccomp filter is written for ${process.arch}` };
  }
  const program = name === "gvisor" ? "runsc" : "bwrap";
  const found = await findPrograms(program, searchFolders);
  const technologies = found.flatMap((copy) =>
    filterFile === null || name === "gvisor"
      ? gvisorPlatforms.map((platform) => describeGvisor(copy, platform, host.asRoot))
      : [describeBubblewrap(copy, filterFile, host.asRoot)],
  );
  return { technologies, missing: found.length === 0 ? `${name}: no ${program} is installed` : null };
}

function describeChoice({ cgroups, asRoot }: LocalHost, technology: Technology, rejected: string[]): string {
  const limits = cgroups.usable ? cgroups.description : `rlimits only (${cgroups.reason})`;
  const user = asRoot ? "" : "; started without root";
  const others = rejected.length === 0 ? "" : `; not used: ${rejected.join("; ")}`;
  return `${technology.title}; ${limits}${user}${others}`;
}
