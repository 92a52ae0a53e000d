// The run page's script: goes on from what the page shows, with the events that follow. Everything it adds is text;
// nothing that a run prints becomes markup. Where steps failed, it goes to the end of what they printed.
import { startRunPage } from "./run/run-page.ts";

const page = document.getElementById("run");
if (page?.dataset.stream !== undefined) startRunPage(page);

const FAILED_LOGS = '.step:has(> summary > [data-status="failed"]) > .log';
for (const log of document.querySelectorAll(FAILED_LOGS)) log.scrollTop = log.scrollHeight;
