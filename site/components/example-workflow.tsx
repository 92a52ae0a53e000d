// A workflow to begin with, shown where there is none yet.

const EXAMPLE = `on: push
jobs:
  test:
    steps:
      - name: Greet
        run: echo "Hello from $(uname -s)"
      - name: List the files
        run: ls -la
`;

export function ExampleWorkflow() {
  return (
    <>
      <p>
        Put this in <code>.plue/workflows/ci.yaml</code>, commit and push:
      </p>
      <pre class="text">{EXAMPLE}</pre>
    </>
  );
}
