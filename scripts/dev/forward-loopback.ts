// Makes the site answer on ::1 as well: some programs take `localhost` for the one loopback address, some for the
// other, and workerd listens on one.
import { connect, createServer } from "node:net";

const noIpv6 = ["EADDRNOTAVAIL", "EAFNOSUPPORT"];

/**
 * Forwards [::1]:port to 127.0.0.1:port until the returned function is called; does nothing on a machine without IPv6.
 * @throws when the port is taken.
 */
export async function forwardLoopback(port: number): Promise<() => void> {
  const server = createServer((from) => {
    const to = connect(port, "127.0.0.1");
    from.pipe(to).pipe(from);
    from.on("error", () => to.destroy());
    to.on("error", () => from.destroy());
  });
  try {
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen({ host: "::1", port, ipv6Only: true }, resolve);
    });
  } catch (error) {
    if (error instanceof Error && "code" in error && noIpv6.includes(String(error.code)))
      return () => undefined;
    throw error;
  }
  return () => server.close();
}
