// The forms of a page, as a browser without scripts would send them.

export interface Form {
  action: string;
  /** What each of its buttons sends: the fields as they stand in the page. */
  submissions: Record<string, string>[];
}

/** Every form of a page that changes something. @param path of the page, where a form without an action goes */
export function readForms(page: string, path: string): Form[] {
  return [...page.matchAll(/<form\b([^>]*)>(.*?)<\/form>/gs)]
    .filter(([, head = ""]) => /method="post"/i.test(head))
    .map(([, head = "", content = ""]) => {
      const fields = readFields(content);
      const buttons = [...content.matchAll(/<button\b([^>]*)>/g)].map(([, button = ""]) => button);
      const sent = buttons.filter((button) => !/type="button"/.test(button)).map(readButton);
      const action = readAttribute(head, "action") ?? path;
      return { action, submissions: (sent.length > 0 ? sent : [{}]).map((one) => ({ ...fields, ...one })) };
    });
}

function readFields(content: string): Record<string, string> {
  const fields: Record<string, string> = {};
  for (const [, input = ""] of content.matchAll(/<input\b([^>]*)>/g)) {
    const name = readAttribute(input, "name");
    const isOff = /type="(checkbox|radio)"/.test(input) && !/\schecked/.test(input);
    if (name !== undefined && !isOff) fields[name] = readAttribute(input, "value") ?? "";
  }
  for (const [, head = "", text = ""] of content.matchAll(/<textarea\b([^>]*)>(.*?)<\/textarea>/gs)) {
    fields[readAttribute(head, "name") ?? ""] = text;
  }
  for (const [, head = "", options = ""] of content.matchAll(/<select\b([^>]*)>(.*?)<\/select>/gs)) {
    const all = [...options.matchAll(/<option\b([^>]*)>/g)].map(([, option = ""]) => option);
    const chosen = all.find((option) => /\sselected/.test(option)) ?? all[0] ?? "";
    fields[readAttribute(head, "name") ?? ""] = readAttribute(chosen, "value") ?? "";
  }
  return fields;
}

function readButton(button: string): Record<string, string> {
  const name = readAttribute(button, "name");
  return name === undefined ? {} : { [name]: readAttribute(button, "value") ?? "" };
}

function readAttribute(tag: string, name: string): string | undefined {
  return new RegExp(`\\s${name}="([^"]*)"`).exec(tag)?.[1]?.replaceAll("&amp;", "&");
}
