// Walks a syntax tree once for what the rules look at.
import { type ESTree, Visitor } from "rolldown/utils";

type FunctionNode = ESTree.Function | ESTree.ArrowFunctionExpression;

type FoundNodes = {
  functions: { name: string; node: FunctionNode }[];
  strings: string[];
  dynamicImports: { request: string; start: number }[];
  /** The members used of each name: what an `import * as name` takes. `*` when the name is used as a whole. */
  membersOf: Map<string, Set<string>>;
};

export function collectNodes(program: ESTree.Program): FoundNodes {
  const found: FoundNodes = { functions: [], strings: [], dynamicImports: [], membersOf: new Map() };
  const names = new Map<ESTree.Node, string>();
  const asMember = new Set<ESTree.Node>();
  const addMember = (name: string, member: string): void => {
    const members = found.membersOf.get(name) ?? new Set();
    found.membersOf.set(name, members.add(member));
  };
  const addFunction = (node: FunctionNode): void => {
    if (isSuite(node)) return;
    const own = "id" in node && node.id ? node.id.name : undefined;
    found.functions.push({ name: own ?? names.get(node) ?? "a function", node });
  };
  const visitor = new Visitor({
    VariableDeclarator(node) {
      if (node.init && node.id.type === "Identifier") names.set(node.init, node.id.name);
    },
    MethodDefinition(node) {
      if ("name" in node.key) names.set(node.value, String(node.key.name));
    },
    Property(node) {
      if ("name" in node.key) names.set(node.value, String(node.key.name));
    },
    FunctionDeclaration: addFunction,
    FunctionExpression: addFunction,
    ArrowFunctionExpression: addFunction,
    Literal(node) {
      if (typeof node.value === "string") found.strings.push(node.value);
    },
    ImportExpression(node) {
      const { source, start } = node;
      if (source.type === "Literal" && typeof source.value === "string") {
        found.dynamicImports.push({ request: source.value, start });
      }
    },
    ImportNamespaceSpecifier(node) {
      asMember.add(node.local);
    },
    MemberExpression(node) {
      if (node.object.type !== "Identifier") return;
      asMember.add(node.object);
      addMember(node.object.name, !node.computed && "name" in node.property ? node.property.name : "*");
    },
    TSQualifiedName(node) {
      if (node.left.type !== "Identifier") return;
      asMember.add(node.left);
      addMember(node.left.name, node.right.name);
    },
    JSXMemberExpression(node) {
      if (node.object.type === "JSXIdentifier") addMember(node.object.name, node.property.name);
    },
    Identifier(node) {
      if (!asMember.has(node)) addMember(node.name, "*");
    },
  });
  visitor.visit(program);
  return found;
}

// A function that declares tests is a list of them, not something that must be understood as one.
function isSuite(node: FunctionNode): boolean {
  if (node.body?.type !== "BlockStatement") return false;
  return node.body.body.some(
    (statement) => statement.type === "ExpressionStatement" && declaresTests(statement.expression),
  );
}

function declaresTests(node: ESTree.Node): boolean {
  if (node.type === "CallExpression") return declaresTests(node.callee);
  if (node.type === "MemberExpression") return declaresTests(node.object);
  return node.type === "Identifier" && ["describe", "test", "it"].includes(node.name);
}
