/** The gateway's side of the driver suite: hands orders to the programs in the sandboxes and awaits what came of them. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { json } from "node:stream/consumers";
import { z } from "zod";

const commandResult = z.object({
  status: z.number().nullable(),
  signal: z.string().nullable(),
  stdout: z.string(),
  stderr: z.string(),
  error: z.string().optional(),
});

type CommandResult = z.infer<typeof commandResult>;

type Order =
  | { id: number; command: string[]; isRunners: boolean }
  | { end: { exitCode: number; print: { text: string; times: number } } };

export class SuiteGateway {
  readonly #orders = new Map<string, Order[]>();
  readonly #waiting = new Map<string, ServerResponse>();
  readonly #results = new Map<string, (result: CommandResult) => void>();
  #lastId = 0;

  /** The sandboxes that have asked for an order so far. */
  get seen(): string[] {
    return [...new Set([...this.#waiting.keys(), ...this.#orders.keys()])];
  }

  readonly handler = (sandboxId: string, request: IncomingMessage, response: ServerResponse): void => {
    this.#answer(sandboxId, request, response).catch((error: unknown) => {
      response.statusCode = 500;
      response.end(JSON.stringify({ error: String(error) }));
    });
  };

  /** Runs the command in the sandbox as a step; never resolves when the sandbox ends before it does. */
  async run(sandboxId: string, ...command: string[]): Promise<CommandResult> {
    return await this.#order(sandboxId, command, false);
  }

  /** Runs the command as the runner program's own user. */
  async runAsRunner(sandboxId: string, ...command: string[]): Promise<CommandResult> {
    return await this.#order(sandboxId, command, true);
  }

  /** Runs a line of bash as the runner program's own user. */
  async bashAsRunner(sandboxId: string, script: string): Promise<CommandResult> {
    return await this.runAsRunner(sandboxId, "bash", "-c", script);
  }

  async #order(sandboxId: string, command: string[], isRunners: boolean): Promise<CommandResult> {
    this.#lastId += 1;
    const id = this.#lastId;
    const result = new Promise<CommandResult>((resolve) => this.#results.set(`${sandboxId} ${id}`, resolve));
    this.#give(sandboxId, { id, command, isRunners });
    return await result;
  }

  /** Runs a line of bash. */
  async bash(sandboxId: string, script: string): Promise<CommandResult> {
    return await this.run(sandboxId, "bash", "-c", script);
  }

  /** Runs JavaScript with the sandbox's own node. */
  async node(sandboxId: string, script: string): Promise<CommandResult> {
    return await this.run(sandboxId, "node", "-e", script);
  }

  /** Has the program itself end with the code after printing. */
  endProgram(sandboxId: string, exitCode: number, print = { text: "", times: 0 }): void {
    this.#give(sandboxId, { end: { exitCode, print } });
  }

  async #answer(sandboxId: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.url === "/next") {
      const order = this.#orders.get(sandboxId)?.shift();
      if (order === undefined) this.#waiting.set(sandboxId, response);
      else response.end(JSON.stringify(order));
      return;
    }
    if (request.url === "/whoami") {
      response.end(JSON.stringify({ sandboxId }));
      return;
    }
    const key = `${sandboxId} ${request.url?.replace("/result/", "")}`;
    this.#results.get(key)?.(commandResult.parse(await json(request)));
    this.#results.delete(key);
    response.end("{}");
  }

  #give(sandboxId: string, order: Order): void {
    const response = this.#waiting.get(sandboxId);
    this.#waiting.delete(sandboxId);
    if (response !== undefined) response.end(JSON.stringify(order));
    else this.#orders.set(sandboxId, [...(this.#orders.get(sandboxId) ?? []), order]);
  }
}
