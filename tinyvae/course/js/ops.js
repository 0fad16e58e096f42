/**
 * The stable scalar maths under everything else: no overflow, no log(0).
 *
 * `a` is a logit or a log-weight. Nothing here clips.
 */

/** 1 / (1 + e^-a); for a < 0 the same times e^a / e^a, so that e is never raised above 0. */
export function sigmoid(a) {
  const decay = Math.exp(-Math.abs(a));
  return (a >= 0 ? 1 : decay) / (1 + decay);
}

/** log(1 + e^a), as max(a, 0) + log(1 + e^-|a|): e is never raised above 0. */
export function softplus(a) {
  return Math.max(a, 0) + Math.log1p(Math.exp(-Math.abs(a)));
}

/** log sum_k e^(a_k) over the array a, with the largest a_k taken out first. */
export function logsumexp(a) {
  let top = -Infinity, total = 0;
  for (let k = 0; k < a.length; k++) top = Math.max(top, a[k]);
  if (top === -Infinity) return top; // the sum is 0
  for (let k = 0; k < a.length; k++) total += Math.exp(a[k] - top);
  return Math.log(total) + top;
}

/** log (1/K) sum_k e^(a_k) over an array of length K: the log of a mean of weights. */
export function logmeanexp(a) {
  return logsumexp(a) - Math.log(a.length);
}
