/**
 * A lint rule of our own: the engine gets a Clock passed in, so that tests can set it. `new Date(value)` is fine, it
 * only converts; asking the machine is not.
 */
interface Node {
  readonly type: string
  readonly name?: string
  readonly callee?: Node
  readonly object?: Node
  readonly property?: Node
  readonly arguments?: readonly Node[]
}

interface Context {
  report(problem: { node: Node; message: string }): void
}

const message = 'Take the time from the Clock that is passed in (src/lib/clock.ts), not from the machine.'

const noMachineClock = {
  meta: { type: 'problem' },
  create: (context: Context) => ({
    NewExpression(node: Node) {
      if (node.callee?.name === 'Date' && node.arguments?.length === 0) context.report({ node, message })
    },
    CallExpression(node: Node) {
      if (node.callee?.name === 'Date') context.report({ node, message })
    },
    MemberExpression(node: Node) {
      if (node.object?.name === 'Date' && node.property?.name === 'now') context.report({ node, message })
    },
  }),
}

export default { meta: { name: 'holdfast' }, rules: { 'no-machine-clock': noMachineClock } }
