// The jobs of a run as a drawing: boxes that link to their part of the page, lines for what needs what. The same is
// said in words at each job, so the lines are for the eye only.
import type { JobStatus } from "../../schema/run-states.ts";
import { BOX_HEIGHT_PX, BOX_WIDTH_PX, layoutJobs, type PlacedEdge, type PlacedJob } from "./layout-jobs.ts";
import { describeStatus } from "./status-text.ts";

/** What fits a box in the page's typeface. */
const NAME_CHARS_MAX = 18;

interface DrawnJob {
  id: number;
  key: string;
  name: string;
  needs: readonly string[];
  status: JobStatus;
}

export function JobGraph({ jobs }: { jobs: readonly DrawnJob[] }) {
  const layout = layoutJobs(jobs);
  const byKey = new Map(jobs.map((job) => [job.key, job]));
  return (
    <nav class="graph" aria-label="Jobs" tabindex={0}>
      <svg
        width={layout.width}
        height={layout.height}
        viewBox={`0 0 ${layout.width} ${layout.height}`}
        role="presentation"
      >
        {layout.edges.map((edge) => (
          <path d={pathOf(edge)} />
        ))}
        {layout.jobs.map((place) => {
          const job = byKey.get(place.key);
          return job === undefined ? null : <JobBox job={job} place={place} />;
        })}
      </svg>
    </nav>
  );
}

function JobBox({ job, place }: { job: DrawnJob; place: PlacedJob }) {
  const { mark, word } = describeStatus(job.status);
  const isCut = job.name.length > NAME_CHARS_MAX;
  return (
    <a class="box" href={`#job-${job.id}`} data-status={job.status} data-status-of={`job-${job.id}`}>
      {isCut ? <title>{job.name}</title> : null}
      <rect x={place.x} y={place.y} width={BOX_WIDTH_PX} height={BOX_HEIGHT_PX} />
      <text x={place.x + 10} y={place.y + 18} class="name">
        {isCut ? `${job.name.slice(0, NAME_CHARS_MAX - 1)}…` : job.name}
      </text>{" "}
      <text x={place.x + 10} y={place.y + 35}>
        <tspan data-mark="">{mark}</tspan> <tspan data-word="">{word}</tspan>
      </text>
    </a>
  );
}

const pathOf = ({ points }: PlacedEdge): string =>
  points.map(({ x, y }, index) => `${index === 0 ? "M" : "L"}${x} ${y}`).join("");
