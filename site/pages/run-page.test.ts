// What a run's page says as served, before any script.
import { describe, expect, test } from "vitest";
import { SIGNED_IN, SIGNED_OUT } from "../testing/sample-frame.ts";
import {
  doneIs,
  type EventContent,
  jobIs,
  logOf,
  numberEvents,
  renderableAfter,
  runIs,
  stepIs,
} from "../testing/sample-run.ts";
import { RunPage, type RunPageProps } from "./run-page.tsx";

const RUNNING = [runIs("running"), jobIs("running"), stepIs("running"), logOf("hello\npart")];
const FAILED = [...RUNNING, stepIs("failed"), jobIs("failed"), doneIs("failed", "job build failed")];

async function render(contents: readonly EventContent[], more: Partial<RunPageProps> = {}): Promise<string> {
  return String(await RunPage({ frame: SIGNED_IN, ...renderableAfter(numberEvents(contents)), ...more }));
}

const countOf = (html: string, part: string): number => html.split(part).length - 1;

describe("a run under way", () => {
  test("shows what was printed, and where the script goes on", async () => {
    const html = await render(RUNNING);
    expect(html).toContain('<span class="line">hello\n</span><span class="line" data-open="">part</span>');
    expect(html).toContain('data-stream="/api/runs/5/stream"');
    expect(html).toContain("&quot;seq&quot;:4");
    expect(html).toContain('<script type="module" src="/assets/run.js">');
  });

  test("can be cancelled by a plain form with the session's token", async () => {
    const html = await render(RUNNING);
    expect(html).toMatch(
      /<form method="post" action="\/admin\/demo\/runs\/1\/cancel"[^>]*><input type="hidden" name="_csrf" value="the-token"/,
    );
  });

  test("offers no cancelling to those who may not, nor twice", async () => {
    expect(await render(RUNNING, { canCancel: false, frame: SIGNED_OUT })).not.toContain("<form");
    const asked = renderableAfter(numberEvents(RUNNING)).run;
    const html = await render(RUNNING, { run: { ...asked, cancelRequestedAt: SIGNED_IN.now } });
    expect(html).not.toContain("/cancel");
    expect(html).toContain("cancelling, asked <time");
  });
});

describe("a run that ended", () => {
  test("says why, and streams nothing more", async () => {
    const html = await render(FAILED);
    expect(html).toMatch(/<p class="wrong" data-reason-of="run">job build failed<\/p>/);
    expect(html).toContain("exit code 3");
    expect(html).not.toMatch(/data-stream|data-snapshot/);
    expect(html).not.toContain("/cancel");
  });

  test("needs no script when nothing failed", async () => {
    expect(await render([...RUNNING, stepIs("succeeded"), doneIs("succeeded")])).not.toContain("<script");
  });

  test("says each status in words, in the drawing and at the job", async () => {
    const html = await render(FAILED);
    expect(countOf(html, 'data-word="">failed<')).toBe(4);
    expect(html).toMatch(/<tspan data-mark="">✗<\/tspan> <tspan data-word="">failed<\/tspan>/);
  });

  test("names the sandbox, the attempt and the parts of its start", async () => {
    const html = await render(FAILED);
    expect(html).toContain("bubblewrap 0.8.0 · attempt 1");
    expect(html).toContain("queue 3 ms · claim 5 ms");
  });
});

describe("output", () => {
  test("is text, whatever it holds", async () => {
    const evil = `<script>alert(1)</script>"'><img src=x onerror=alert(1)>\u001b[31m</span><b>`;
    const html = await render([...RUNNING, logOf(evil)]);
    expect(html).not.toMatch(/<script>|<img|<b>/);
    expect(html).toContain("&lt;script&gt;alert(1)&lt;/script&gt;");
    expect(html).toContain('<span class="fg1">&lt;/span&gt;&lt;b&gt;</span>');
  });

  test("of a lost attempt isn't shown, and the loss is said", async () => {
    const html = await render([...RUNNING, jobIs("waiting"), jobIs("running", 2)]);
    expect(html).not.toContain("hello\n");
    expect(html).toContain("attempt 1 was lost; this is attempt 2");
  });

  test("beyond what a page shows is counted, with a link to all of it", async () => {
    const html = await render([...RUNNING, logOf("\nx".repeat(3000))]);
    expect(countOf(html, 'class="line"')).toBe(2001);
    expect(html).toContain("1,001 earlier lines are only in the full log.");
    expect(html).toContain('href="/admin/demo/runs/1/jobs/1/log"');
  });

  test("whose beginning wasn't read says so without a number", async () => {
    const html = await render(RUNNING, { cutLogs: [{ jobId: 1, stepId: 11 }] });
    expect(html).toContain('data-uncounted=""');
    expect(html).toContain("Earlier lines are only in the full log.");
  });

  test("outside the steps has a place of its own, hidden while empty", async () => {
    expect(await render(RUNNING)).toMatch(/<details class="step" data-details-of="job-1" open="" hidden="">/);
    const html = await render([...RUNNING, logOf("checking out\n", { stepId: null })]);
    expect(html).toMatch(/<details class="step" data-details-of="job-1" open=""><summary/);
  });
});
