// The import page's script: writes what has changed into the page, which says all of it by itself when it is loaded anew.
import { describeImportText, isImportView } from "../components/import-text.ts";

const page = document.getElementById("import");
const address = page?.dataset.stream;
if (page !== null && address !== undefined) follow(page, address);

function follow(element: HTMLElement, url: string): void {
  // It comes again by itself where the connection ends before the import.
  const source = new EventSource(url);
  source.addEventListener("import", ({ data }) => {
    const view: unknown = JSON.parse(data);
    if (!isImportView(view)) return;
    for (const [field, text] of Object.entries(describeImportText(view))) {
      const place = element.querySelector(`[data-field="${field}"]`);
      if (place !== null && place.textContent !== text) place.textContent = text;
    }
  });
  source.addEventListener("done", () => source.close());
}
