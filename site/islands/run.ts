// The run page's script: goes on from what the page shows, with the events that follow. Everything it adds is text;
// nothing that a run prints becomes markup.
import { startRunPage } from "./run/run-page.ts";

const page = document.getElementById("run");
if (page?.dataset.stream !== undefined) startRunPage(page);
