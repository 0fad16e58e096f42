/** One vector, many names: all parameters of a model lie in one array, each a view of it. */

/**
 * A layer or a likelihood: it has named arrays, `params`, and their gradients, `grads`, which
 * become views of its model's once it is bound.
 */
export class Parametric {
  constructor(arrays = {}) {
    const zeros = Object.entries(arrays).map(([name, a]) => [name, new Float64Array(a.length)]);
    this.bind(arrays, Object.fromEntries(zeros));
  }

  /** Use these arrays (views of a model's one vector) from now on. */
  bind(params, grads) {
    Object.assign(this, { params, grads });
  }
}

/** { "prefix.name": array } of all `parts`, { prefix: part }; kind is "params" or "grads". */
export function named(parts, kind) {
  return Object.fromEntries(Object.entries(parts).flatMap(([prefix, part]) => (
    Object.entries(part[kind]).map(([name, array]) => [`${prefix}.${name}`, array])
  )));
}

/** Bind each of `parts` to its own of these arrays: those under its prefix. */
export function attach(parts, params, grads) {
  for (const [prefix, part] of Object.entries(parts)) {
    part.bind(under(prefix, params), under(prefix, grads));
  }
}

/** The entries of `arrays` whose names begin with "prefix.", without that beginning. */
function under(prefix, arrays) {
  const start = `${prefix}.`;
  const inside = Object.entries(arrays).filter(([name]) => name.startsWith(start));
  return Object.fromEntries(inside.map(([name, array]) => [name.slice(start.length), array]));
}

/**
 * Move the parameters of `parts` into one vector, and their gradients into another.
 *
 * Returns [params, grads]; each has a `vector`, and its `views` by name ("encoder.0.W", ...).
 * Each part is bound to its views of both, its values kept.
 */
export function pack(parts) {
  const arrays = named(parts, "params");
  const [params, grads] = [viewed(arrays), viewed(arrays)];
  for (const [name, array] of Object.entries(arrays)) params.views[name].set(array);
  attach(parts, params.views, grads.views);
  return [params, grads];
}

/** A vector of zeros with a view of it for each of `arrays`, in their order. */
function viewed(arrays) {
  const sizes = Object.values(arrays).map(array => array.length);
  const vector = new Float64Array(sizes.reduce((sum, size) => sum + size, 0)), views = {};
  let start = 0;
  for (const [name, { length }] of Object.entries(arrays)) {
    views[name] = vector.subarray(start, (start += length));
  }
  return { vector, views };
}
