/**
 * What a kernel's rule, or an operator's types, cannot express: said of a model, and so a reason to run it on another
 * backend. Any other error while a graph is built is a fault of the engine.
 */
export class UntraceableError extends TypeError {
  override readonly name = 'UntraceableError'
}
