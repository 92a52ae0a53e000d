// Fills a form of a rendered page in again, whichever page it is. Invariant: values become attributes and text, never
// markup, and no form is filled in but the one that says the same hidden things as the one that was sent.
import type { KeptForm } from "./kept-form.ts";

const SAID =
  "You have confirmed that it is you. Nothing was done yet: what you had filled in is back, send it again.";
const WITHOUT_VALUE = new Set(["hidden", "password", "submit", "button", "reset", "image", "file"]);

// The rewriter hands attributes over as they are written in the page, and writes them as they are but for the quote.
const ENTITIES = { "&quot;": '"', "&#39;": "'", "&lt;": "<", "&gt;": ">", "&amp;": "&" };
const read = (element: Element, name: string): string | null =>
  Object.entries(ENTITIES).reduce<string | null>(
    (text, [entity, character]) => text?.replaceAll(entity, character) ?? null,
    element.getAttribute(name),
  );
const write = (value: string): string =>
  value.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

interface FoundForm {
  index: number;
  /** Of the `<details>` it is in. */
  details: number[];
  fits: boolean;
  /** Whether it has the button that was pressed. */
  hasButton: boolean;
}

/** The page with the form filled in and a sentence in it; unchanged where no form of it was the one that was sent. */
export async function fillForm(page: string, kept: KeptForm): Promise<string> {
  const forms = await findForms(page, kept);
  const fitting = forms.filter(({ fits }) => fits);
  const form = fitting.find(({ hasButton }) => hasButton) ?? fitting[0];
  return form === undefined ? page : writeValues(page, kept, form);
}

async function findForms(page: string, { action, fields }: KeptForm): Promise<FoundForm[]> {
  const forms: FoundForm[] = [];
  const open: number[] = [];
  let detailsCount = 0;
  let current: FoundForm | undefined;
  const has = (name: string, value: string) => fields.some(([key, said]) => key === name && said === value);
  const rewriter = new HTMLRewriter()
    .on("details", {
      element(element) {
        open.push(detailsCount++);
        element.onEndTag(() => void open.pop());
      },
    })
    .on("form", {
      element(element) {
        const fits = read(element, "method") === "post" && read(element, "action") === action;
        current = { index: forms.length, details: [...open], fits, hasButton: false };
        forms.push(current);
      },
    })
    .on("form input[type=hidden]", {
      element(element) {
        const name = read(element, "name") ?? "";
        if (name.startsWith("_") || current === undefined) return;
        if (!has(name, read(element, "value") ?? "")) current.fits = false;
      },
    })
    .on("form button[name]", {
      element(element) {
        const pressed = has(read(element, "name") ?? "", read(element, "value") ?? "");
        if (pressed && current !== undefined) current.hasButton = true;
      },
    });
  await rewriter.transform(new Response(page)).text();
  return forms;
}

/** The values of one name are taken one after the other, as its fields stand on the page. */
function makeTaker({ fields }: KeptForm) {
  const left = [...fields];
  return (name: string): string | undefined => {
    const at = left.findIndex(([key]) => key === name);
    return at < 0 ? undefined : left.splice(at, 1)[0]?.[1];
  };
}

async function writeValues(page: string, kept: KeptForm, form: FoundForm): Promise<string> {
  const take = makeTaker(kept);
  const has = (name: string, value: string) =>
    kept.fields.some(([key, said]) => key === name && said === value);
  let [formIndex, detailsIndex] = [-1, -1];
  let chosen: string | undefined;
  const isHere = () => formIndex === form.index;
  const rewriter = new HTMLRewriter()
    .on("details", {
      element(element) {
        detailsIndex++;
        if (form.details.includes(detailsIndex)) element.setAttribute("open", "");
      },
    })
    .on("form", {
      element(element) {
        formIndex++;
        if (isHere()) element.prepend(`<p role="status">${SAID}</p>`, { html: true });
      },
    })
    .on("form input", {
      element(element) {
        const [name, type] = [read(element, "name"), read(element, "type") ?? "text"];
        if (!isHere() || name === null || WITHOUT_VALUE.has(type)) return;
        if (type === "checkbox" || type === "radio") {
          if (has(name, read(element, "value") ?? "on")) element.setAttribute("checked", "");
          else element.removeAttribute("checked");
          return;
        }
        const value = take(name);
        if (value !== undefined) element.setAttribute("value", write(value));
      },
    })
    .on("form textarea", {
      element(element) {
        const value = isHere() ? take(read(element, "name") ?? "") : undefined;
        // The first line end of a textarea's content is dropped by the parser.
        if (value !== undefined) element.setInnerContent(`\n${value}`);
      },
    })
    .on("form select", {
      element(element) {
        chosen = isHere() ? take(read(element, "name") ?? "") : undefined;
      },
    })
    .on("form select option", {
      element(element) {
        if (!isHere() || chosen === undefined) return;
        if (read(element, "value") === chosen) element.setAttribute("selected", "");
        else element.removeAttribute("selected");
      },
    });
  return rewriter.transform(new Response(page)).text();
}
